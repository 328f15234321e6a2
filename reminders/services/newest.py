"""The newest statement of each fact in a batch, so that the order within it leaves no trace."""

from __future__ import annotations

from typing import Any

Key = tuple[Any, ...]  # Any: a table's key has the types of its columns


class Newest:
    """Rows of one table, one per key: the one with the highest (or lowest) rank."""

    def __init__(self, *, lowest: bool = False) -> None:
        self._rows: dict[Key, tuple[Any, tuple[Any, ...]]] = {}
        self._lowest = lowest

    def add(self, key: Key, rank: Any, rest: tuple[Any, ...]) -> None:  # Any: see Key
        held = self._rows.get(key)
        if held is None or (rank < held[0] if self._lowest else rank > held[0]):
            self._rows[key] = (rank, rest)

    def rows(self) -> list[Key]:
        """Full rows in order of their key: the order in which they are locked."""
        return [(*key, *rest) for key, (_, rest) in sorted(self._rows.items())]

    def customers(self) -> set[int]:
        """Whose rows they are: every key is led by the customer."""
        return {key[0] for key in self._rows}
