"""Local dates and hours as instants, through daylight saving and to the end of the calendar."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from reminders.domain.wall import wall

_MOST = 366
# Made once: making one costs more than adding it. A year either way.
_SPANS = tuple(map(timedelta, range(-_MOST, _MOST + 1)))


@lru_cache(maxsize=65_536)
def instant(day: date, at: time, zone: str, fold: int = 0) -> datetime | None:
    """Local wall time as an aware UTC instant, or None where the calendar ends (year 1 or 9999).

    A time that a clock change skips is moved past the gap; one that occurs twice is the first, or
    with `fold` 1 the second. (An argument of its own: times that differ in fold compare equal.)
    """
    try:
        return datetime.combine(day, at.replace(fold=fold), ZoneInfo(zone)).astimezone(UTC)
    except OverflowError:
        return None


def shift(day: date, days: int) -> date | None:
    """`day` + `days`, or None beyond the calendar."""
    try:
        return day + (_SPANS[days + _MOST] if -_MOST <= days <= _MOST else timedelta(days))
    except OverflowError:
        return None


def local_day(now: datetime, zone: str) -> date:
    """The date on the wall in `zone` at `now`; its date in UTC where the calendar ends."""
    return wall(now, zone).date()
