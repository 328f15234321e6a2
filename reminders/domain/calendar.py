"""Local dates and hours as instants, through daylight saving and to the end of the calendar."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from reminders.domain.policy import QuietHours


@lru_cache(maxsize=65_536)
def instant(day: date, at: time, zone: str) -> datetime | None:
    """Local wall time as an aware UTC instant, or None where the calendar ends (year 1 or 9999).

    A time that a clock change skips is moved past the gap; one that occurs twice is the first.
    """
    try:
        return datetime.combine(day, at, ZoneInfo(zone)).astimezone(UTC)
    except OverflowError:
        return None


def shift(day: date, days: int) -> date | None:
    """`day` + `days`, or None beyond the calendar."""
    try:
        return day + timedelta(days=days)
    except OverflowError:
        return None


def local_day(now: datetime, zone: str) -> date:
    """The date on the wall in `zone` at `now`."""
    return now.astimezone(ZoneInfo(zone)).date()


def allowed_from(now: datetime, zone: str, quiet: QuietHours) -> datetime:
    """`now` if it lies outside the quiet hours of `zone`, else the instant at which they end."""
    local = now.astimezone(ZoneInfo(zone))
    if not _quiet_at(local.time(), quiet):
        return now
    day = local.date()
    if local.time() >= quiet.end:
        day += timedelta(days=1)
    opens = instant(day, quiet.end, zone)
    return opens if opens is not None and opens > now else now


def _quiet_at(wall: time, quiet: QuietHours) -> bool:
    if quiet.start == quiet.end:
        return False
    if quiet.start < quiet.end:
        return quiet.start <= wall < quiet.end
    return wall >= quiet.start or wall < quiet.end
