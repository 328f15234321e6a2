"""What one published event tells, and when intake had fenced it."""

from __future__ import annotations

from datetime import UTC, date, datetime
from functools import lru_cache
from typing import NamedTuple

from reminders.services.demo.auditor.law import Place

NEVER = datetime.min.replace(tzinfo=UTC)
Rank = tuple[datetime, str]  # which of two statements about one thing is the newer


class BillFact(NamedTuple):
    """A bill's snapshot; `amount` None says that it was cancelled."""

    bill: str
    version: int
    rank: Rank
    amount: int | None = None
    minimum: int = 0
    currency: str = ""
    due_on: date = date.min
    supersedes: str | None = None
    issued_at: datetime = NEVER
    product: str = ""


class PaymentFact(NamedTuple):
    payment: str
    bill: str | None
    amount: int
    currency: str
    paid_at: datetime


class ReversalFact(NamedTuple):
    payment: str
    at: datetime


class FailureFact(NamedTuple):
    at: datetime


class HoldFact(NamedTuple):
    hold: str
    bill: str | None
    from_at: datetime
    until_at: datetime | None


class LiftFact(NamedTuple):
    hold: str
    at: datetime


class ContactFact(NamedTuple):
    """Where a channel leads now; None: nowhere. `place` comes with a whole profile only."""

    rank: Rank
    addresses: dict[str, str | None]
    place: Place | None = None
    consent: dict[str, bool] | None = None


class ChoiceFact(NamedTuple):
    rank: Rank
    channel: str
    kind: str
    allowed: bool


class OffsetsFact(NamedTuple):
    """The customer's own days from due for pre-due messages."""

    rank: Rank
    days: frozenset[int]


class ConfirmedFact(NamedTuple):
    channel: str
    at: datetime


class MadeFact(NamedTuple):
    """A contact that somebody else made, as caps count it."""

    contact: str
    rank: Rank
    channel: str
    message_class: str
    bill: str
    at: datetime
    connected: bool | None
    conversation: bool
    excluded: frozenset[str]


class PromiseFact(NamedTuple):
    promise: str
    rank: Rank
    bill: str
    amount: int
    promised_on: date
    made_at: datetime


class InputFact(NamedTuple):
    """What the lender observed."""

    name: str
    value: float
    source: str
    at: datetime


Fact = (
    BillFact
    | PaymentFact
    | ReversalFact
    | FailureFact
    | HoldFact
    | LiftFact
    | ContactFact
    | ChoiceFact
    | OffsetsFact
    | ConfirmedFact
    | MadeFact
    | PromiseFact
    | InputFact
)


class Fenced(NamedTuple):
    """A fact, when it was committed (unix s), and the business instant of that."""

    fenced: float
    at: datetime
    fact: Fact


@lru_cache(maxsize=65_536)
def instant(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)
