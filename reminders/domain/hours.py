"""When a message may be handed over: allowed hours in every zone a customer may be in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time


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


_DAY = 24 * 60  # minutes on the wall
