"""Tables that lose no letter on a narrow terminal: what a command is to be given can be copied."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console, ConsoleOptions, RenderResult
from rich.measure import Measurement
from rich.table import Table

_ANY_WIDTH = 10_000


class Rows:
    """A row a line where there is room; else cells wrap, and the last one of a row, where it is an
    id that our own commands take, stands in one piece below the first."""

    def __init__(self, *names: str, ids: bool = False) -> None:
        self._names = names
        self._ids = ids
        self._rows: list[Sequence[str]] = []

    @property
    def row_count(self) -> int:
        return len(self._rows)

    def add_row(self, *cells: str) -> None:
        self._rows.append(cells)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        wide = self._table(self._names, self._rows)
        room = options.max_width
        needs = Measurement.get(console, options.update(max_width=_ANY_WIDTH), wide).maximum
        if not self._ids or needs <= room:
            yield wide
            return
        narrow = self._table(_below(self._names), [_below(row) for row in self._rows])
        narrow.columns[0].no_wrap = True
        yield narrow

    @staticmethod
    def _table(names: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
        made = Table(box=None)
        for name in names:
            made.add_column(name, overflow="fold")
        for row in rows:
            made.add_row(*row)
        return made


def _below(cells: Sequence[str]) -> Sequence[str]:
    first, *others, last = cells
    return (f"{first}\n{last}", *others)
