"""The wall clock of a zone."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from reminders.domain.record import record

_UTC: Final = UTC  # compiled, a constant: an imported name is looked up each time
_DAY = timedelta(days=1)


@record
class _Stretch:
    """[`from_at`, `until_at`), aware UTC, in which a zone keeps its distance from UTC."""

    from_at: datetime
    until_at: datetime
    offset: timedelta


_NEVER = _Stretch(datetime.max.replace(tzinfo=UTC), datetime.min.replace(tzinfo=UTC), timedelta())
_LAST: dict[str, _Stretch] = {}  # by zone, that of the month asked for last


def wall(now: datetime, zone: str) -> datetime:
    """The wall clock in `zone`, to be read and not to be reckoned with; that of UTC where the
    calendar ends."""
    if now.tzinfo is not _UTC:
        return _asked(now, zone)
    last = _LAST.get(zone, _NEVER)
    if not last.from_at <= now < last.until_at:
        last = _month(zone, now.year, now.month)
        if last is _NEVER:  # the clocks change in this month
            offset = _offset(zone, now.date())
            return _asked(now, zone) if offset is None else now + offset
        _LAST[zone] = last
    return now + last.offset


def _asked(now: datetime, zone: str) -> datetime:
    """As the zone itself says."""
    try:
        return now.astimezone(ZoneInfo(zone))
    except OverflowError:
        return now.astimezone(UTC)


@lru_cache(maxsize=65_536)
def _month(zone: str, year: int, month: int) -> _Stretch:
    """A month of UTC in which the zone keeps its distance from UTC; else `_NEVER`.

    Asking the zone itself costs many times as much, and every decision asks. Every day is looked
    at: clocks may change and change back within a month.
    """
    begins = at = datetime(year, month, 1, tzinfo=UTC)
    asked = ZoneInfo(zone)
    try:
        offset = begins.astimezone(asked).utcoffset()
        while at.month == month:
            at += _DAY
            if at.astimezone(asked).utcoffset() != offset:
                return _NEVER
    except OverflowError:  # where the calendar ends
        return _NEVER
    return _NEVER if offset is None else _Stretch(begins, at, offset)


@lru_cache(maxsize=65_536)
def _offset(zone: str, day: date) -> timedelta | None:
    """The zone's distance from UTC on a day of UTC on which it stays the same; else None.

    No zone changes its clocks twice within a day.
    """
    begins = datetime.combine(day, time(), UTC)
    try:
        ends = begins + timedelta(days=1)
        first, last = (each.astimezone(ZoneInfo(zone)).utcoffset() for each in (begins, ends))
    except OverflowError:
        return None
    return first if first == last else None
