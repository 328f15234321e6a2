"""What lies ahead of a customer in virtual time."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime

from reminders.domain.outcome import AttemptState
from reminders.domain.record import record
from reminders.domain.reminder import Attempt, Reminder
from reminders.domain.tier import Tier

_FIRST = datetime.min.replace(tzinfo=UTC)
_LAST = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Window:
    """What is counted: decisions in [`from_at`, `until_at`). All that came before is played too."""

    from_at: datetime = _FIRST
    until_at: datetime = _LAST


@dataclass(slots=True)
class Open:
    """A reminder that has not ended; `held` is the reason of its last deferral."""

    reminder: Reminder
    number: int  # of the reminder's id
    name: str  # the same in hex: digests and draws are made of it
    next_at: datetime
    held: str = ""
    ended: bool = False
    tier: Tier | None = None  # as last judged
    attempts: list[Attempt] = field(default_factory=list)


@record
class Receipt:
    """What will be heard of an attempt."""

    open: Open
    index: int
    state: AttemptState


@record
class DueDay:
    """The first instant of a bill's due date."""

    bill_id: str
    due_on: date


@record
class OptOut:
    """The customer switches a channel off, after a message on it."""

    channel: str


@dataclass(frozen=True, slots=True)
class Sent:
    """One attempt as it was made: the number of its reminder's id, its own, when and by what."""

    reminder: int
    number: int
    channel: str
    at: datetime


ALWAYS = Window()
Item = Open | Receipt | DueDay | OptOut
