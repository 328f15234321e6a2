"""Runs the command line; what was mistyped in it is told in one line, with exit code 2.

The library would draw a box of five lines, in its own words and those of the library below it.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, cast

import typer
from typer.main import get_command

if TYPE_CHECKING:
    from typer._click.exceptions import ClickException

# Every mistake in a command line; the library has no public name for it.
_MISTAKE = cast("type[ClickException]", typer.BadParameter.__mro__[2])
_NOTHING_ASKED = "NoArgsIsHelpError"  # its help is shown by then
# What the library below says, and what a person reads.
_WORDS = (
    ("Input should be a valid integer, unable to parse string as an integer", "no whole number"),
    ("Input should be ", "it must be "),
    ("Value error, ", ""),
)


def run(app: typer.Typer) -> None:
    """Run and exit. What fails otherwise than by a mistyped line is raised."""
    try:
        code = get_command(app).main(prog_name="reminders", standalone_mode=False)
    except _MISTAKE as mistake:
        if type(mistake).__name__ != _NOTHING_ASKED:
            sys.stdout.flush()
            sys.stderr.write(f"error: {told(mistake)}\n")
        sys.exit(2)
    except typer.Abort:
        sys.exit("aborted")
    sys.exit(code)


def told(mistake: ClickException) -> str:
    """What is wrong, and which help says how it is right."""
    said = " ".join(mistake.format_message().split()).rstrip(".")
    for theirs, ours in _WORDS:
        said = said.replace(theirs, ours)
    said = said[:1].lower() + said[1:]
    context = getattr(mistake, "ctx", None)
    return said if context is None else f"{said} (see `{context.command_path} --help`)"
