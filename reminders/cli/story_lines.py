"""Lines of a story on standard output: coloured on a terminal, plain text anywhere else."""

from __future__ import annotations

import sys
from collections.abc import Iterable

import typer

Line = list[tuple[str, str]]
"""Parts as (text, style)."""


def whole(text: str, style: str = "") -> Line:
    """A line of one part."""
    return [(text, style)]


def say(stories: Iterable[Iterable[Line]]) -> None:
    """Print stories with an empty line between two of them.

    Only a terminal needs the library for colours, and it takes long to import.
    """
    coloured = sys.stdout.isatty()
    for number, story in enumerate(stories):
        lines = [*([whole("")] if number else []), *story]
        if coloured:
            _in_colour(lines)
        else:
            typer.echo("\n".join("".join(text for text, _ in line) for line in lines))


def _in_colour(lines: Iterable[Line]) -> None:
    from rich.console import Console
    from rich.text import Text

    out = Console(highlight=False, markup=False)
    for line in lines:
        out.print(Text.assemble(*line))
