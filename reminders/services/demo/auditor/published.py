"""The published events that intake fenced, per customer in the order of their fence."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from sys import intern
from typing import Any

from reminders.services.demo.auditor.facts import (
    BillFact,
    ChoiceFact,
    ConfirmedFact,
    ContactFact,
    Fact,
    FailureFact,
    Fenced,
    HoldFact,
    InputFact,
    LiftFact,
    MadeFact,
    OffsetsFact,
    PaymentFact,
    PromiseFact,
    Rank,
    ReversalFact,
    instant,
)
from reminders.services.demo.auditor.law import Place
from reminders.services.demo.auditor.lines import read_lines

# A profile replaces all that was known: what it does not name is no address any more. A person's
# work has none.
CHANNELS = (
    "sms",
    "email",
    "in_app",
    "push",
    "voice",
    "wechat",
    "whatsapp",
    "webhook",
    "apprise",
)


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
    addresses: dict[str, str | None] = dict.fromkeys(CHANNELS)
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
