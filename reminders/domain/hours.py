"""When a message may be handed over: allowed hours in every zone a customer may be in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime


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
