"""Python lists as PostgreSQL array literals, written in one go.

psycopg's own list dumper looks up a dumper for each element, which was an eighth of all CPU of a
bulk write. Every array of ours is cast in its statement (`CAST(:ids AS bigint[])`), so that the
literal may leave its type open.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Any
from uuid import UUID

from psycopg.abc import AdaptContext
from psycopg.adapt import Dumper

_Encode = Callable[[Any], str]  # Any: an element has the type of its column


def _quoted(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _bytes(value: bytes) -> str:
    return f'"\\\\x{value.hex()}"'


def _boolean(value: bool) -> str:
    return "t" if value else "f"


_ENCODERS: dict[type, _Encode] = {
    int: str,
    float: repr,
    bool: _boolean,
    UUID: str,
    bytes: _bytes,
    datetime: datetime.isoformat,
    date: date.isoformat,
    str: _quoted,
}


def literal(values: list[Any]) -> str:  # Any: see _Encode
    """`{1,2,NULL}`: elements of one type, and None. Raises `TypeError` for any other type."""
    first = next((value for value in values if value is not None), "")
    encode = _ENCODERS.get(type(first))
    if encode is None:
        if not isinstance(first, str):  # a StrEnum is one
            raise TypeError(f"no array of {type(first).__name__}")
        encode = _quoted
    if None in values:
        return f"{{{','.join('NULL' if value is None else encode(value) for value in values)}}}"
    return f"{{{','.join(map(encode, values))}}}"


class ArrayDumper(Dumper):
    """Dumps lists by `literal`, as text of an unknown type."""

    oid = 0

    def dump(self, obj: list[Any]) -> bytes:  # Any: see _Encode
        return literal(obj).encode()


def register(context: AdaptContext) -> None:
    """Dump lists this way on one connection."""
    context.adapters.register_dumper(list, ArrayDumper)
