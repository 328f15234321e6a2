"""What the demo plays: customers, and what happens to them, as CloudEvents in order of time."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from functools import lru_cache
from typing import Any, NamedTuple

from reminders.domain.record import record

SOURCE = "/demo-bank/billing"
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
_scan = json.JSONDecoder().raw_decode


@record
class TimedEvent:
    """One event at the business instant (UTC) of its fact."""

    at: datetime
    event: dict[str, Any]  # Any: JSON


class WrittenEvent(NamedTuple):
    """One event as its producer's bytes: a fifth of the memory."""

    at: datetime
    body: bytes

    @property
    def event(self) -> dict[str, Any]:  # Any: JSON
        found: dict[str, Any] = _scan(self.body.decode())[0]
        return found


@dataclass(frozen=True, slots=True)
class DemoCustomer:
    """An invented person around one client's bills; `roles` say what will happen to them."""

    customer_id: str
    language: str
    time_zone: str
    contacts: Mapping[str, str]  # by channel; in_app has an empty address
    roles: tuple[str, ...]
    jurisdiction: str = "TW"
    other_time_zones: tuple[str, ...] = ()
    currency: str = "TWD"  # of this person's bills


@dataclass(frozen=True, slots=True)
class Totals:
    """How many bills and payments, and their sums in minor units."""

    bills: int = 0
    payments: int = 0
    bills_minor: int = 0
    payments_minor: int = 0

    def __add__(self, other: Totals) -> Totals:
        return Totals(
            self.bills + other.bills,
            self.payments + other.payments,
            self.bills_minor + other.bills_minor,
            self.payments_minor + other.payments_minor,
        )


@dataclass(frozen=True, slots=True)
class Portfolio:
    """`own` counts the source's own bills and payments; `extra` the instalments added to them.

    `events` are in order of time and hold no duplicate, conflict or malformed one: `schedule`
    adds those.
    """

    source: str
    customers: list[DemoCustomer]
    events: list[WrittenEvent]
    own: Totals
    extra: Totals
    own_in: Mapping[str, Totals] = field(default_factory=dict)  # `own` by currency


@lru_cache(maxsize=16_384)
def stated(at: datetime) -> str:
    """An instant (UTC) as events state it; thousands of customers have some in common."""
    # Of parts that are known already: writing a whole instant costs three times as much.
    return f"{_day(at.date())}T{_time_of_day(at.timetz())}"


@lru_cache(maxsize=1024)
def _day(day: date) -> str:
    return day.isoformat()


@lru_cache(maxsize=4096)
def _time_of_day(at: time) -> str:
    return at.isoformat()


def cloud_event(kind: str, identity: str, at: datetime, data: Mapping[str, object]) -> TimedEvent:
    """One CloudEvents 1.0 envelope."""
    envelope: dict[str, Any] = {  # Any: JSON
        "specversion": "1.0",
        "id": identity,
        "source": SOURCE,
        "type": kind,
        "time": stated(at),
        "data": data,
    }
    return TimedEvent(at, envelope)


def written(event: TimedEvent) -> WrittenEvent:
    """The event in compact JSON."""
    return WrittenEvent(event.at, _encode(event.event).encode())
