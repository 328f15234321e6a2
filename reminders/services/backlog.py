"""Who of those that waited goes when: the most urgent first, each before its hours close.

Pure: sizes and limits in, places out. A backlog leaves evenly over the time it is given; where
something would close or end before its turn, all before it leaves faster, as fast as providers
take it at the most. What cannot go in time even so gets the end of its time as its place: there
the brain says whether another hour is still of use to it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import accumulate
from typing import NamedTuple

# Half of what is left is for a retry and for the next channel.
_BY_HALF = 0.5
# What a claim, a gate and a call take, at the most; of little time a tenth.
_TO_SEND_S = 60.0
_TO_SEND_SHARE = 0.1


class Turn(NamedTuple):
    """The first `fits` of a group have places from `begins_s` until `ends_s`, evenly."""

    fits: int
    begins_s: float
    ends_s: float


def allot(
    groups: Sequence[tuple[int, float]], within_s: float, pace_per_s: float = math.inf
) -> list[Turn]:
    """A turn for each group of (how many, seconds until they must have gone), the nearest first.

    Evenly over `within_s`; faster where half of somebody's time would be over before that, never
    faster than `pace_per_s`. At that pace as many go in time as can.
    """
    softs = [min(ends_s * _BY_HALF, within_s) for _, ends_s in groups]
    sums = list(accumulate(count for count, _ in groups))
    # Groups of one goal share a candidate: there are no more of them than minutes in `within_s`.
    last = [at for at, soft in enumerate(softs) if at + 1 == len(softs) or softs[at + 1] > soft]
    turns: list[Turn] = []
    now_s, gone = 0.0, 0
    while len(turns) < len(groups):
        ahead = [at for at in last if at >= len(turns)]
        need, until = max((_needed(sums[at] - gone, softs[at] - now_s), at) for at in ahead)
        hurried = need > pace_per_s
        for count, ends_s in groups[len(turns) : until + 1]:
            rate = min(need, pace_per_s)
            fits = min(count, _fitting(ends_s, now_s, rate)) if hurried else count
            turns.append(Turn(fits, now_s, now_s + fits / rate if rate else now_s))
            now_s = turns[-1].ends_s
        gone = sums[len(turns) - 1]
    return turns


def _needed(count: int, left_s: float) -> float:
    if not count:
        return 0.0
    return count / left_s if left_s > 0 else math.inf


def _fitting(ends_s: float, now_s: float, rate: float) -> int:
    """How many can go until then."""
    left_s = _latest(ends_s) - now_s
    if left_s <= 0:
        return 0
    return math.floor(left_s * rate + 1e-6) if math.isfinite(rate) else 1 << 62


def _latest(ends_s: float) -> float:
    return ends_s - min(_TO_SEND_S, ends_s * _TO_SEND_SHARE)


@dataclass(slots=True)
class Place:
    """Where the members of one group go, one after the other."""

    count: int
    opens_at: datetime
    ends_at: datetime
    turn: Turn
    _given: int = 0

    def next(self) -> datetime:
        """The next member's place, in whole seconds. More than there should be start anew: a
        transaction may be done again."""
        nth, self._given = self._given % self.count, self._given + 1
        if nth >= self.turn.fits:
            return self.ends_at
        length = (self.turn.ends_s - self.turn.begins_s) * nth / self.turn.fits
        return self.opens_at + timedelta(seconds=math.floor(self.turn.begins_s + length))
