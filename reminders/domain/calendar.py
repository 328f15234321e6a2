"""Local dates and hours as instants, through daylight saving and to the end of the calendar."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from reminders.domain.policy import QuietHours
from reminders.domain.wall import wall


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
        return day + timedelta(days=days)
    except OverflowError:
        return None


def local_day(now: datetime, zone: str) -> date:
    """The date on the wall in `zone` at `now`; its date in UTC where the calendar ends."""
    return wall(now, zone).date()


def allowed_from(now: datetime, zone: str, quiet: QuietHours) -> datetime:
    """`now` if it lies outside the quiet hours of `zone`, else the instant at which they end.

    The end may occur twice or not at all on the day of a clock change: the first occurrence that
    is ahead and not itself quiet counts. `now` where the calendar ends.
    """
    if not _quiet_on(now, zone, quiet):
        return now
    today = local_day(now, zone)
    for days in range(_DAYS_OF_SEARCH):
        day = shift(today, days)
        for fold in (0, 1):
            opens = instant(day, quiet.end, zone, fold) if day is not None else None
            if opens is not None and opens > now and not _quiet_on(opens, zone, quiet):
                return opens
    return now


# Tonight, or tomorrow, or the day after where a clock change swallows the end of the night.
_DAYS_OF_SEARCH = 4


def _quiet_on(now: datetime, zone: str, quiet: QuietHours) -> bool:
    return _quiet_at(now.astimezone(ZoneInfo(zone)).time(), quiet)


def _quiet_at(wall: time, quiet: QuietHours) -> bool:
    if quiet.start == quiet.end:
        return False
    if quiet.start < quiet.end:
        return quiet.start <= wall < quiet.end
    return wall >= quiet.start or wall < quiet.end
