"""The published events that intake fenced, per customer in the order of their fence."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import lru_cache
from pathlib import Path
from sys import intern
from typing import Any, NamedTuple

from reminders.services.demo.auditor.law import Place
from reminders.services.demo.auditor.lines import read_lines

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


@dataclass(slots=True)
class Known:
    """Everything that was told, by customer; how long each event waited for its fence, in ms."""

    facts: dict[str, list[Fenced]] = field(default_factory=dict)
    waits_ms: list[float] = field(default_factory=list)
    customer_of_bill: dict[str, str] = field(default_factory=dict)
    customer_of_address: dict[str, str] = field(default_factory=dict)
    shared: dict[str, set[str]] = field(default_factory=dict)  # address → whose, if several


def read_facts(published: Path, fenced: Path) -> Known:
    """Both files read; an event counts as it was first published and first fenced."""
    known = Known()
    fences = _fences(fenced, known)
    for line in read_lines(published):
        event = line.get("event")
        if not isinstance(event, dict):
            continue
        fence = fences.pop((event.get("source"), event.get("id")), None)
        if fence is not None:
            _remember(known, event, *fence)
    for facts in known.facts.values():
        facts.sort(key=lambda each: each.fenced)
    return known


@lru_cache(maxsize=65_536)
def instant(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def _fences(path: Path, known: Known) -> dict[tuple[object, object], tuple[float, datetime]]:
    """First fence per identity: an event that came again is fenced again, to no effect."""
    first: dict[tuple[object, object], dict[str, Any]] = {}
    for line in read_lines(path):
        identity = (line["source"], line["id"])
        held = first.get(identity)
        if held is None or line["fenced"] < held["fenced"]:
            first[identity] = line
    for line in first.values():
        known.waits_ms.append(max(0.0, 1000 * (line["fenced"] - line["acknowledged"])))
    return {name: (line["fenced"], instant(line["at"])) for name, line in first.items()}


def _remember(known: Known, event: dict[str, Any], fenced: float, at: datetime) -> None:
    data = event["data"]
    customer = intern(data["customer_id"])
    rank = (instant(event["time"]), f"{event['source']} {event['id']}")
    fact = _READERS[event["type"]](data, rank)
    known.facts.setdefault(customer, []).append(Fenced(fenced, at, fact))
    if isinstance(fact, BillFact):
        known.customer_of_bill[fact.bill] = customer
    elif isinstance(fact, ContactFact):
        for address in fact.addresses.values():
            if address:
                other = known.customer_of_address.setdefault(address, customer)
                if other != customer:
                    known.shared.setdefault(address, {other}).add(customer)


def _bill(data: dict[str, Any], rank: Rank) -> BillFact:
    return BillFact(
        bill=intern(data["bill_id"]),
        version=data["version"],
        rank=rank,
        amount=data["amount_due_minor"],
        minimum=data["minimum_due_minor"],
        currency=intern(data["currency"]),
        due_on=date.fromisoformat(data["due_on"]),
        supersedes=data.get("supersedes"),
        issued_at=instant(data["issued_at"]),
        product=intern(data["product"]),
    )


def _cancelled(data: dict[str, Any], rank: Rank) -> BillFact:
    return BillFact(intern(data["bill_id"]), data["version"], rank)


def _payment(data: dict[str, Any], rank: Rank) -> PaymentFact:
    return PaymentFact(
        data["payment_id"],
        data.get("bill_id"),
        data["amount_minor"],
        intern(data["currency"]),
        instant(data["paid_at"]),
    )


def _hold(data: dict[str, Any], rank: Rank) -> HoldFact:
    until = data.get("until_at")
    return HoldFact(
        data["hold_id"],
        data.get("bill_id"),
        instant(data["from_at"]),
        instant(until) if until else None,
    )


def _profile(data: dict[str, Any], rank: Rank) -> ContactFact:
    addresses: dict[str, str | None] = dict.fromkeys(("sms", "email", "in_app"))
    for point in data.get("contact_points", ()):
        addresses[intern(point["channel"])] = point.get("address") or ""
    zone = intern(data["time_zone"])
    others = [intern(other) for other in data.get("other_time_zones") or () if other != zone]
    place = Place((zone, *others), intern(data["jurisdiction"]))
    return ContactFact(rank, addresses, place, data.get("consent", {}))


def _contact(data: dict[str, Any], rank: Rank) -> ContactFact:
    return ContactFact(rank, {intern(data["channel"]): data.get("address")})


def _made(data: dict[str, Any], rank: Rank) -> MadeFact:
    return MadeFact(
        data["contact_id"],
        rank,
        intern(data["channel"]),
        data.get("message_class") or "collection",
        data.get("bill_id") or "",
        instant(data["at"]),
        data.get("connected"),
        data["conversation"],
        frozenset(data.get("excluded") or ()),
    )


def _promise(data: dict[str, Any], rank: Rank) -> PromiseFact:
    return PromiseFact(
        data["promise_id"],
        rank,
        data["bill_id"],
        data["amount_minor"],
        date.fromisoformat(data["promised_on"]),
        instant(data["made_at"]),
    )


_READERS: dict[str, Callable[[dict[str, Any], Rank], Fact]] = {
    "customer.updated": _profile,
    "contact.changed": _contact,
    "preference.changed": lambda data, rank: ChoiceFact(
        rank, intern(data["channel"]), intern(data["message_kind"]), data["allowed"]
    ),
    "bill.issued": _bill,
    "bill.due": _bill,
    "bill.adjusted": _bill,
    "bill.cancelled": _cancelled,
    "payment.received": _payment,
    "payment.failed": lambda data, rank: FailureFact(instant(data["failed_at"])),
    "payment.reversed": lambda data, rank: ReversalFact(
        data["payment_id"], instant(data["reversed_at"])
    ),
    "hold.placed": _hold,
    "preference.offsets_chosen": lambda data, rank: OffsetsFact(rank, frozenset(data["offsets"])),
    "contact.confirmed": lambda data, rank: ConfirmedFact(
        intern(data["channel"]), instant(data["confirmed_at"])
    ),
    "contact.made": _made,
    "promise.made": _promise,
    "risk.observed": lambda data, rank: InputFact(
        data["name"], data["value"], data["source"], instant(data["observed_at"])
    ),
    "hold.lifted": lambda data, rank: LiftFact(data["hold_id"], instant(data["lifted_at"])),
}
