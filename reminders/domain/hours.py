"""When a message may be handed over: allowed hours in every zone a customer may be in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from reminders.domain.wall import wall


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """Allowed minutes (0 to 1440) of a local day: `opens` inclusive, `closes` exclusive."""

    opens: int
    closes: int


@dataclass(frozen=True, slots=True)
class Hours:
    """Allowed hours on the wall of a place: spans of a day, days without any, and blackouts.

    Spans are disjoint and sorted; none means that no hour is allowed. What wraps midnight is two.
    """

    spans: tuple[Span, ...] = (Span(0, 1440),)
    closed_weekdays: frozenset[int] = frozenset()  # Monday is 0
    closed_days: frozenset[date] = frozenset()
    blackouts: tuple[tuple[datetime, datetime], ...] = ()  # [from, until), aware UTC


def spans(opens: time, closes: time) -> tuple[Span, ...]:
    """The allowed minutes from `opens` until `closes`; over midnight they are two spans.

    Equal times mean the whole day. A part of a minute counts as not allowed.
    """
    if opens == closes:
        return (Span(0, _DAY),)
    first = opens.hour * 60 + opens.minute + bool(opens.second or opens.microsecond)
    last = closes.hour * 60 + closes.minute
    parts = [Span(first, last)] if opens < closes else [Span(0, last), Span(first, _DAY)]
    return tuple(part for part in parts if part.opens < part.closes)


def intersect(a: Hours, b: Hours) -> Hours:
    """Only what both allow: the spans they share, without the closed days of either."""
    shared = (
        Span(max(one.opens, other.opens), min(one.closes, other.closes))
        for one in a.spans
        for other in b.spans
    )
    return Hours(
        spans=tuple(sorted(span for span in shared if span.opens < span.closes)),
        closed_weekdays=a.closed_weekdays | b.closed_weekdays,
        closed_days=a.closed_days | b.closed_days,
        blackouts=tuple(sorted({*a.blackouts, *b.blackouts})),
    )


def is_open(hours: Hours, zones: Sequence[str], now: datetime) -> bool:
    """True if `now` is allowed by the wall clock of every zone; with no zone known, never.

    Reg F, comment 6(b)(1)(i)-2: where a customer may be in several places, only an hour that
    suits all of them is convenient.
    """
    for opens, until in hours.blackouts:
        if opens <= now < until:
            return False
    for zone in zones:  # no `all(...)`: this runs for every decision
        if not _allows(hours, wall(now, zone)):
            return False
    return bool(zones)


def opens_at(hours: Hours, zones: Sequence[str], now: datetime) -> datetime | None:
    """`now` if it is open, else the first instant ahead that is open in every zone (UTC).

    None if there is none within 40 days, or before the calendar ends.
    """
    if is_open(hours, zones, now):
        return now
    if not zones or not hours.spans:
        return None
    at = now.astimezone(UTC)
    limit = _later(at, _SEARCH)
    while at < limit:
        ends = [until for opens, until in hours.blackouts if opens <= at < until]
        ahead = max([*ends, *(_ahead(hours, zone, at) for zone in zones)])
        if ahead == at:
            return at
        at = ahead
    return None


def last_open(
    hours: Hours, zones: Sequence[str], before: datetime, not_before: datetime
) -> datetime | None:
    """The latest open whole minute (UTC) in [`not_before`, `before`), or None without one."""
    if not zones or not hours.spans:
        return None
    at = _minute_before(before.astimezone(UTC))
    while at >= not_before and at > _FIRST:
        starts = [opens for opens, until in hours.blackouts if opens <= at < until]
        behind = min([*map(_minute_before, starts), *(_behind(hours, zone, at) for zone in zones)])
        if behind == at:
            return at
        at = behind
    return None


_DAY = 24 * 60  # minutes on the wall
_SEARCH = timedelta(days=40)  # longer than any run of holidays and than a billing month
_SECOND = timedelta(seconds=1)
_FIRST = datetime.min.replace(tzinfo=UTC)
_LAST = datetime.max.replace(tzinfo=UTC)


@lru_cache(maxsize=1024)
def _zone(key: str) -> ZoneInfo:
    """Kept by us: ZoneInfo itself holds on to eight zones only and reads the others again."""
    return ZoneInfo(key)


def _wall(now: datetime, zone: str) -> datetime:
    """The wall clock in `zone`; that of UTC in the hours where the calendar ends."""
    try:
        return now.astimezone(_zone(zone))
    except OverflowError:
        return now.astimezone(UTC)


def _allows(hours: Hours, wall: datetime) -> bool:
    minute = wall.hour * 60 + wall.minute
    for span in hours.spans:
        if span.opens <= minute < span.closes:
            return not (hours.closed_weekdays or hours.closed_days) or not _closed(hours, wall)
    return False


def _closed(hours: Hours, wall: datetime) -> bool:
    return (bool(hours.closed_weekdays) and wall.weekday() in hours.closed_weekdays) or (
        bool(hours.closed_days) and wall.date() in hours.closed_days
    )


def _ahead(hours: Hours, zone: str, at: datetime) -> datetime:
    """`at` if open in `zone`, else a later instant up to which it surely stays closed."""
    wall = _wall(at, zone)
    if _allows(hours, wall):
        return at
    minute = wall.hour * 60 + wall.minute
    today = () if _closed(hours, wall) else hours.spans
    opens = next((span.opens for span in today if span.opens > minute), None)
    if opens is None:
        opens = _DAY + hours.spans[0].opens
    past = timedelta(minutes=minute, seconds=wall.second, microseconds=wall.microsecond)
    reached = _later(at, timedelta(minutes=opens) - past)
    if _wall(reached, zone).utcoffset() == wall.utcoffset():
        return reached
    return _change(zone, at, reached)


def _behind(hours: Hours, zone: str, at: datetime) -> datetime:
    """The whole minute `at` if open in `zone`, else an earlier one after which it surely is not."""
    wall = _wall(at, zone)
    if _allows(hours, wall):
        return at
    minute = wall.hour * 60 + wall.minute
    today = () if _closed(hours, wall) else hours.spans
    closes = next((span.closes for span in reversed(today) if span.closes <= minute), None)
    if closes is None:
        closes = hours.spans[-1].closes - _DAY
    past = timedelta(minutes=minute, seconds=wall.second)
    # A whole minute on the wall need not be one in UTC: local mean times have odd seconds.
    reached = _earlier(at, past - timedelta(minutes=closes))
    if _wall(reached, zone).utcoffset() != wall.utcoffset():
        reached = _change(zone, reached, at)
    return _minute_before(reached)


def _change(zone: str, low: datetime, high: datetime) -> datetime:
    """The first second after `low` from which `zone` has the offset that it has at `high`.

    No zone changes twice within the two days that a search steps over at the most.
    """
    offset = _wall(high, zone).utcoffset()
    low = low.replace(microsecond=0)
    while high - low > _SECOND:
        middle = low + timedelta(seconds=((high - low) // _SECOND + 1) // 2)
        if _wall(middle, zone).utcoffset() == offset:
            high = middle
        else:
            low = middle
    return high.replace(microsecond=0)


def _later(at: datetime, by: timedelta) -> datetime:
    return at + by if by < _LAST - at else _LAST


def _earlier(at: datetime, by: timedelta) -> datetime:
    return at - by if by < at - _FIRST else _FIRST


def _minute_before(at: datetime) -> datetime:
    """The last whole minute before `at`, or the start of the calendar."""
    return _earlier(at, timedelta(microseconds=1)).replace(second=0, microsecond=0)
