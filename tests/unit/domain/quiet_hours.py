"""Quiet hours worked out another way than the rules do: what tests set beside them."""

from __future__ import annotations

from datetime import datetime, time
from zoneinfo import ZoneInfo

from reminders.domain.calendar import instant, local_day, shift
from reminders.domain.policy import QuietHours


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
