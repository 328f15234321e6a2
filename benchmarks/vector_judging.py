"""Vectors one by one: one that cannot be judged is wrong and says why; the rest are judged."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

Vector = dict[str, Any]  # Any: JSON
Judged = tuple[str, bool]

# What a vector of another form was seen to raise.
UNFIT = (AttributeError, LookupError, OSError, OverflowError, RecursionError, TypeError, ValueError)
_LONGEST = 120


@dataclass(frozen=True, slots=True)
class Score:
    """How many vectors of a set were right; `wrong` names the others."""

    right: int
    of: int
    wrong: tuple[str, ...] = ()
    more: Mapping[str, float] = field(default_factory=dict)


def score(judged: Iterable[Judged]) -> Score:
    """The score of (name, right) pairs."""
    pairs = list(judged)
    wrong = tuple(name for name, right in pairs if not right)
    return Score(len(pairs) - len(wrong), len(pairs), wrong)


def unfit(error: Exception) -> str:
    """Why something cannot be judged, in one line."""
    said = " ".join(str(error).split()) or "no more is known"
    return f"another form: {type(error).__name__} {said[:_LONGEST]}"


def one_by_one(
    vectors: object, name: Callable[[Vector], str], right: Callable[[Vector], bool]
) -> Iterator[Judged]:
    """Every vector's name and whether it is right. Raises `TypeError` if there is no list."""
    if not isinstance(vectors, list):
        raise TypeError("a list was expected")
    for number, each in enumerate(vectors, 1):
        try:
            # A lone surrogate is legal JSON that no terminal takes.
            yield str(name(each)).encode("utf-8", "replace").decode(), right(each)
        except UNFIT as error:
            yield f"no. {number} has {unfit(error)}", False
