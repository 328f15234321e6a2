"""How something stood, as fact after fact was fenced; asked by machine or by business time."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from datetime import datetime
from typing import Generic, TypeVar

StateT = TypeVar("StateT")


class Timeline(Generic[StateT]):
    """States in the order of their fence. Business time never goes back while facts come in."""

    __slots__ = ("_ats", "_fenced", "_states")

    def __init__(self) -> None:
        self._fenced: list[float] = []
        self._ats: list[datetime] = []
        self._states: list[StateT] = []

    def add(self, fenced: float, at: datetime, state: StateT) -> None:
        if not self._states or self._states[-1] != state:
            self._fenced.append(fenced)
            self._ats.append(at)
            self._states.append(state)

    def states(self) -> list[StateT]:
        return self._states

    def moments(self) -> Iterator[tuple[float, datetime, StateT]]:
        """Each state with its fence and the business instant of that."""
        return zip(self._fenced, self._ats, self._states, strict=True)

    def around(self, after: float, until: float) -> list[StateT]:
        """The state fenced by unix time `after`, if any, and every one fenced by `until`."""
        first = bisect_right(self._fenced, after) - 1
        return self._states[max(0, first) : bisect_right(self._fenced, until)]

    def during(self, start: datetime, end: datetime) -> list[StateT]:
        """The state before business instant `start` and every one until `end`.

        Empty if nothing was known before `start`: at the same instant either may have been first.
        """
        first = bisect_left(self._ats, start) - 1
        if first < 0:
            return []
        return self._states[first : bisect_right(self._ats, end)]
