"""The `reminders` command."""

from __future__ import annotations

import sys


def run() -> None:
    """Run the command; a failure is one line and an exit code, never a traceback."""
    from reminders.cli.plain import ran

    try:
        if not ran(sys.argv[1:]):
            from reminders.cli import usage  # takes longer to import than a story to tell
            from reminders.cli.commands import app

            usage.run(app)
    except Exception as error:
        from reminders.cli import failures  # the libraries whose errors it knows are many

        said = failures.told(error)
        if said is None:
            raise
        line, code = said
        sys.stdout.flush()
        sys.stderr.write(f"error: {line}\n")
        sys.exit(code)


if __name__ == "__main__":
    run()
