"""Lines of a story on standard output: coloured on a terminal, plain text anywhere else."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Sequence

Line = list[tuple[str, str]]
"""Parts as (text, style)."""

# ECMA-48, as every terminal has them. Of a style such as "bold cyan" each word counts.
_CODES = {
    "bold": "1",
    "dim": "2",
    "red": "31",
    "green": "32",
    "yellow": "33",
    "blue": "34",
    "magenta": "35",
    "cyan": "36",
}
_NARROWEST = 20  # columns of text, however narrow the terminal and deep the line
_WIDE = "WF"  # East Asian letters that take two columns


def whole(text: str, style: str = "") -> Line:
    """A line of one part."""
    return [(text, style)]


def print_text(text: str) -> None:
    """Print, so that whoever reads no further is met here and not at the end of the process."""
    print(text, flush=True)  # noqa: T201  (what a command is for)


def say(stories: Iterable[Iterable[Line]]) -> None:
    """Print stories with an empty line between two of them."""
    coloured = sys.stdout.isatty()
    for number, story in enumerate(stories):
        lines = [*([whole("")] if number else []), *story]
        if coloured:
            _in_colour(lines)
        else:
            print_text("\n".join("".join(text for text, _ in line) for line in lines))


def _in_colour(lines: Sequence[Line]) -> None:
    """The library for colours takes longer to import than the console to tell a story: only where
    a line must be wrapped, or the terminal is no ordinary one, it is worth that."""
    import shutil

    columns = shutil.get_terminal_size().columns
    ordinary = os.name == "posix" and os.environ.get("TERM", "dumb") != "dumb"
    if ordinary and "NO_COLOR" not in os.environ and all(_fits(line, columns) for line in lines):
        print_text("\n".join("".join(_dyed(*part) for part in line) for line in lines))
        return
    from rich.console import Console
    from rich.text import Text

    out = Console(highlight=False, markup=False)
    for line in lines:
        text = Text.assemble(*line)
        inner = len(text.plain) - len(text.plain.lstrip())
        rows = text[inner:].wrap(out, max(_NARROWEST, out.width - inner)) or [text]
        out.print(*(Text(" " * inner) + row for row in rows), sep="\n")


def _fits(line: Line, columns: int) -> bool:
    """Whether it stands in one row, and has nothing that moves the cursor."""
    text = "".join(text for text, _ in line)
    if not text.isprintable():
        return False
    if text.isascii():
        return len(text) <= columns
    from unicodedata import east_asian_width

    return len(text) + sum(east_asian_width(letter) in _WIDE for letter in text) <= columns


def _dyed(text: str, style: str) -> str:
    codes = ";".join(_CODES[word] for word in style.split())
    return f"\x1b[{codes}m{text}\x1b[0m" if codes and text else text
