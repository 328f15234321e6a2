"""Where a stage goes when its nominal hour is closed: deadlines are solved backwards."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from reminders.domain.hours import Hours, is_open, last_open, opens_at

USEFUL = timedelta(hours=1)
"""What must be left of a stage's use for a later hour to be worth waiting for."""


@dataclass(frozen=True, slots=True)
class Placed:
    """The open instant of a stage, and which way it was moved: "", "later" or "earlier"."""

    at: datetime
    moved: str


def place(
    nominal_at: datetime,
    ends_at: datetime,
    not_before: datetime,
    hours: Hours,
    zones: Sequence[str],
    useful: timedelta = USEFUL,
) -> Placed | None:
    """An instant before `ends_at` that is open in every zone, or None: that is to be flagged.

    The nominal hour if it is open; else the next opening that leaves `useful` of the stage; else
    the last opening in [`not_before`, `nominal_at`), half an hour before it closes where it is as
    long as that; else the next opening, whatever it leaves. A function of its arguments alone.
    """
    if nominal_at >= ends_at:
        return None
    if is_open(hours, zones, nominal_at):
        return Placed(nominal_at, "")
    later = opens_at(hours, zones, nominal_at)
    if later is not None and later < ends_at and ends_at - later >= useful:
        return Placed(later, "later")
    earlier = _before_closing(hours, zones, nominal_at, not_before)
    if earlier is not None:
        return Placed(earlier, "earlier")
    if later is not None and later < ends_at:
        return Placed(later, "later")
    return None


_MINUTE = timedelta(minutes=1)
_MARGIN = 30  # whole minutes that stay open: a send at the last one would fail at a first retry


def _before_closing(
    hours: Hours, zones: Sequence[str], before: datetime, not_before: datetime
) -> datetime | None:
    """The latest minute from which it stays open for `_MARGIN`, else the start of the last
    opening, else None where there is no opening."""
    fallback: datetime | None = None
    last = last_open(hours, zones, before, not_before)
    while last is not None:
        first, length = last, 1
        while length < _MARGIN and first - not_before >= _MINUTE:
            if not is_open(hours, zones, first - _MINUTE):
                break
            first, length = first - _MINUTE, length + 1
        if length == _MARGIN:
            return first
        fallback = fallback or first
        last = last_open(hours, zones, first, not_before)
    return fallback
