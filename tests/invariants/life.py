"""A life: what a lender's systems say about its customers, when each word of it arrives, when
somebody works, and what becomes of each call. Everything an invariant is played over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from reminders.domain.outcome import ReceiptStatus
from reminders.domain.policy import Policy

Json = Mapping[str, Any]  # Any: the JSON of an event's data


@dataclass(frozen=True, slots=True)
class Told:
    """One event: what it says holds from `at`, and it arrives at `heard_at`."""

    event_id: str
    kind: str
    who: str
    at: datetime
    heard_at: datetime
    data: Json

    def envelope(self) -> dict[str, Any]:
        """As a billing system publishes it."""
        return {
            "specversion": "1.0",
            "id": self.event_id,
            "source": "/story",
            "type": self.kind,
            "time": self.at.isoformat(),
            "data": {"customer_id": self.who, **self.data},
        }


class Answer(StrEnum):
    """What becomes of a call."""

    ACCEPTED = "accepted"
    BUSY = "busy"
    BARRED = "barred"
    DEAD = "dead"
    UNCERTAIN = "uncertain"
    UNSENT = "unsent"


SURELY_NOT = frozenset({Answer.BUSY, Answer.BARRED, Answer.DEAD, Answer.UNSENT})


@dataclass(frozen=True, slots=True)
class Fate:
    """A call's answer, and the receipts that come so long after it, each perhaps late or twice."""

    answer: Answer
    receipts: tuple[tuple[timedelta, ReceiptStatus], ...] = ()


class Pace(StrEnum):
    """When somebody works."""

    ALWAYS = "always"  # at once, whenever there is something to do
    MINUTE = "minute"
    DAY = "day"
    OUTAGE = "outage"  # always, but for three days


@dataclass(frozen=True, slots=True)
class Rhythm:
    """`minute` of the UTC day for DAY; `down_at` the start of the OUTAGE."""

    pace: Pace
    minute: int
    down_at: datetime
    down_for: timedelta = timedelta(days=3)

    def first_from(self, wanted: datetime) -> datetime:
        """The first instant from `wanted` on at which somebody works."""
        match self.pace:
            case Pace.ALWAYS:
                return wanted
            case Pace.MINUTE:
                short = timedelta(seconds=wanted.second, microseconds=wanted.microsecond)
                return wanted if not short else wanted - short + timedelta(minutes=1)
            case Pace.DAY:
                midnight = wanted.replace(hour=0, minute=0, second=0, microsecond=0)
                today = midnight + timedelta(minutes=self.minute)
                return today if today >= wanted else today + timedelta(days=1)
            case Pace.OUTAGE:
                back_at = self.down_at + self.down_for
                return back_at if self.down_at <= wanted < back_at else wanted


@dataclass(frozen=True, slots=True)
class Life:
    """`told` is in the order of its arrival; fates are dealt out call after call, in a circle."""

    policy: Policy
    told: tuple[Told, ...]
    rhythm: Rhythm
    fates: tuple[Fate, ...]

    @property
    def ends_at(self) -> datetime:
        """Long after the use of every stage."""
        return max(each.heard_at for each in self.told) + timedelta(days=45)


def in_order(told: Sequence[Told]) -> tuple[Told, ...]:
    """By arrival; what arrives together stays as it was."""
    return tuple(sorted(told, key=lambda each: each.heard_at))
