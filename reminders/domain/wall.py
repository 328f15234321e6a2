"""The wall clock of a zone."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo


def wall(now: datetime, zone: str) -> datetime:
    """The wall clock in `zone`, to be read and not to be reckoned with; that of UTC where the
    calendar ends."""
    offset = _offset(zone, now.date()) if now.tzinfo is UTC else None
    try:
        return now.astimezone(ZoneInfo(zone)) if offset is None else now + offset
    except OverflowError:
        return now.astimezone(UTC)


@lru_cache(maxsize=65_536)
def _offset(zone: str, day: date) -> timedelta | None:
    """The zone's distance from UTC on a day of UTC on which it stays the same; else None.

    Asking the zone itself costs three times as much, and every decision asks. No zone changes its
    clocks twice within a day.
    """
    begins = datetime.combine(day, time(), UTC)
    try:
        ends = begins + timedelta(days=1)
        first, last = (each.astimezone(ZoneInfo(zone)).utcoffset() for each in (begins, ends))
    except OverflowError:
        return None
    return first if first == last else None
