"""What a compiled record has of a dataclass beside `__init__`: seldom asked, so not compiled."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import field, fields, make_dataclass
from operator import attrgetter
from typing import Any

# By class: what makes the tuple of the fields that compare. A record is any class (Any).
_COMPARED: dict[type[Any], Callable[[Any], object]] = {}


def described(
    cls: type[Any], told: Sequence[tuple[str, bool, bool, bool]], *, hashed: bool
) -> None:
    """Make `dataclasses`, `pickle` and `repr` take a compiled record for a dataclass.

    `told`: each field's name, and whether `__init__`, `repr` and comparisons have it.
    """
    made = make_dataclass(
        cls.__name__,
        [
            (name, object, field(init=init, repr=shown, compare=compared, default=None))
            for name, init, shown, compared in told
        ],
    )
    given = tuple([name for name, init, _, _ in told if init])
    values = _values(given)
    _COMPARED[cls] = _values([name for name, _, _, compared in told if compared])
    has: dict[str, object] = {
        "__dataclass_fields__": vars(made)["__dataclass_fields__"],
        "__match_args__": given,
        "__repr__": _shown,
        "__reduce__": lambda record: (cls, values(record)),
    }
    if hashed:
        has["__hash__"] = _hash
    for name, each in has.items():
        setattr(cls, name, each)


def equal(record: Any, other: object) -> bool:  # Any: a record
    """As dataclasses compare: the same class, and the same values."""
    if type(record) is not type(other):
        return False
    compared = _COMPARED[type(record)]
    return compared(record) == compared(other)


def before(record: Any, other: Any) -> bool:  # Any: records of one class that has an order
    """The order of their values."""
    compared: Callable[[Any], Any] = _COMPARED[type(record)]
    return bool(compared(record) < compared(other))


def _values(names: Sequence[str]) -> Callable[[Any], tuple[object, ...]]:
    if len(names) > 1:
        return attrgetter(*names)
    return lambda record: tuple([getattr(record, name) for name in names])


def _hash(record: Any) -> int:
    return hash(_COMPARED[type(record)](record))


def _shown(record: Any) -> str:
    """Without what must not be shown."""
    told = [f"{each.name}={getattr(record, each.name)!r}" for each in fields(record) if each.repr]
    return f"{type(record).__name__}({', '.join(told)})"
