"""`python -m reminders.compiled build`: the library that fits the sources, if it can be made."""

from __future__ import annotations

import sys

from reminders.compiled.build import Busy, NotBuilt, build
from reminders.compiled.modules import BUILT, MANIFEST, fitting


def main() -> int:
    """0 even where it cannot be built: nothing needs it. The reason is said once for a state."""
    if sys.argv[1:] != ["build"]:
        sys.stderr.write("usage: python -m reminders.compiled build\n")
        return 2
    wanted = fitting()
    told = BUILT / f"{wanted.name}.reason"
    if (wanted / MANIFEST).exists() or told.exists():
        return 0
    sys.stderr.write("setup: compiling the domain (a minute or two)\n")
    try:
        build()
    except Busy as error:
        sys.stderr.write(f"setup: {error}\n")
    except OSError as error:  # a full disk: it is tried again
        sys.stderr.write(f"setup: not compiled, everything runs without it: {error}\n")
    except NotBuilt as error:
        sys.stderr.write(f"setup: not compiled, everything runs without it: {error}\n")
        told.write_text(f"{error}\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
