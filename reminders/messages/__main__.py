"""`python -m reminders.messages FOLDER [--stamp]`: lint a folder of templates, or stamp it."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from reminders.messages.errors import TemplateError
from reminders.messages.lint import lint, stamp


def main(arguments: list[str]) -> int:
    """0 when the templates may be used, 1 when lint finds something."""
    parser = argparse.ArgumentParser(prog="python -m reminders.messages", description=__doc__)
    parser.add_argument("folder", type=Path, help="where the templates lie")
    parser.add_argument("--stamp", action="store_true", help="raise versions of changed messages")
    given = parser.parse_args(arguments)
    try:
        changed = stamp(given.folder) if given.stamp else []
    except TemplateError as error:
        sys.stdout.write(f"{error}\n")
        return 1
    for name in changed:
        sys.stdout.write(f"stamped {name}\n")
    found = lint(given.folder)
    for line in found:
        sys.stdout.write(f"{line}\n")
    return 1 if found else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
