"""Bulk writes: one `INSERT … SELECT unnest(arrays)` per table and batch, as fast as COPY."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, text

Row = tuple[Any, ...]


class Bulk:
    """One table's bulk insert. `columns` maps names to PostgreSQL types, in the order of the rows.

    A column that is itself an array is given as its literal (`arrays.literal`).
    `conflict` is what follows ON CONFLICT; `returning` names the columns handed back.
    """

    def __init__(
        self,
        table: str,
        columns: Mapping[str, str],
        conflict: str = "",
        returning: str = "",
    ) -> None:
        self._names = tuple(columns)
        arrays = ", ".join(
            f"CAST(:{name} AS {'text' if kind.endswith('[]') else kind}[])"
            for name, kind in columns.items()
        )
        names = ", ".join(columns)
        cast = ", ".join(
            f"CAST(v.{name} AS {kind})" if kind.endswith("[]") else f"v.{name}"
            for name, kind in columns.items()
        )
        statement = f"INSERT INTO {table} ({names}) SELECT {cast} "
        statement += f"FROM unnest({arrays}) AS v ({names})"
        if conflict:
            statement += f" ON CONFLICT {conflict}"
        if returning:
            statement += f" RETURNING {returning}"
        self._statement = text(statement)
        self._returning = bool(returning)

    def insert(self, connection: Connection, rows: Sequence[Row]) -> list[Row]:
        """Insert the rows; returns what `returning` asks, else nothing."""
        if not rows:
            return []
        columns = zip(*rows, strict=True)
        values = {name: list(column) for name, column in zip(self._names, columns, strict=True)}
        result = connection.execute(self._statement, values)
        return [tuple(row) for row in result.all()] if self._returning else []
