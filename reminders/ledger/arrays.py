"""Python lists as PostgreSQL array literals, written in one go.

psycopg's own list dumper looks up a dumper for each element, which was an eighth of all CPU of a
bulk write. Every array of ours is cast in its statement (`CAST(:ids AS bigint[])`), so that the
literal may leave its type open.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date, datetime
from typing import Any
from uuid import UUID

from psycopg.abc import AdaptContext
from psycopg.adapt import Dumper

_Encode = Callable[[Any], str]  # Any: an element has the type of its column
_EncodeAll = Callable[[list[Any]], str]  # the elements between the braces; none is None


def _quoted(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _bytes(value: bytes) -> str:
    return f'"\\\\x{value.hex()}"'


def _boolean(value: bool) -> str:
    return "t" if value else "f"


def _uuid(value: UUID) -> str:
    return f"{value.int:032x}"


_ENCODERS: dict[type, _Encode] = {
    int: str,
    float: repr,
    bool: _boolean,
    UUID: _uuid,
    bytes: _bytes,
    datetime: datetime.isoformat,
    date: date.isoformat,
}


def _texts(values: list[str]) -> str:
    """All of them in one go, where none has a character that must be escaped: nearly always."""
    body = '","'.join(values)
    if "\\" in body or body.count('"') != 2 * (len(values) - 1):
        return ",".join(map(_quoted, values))
    return f'"{body}"'


def _uuids(values: list[UUID]) -> str:
    return ",".join([f"{value.int:032x}" for value in values])


def _instants(values: list[datetime]) -> str:
    """Most columns of instants hold one alone, that of the batch."""
    first = values[0]
    if values[-1] == first and values.count(first) == len(values):
        return ",".join([first.isoformat()] * len(values))
    return ",".join(map(datetime.isoformat, values))


_ALL_AT_ONCE: dict[type, _EncodeAll] = {UUID: _uuids, datetime: _instants}


def literal(values: list[Any]) -> str:  # Any: see _Encode
    """`{1,2,NULL}`: elements of one type, and None. Raises `TypeError` for any other type."""
    kinds = set(map(type, values))
    if not kinds:
        return "{}"
    if all(issubclass(kind, str) for kind in kinds):  # a StrEnum is one
        return f"{{{_texts(values)}}}"
    together = _ALL_AT_ONCE.get(*kinds) if len(kinds) == 1 else None
    if together is not None:
        return f"{{{together(values)}}}"
    return f"{{{','.join(_one_by_one(values, nulls=type(None) in kinds))}}}"


def _one_by_one(values: list[Any], *, nulls: bool) -> Iterable[str]:  # Any: see _Encode
    first = next((value for value in values if value is not None), "")
    encode = _quoted if isinstance(first, str) else _ENCODERS.get(type(first))
    if encode is None:
        raise TypeError(f"no array of {type(first).__name__}")
    if not nulls:
        return map(encode, values)
    return ["NULL" if value is None else encode(value) for value in values]


class ArrayDumper(Dumper):
    """Dumps lists by `literal`, as text of an unknown type."""

    oid = 0

    def dump(self, obj: list[Any]) -> bytes:  # Any: see _Encode
        return literal(obj).encode()


def register(context: AdaptContext) -> None:
    """Dump lists this way on one connection."""
    context.adapters.register_dumper(list, ArrayDumper)
