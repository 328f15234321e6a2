"""The time of day at which a customer is best written to, learned from what they did (S3.14).

Reading, following a link, answering and paying are looked at in the customer's own wall time.
Each counts less the longer ago it was, and also for the minutes around it: the best quarter of an
hour is the one with most of that weight nearby. Few signs say nothing.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from reminders.domain.calendar import instant
from reminders.domain.hours import Hours, is_open

# What each act says of the hour: to pay is what the message is for.
WEIGHTS: Final = {"read": 1.0, "acted": 2.0, "paid": 3.0}
HALF_LIFE_DAYS: Final = 60.0
LEARNED_FROM: Final = timedelta(days=365)  # acts of the last year say at which hour to write
ENOUGH: Final = 3.0  # weight below which nothing is said
_STEP: Final = 15  # minutes
_DAY: Final = 24 * 60
_SPREAD: Final = 45.0  # minutes around an act for which it still speaks (one sigma)


def best_time(seen: Iterable[tuple[str, datetime]], zone: str, now: datetime) -> time | None:
    """The local time of day at which this customer acts most, on the quarter of an hour; None
    where too little is known at `now`. `seen`: (kind, instant) in any order."""
    weights = [0.0] * (_DAY // _STEP)
    known = 0.0
    local = ZoneInfo(zone)
    for kind, at in seen:
        age_days = (now - at).total_seconds() / 86_400
        if age_days < 0:
            continue
        weight = WEIGHTS.get(kind, 0.0) * 0.5 ** (age_days / HALF_LIFE_DAYS)
        known += weight
        here = at.astimezone(local)
        minute = here.hour * 60 + here.minute
        for index, share in enumerate(_around(minute // _STEP)):
            weights[index] += weight * share
    if known < ENOUGH:
        return None
    best = max(range(len(weights)), key=lambda index: (weights[index], -index))
    return time(best * _STEP // 60, best * _STEP % 60)


def first_usable(
    wishes: Iterable[tuple[str, time | None]],
    day: date,
    zones: Sequence[str],
    hours: Hours,
    before: datetime,
) -> tuple[str, datetime] | None:
    """The first of these local times of `day` that the law allows and that is not after `before`,
    with whose it is; None where none is. `zones`: the customer's, their own first.

    A wish that cannot be kept gives way to the next one: to be written to at night is no reason to
    be written to at no hour in particular. A clock change moves a skipped time past the gap.
    """
    for whose, at in wishes:
        moment = None if at is None else instant(day, at, zones[0])
        if moment is not None and moment <= before and is_open(hours, zones, moment):
            return whose, moment
    return None


@lru_cache(maxsize=_DAY // _STEP)
def _around(index: int) -> Sequence[float]:
    """How much an act in one quarter of an hour says of each: a bell over a round clock."""
    found = []
    for other in range(_DAY // _STEP):
        apart = abs(other - index) * _STEP
        apart = min(apart, _DAY - apart)
        found.append(math.exp(-((apart / _SPREAD) ** 2) / 2))
    return tuple(found)
