"""Contacts as caps count them, from the carriers' own logs, and the caps that one more breaks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from reminders.services.demo.auditor.carriers import NEVER_TAKES
from reminders.services.demo.auditor.facts import MadeFact
from reminders.services.demo.auditor.law import Cap, Law, Place
from reminders.services.demo.auditor.logs import Call
from reminders.services.demo.auditor.tier import local_day

_A_DAY = timedelta(hours=24)
_CLOCK_SET_BACK = timedelta(hours=2)


class Contact(NamedTuple):
    """One contact, ours or made by others."""

    at: datetime
    channel: str
    message_class: str
    customer: str
    bill: str
    address: str = ""
    connected: bool | None = None
    conversation: bool = False
    excluded: frozenset[str] = frozenset()


class Broken(NamedTuple):
    """A cap that one more contact breaks, and how many there were before."""

    cap: Cap
    used: int


def counting(calls: Iterable[Call]) -> Iterator[Call]:
    """The first request of every attempt that some carrier took, or may have taken, in order.

    A note in the customer's own inbox reaches out to nobody and is no contact.
    """
    tries: dict[str, list[Call]] = {}
    for call in calls:
        if call.channel != "in_app":
            tries.setdefault(call.reference, []).append(call)
    taken = (made[0] for made in tries.values() if any(may_be_taken(call) for call in made))
    return iter(sorted(taken, key=lambda call: (call.at, call.began or 0.0)))


def may_be_taken(call: Call) -> bool:
    """False where the carrier surely took nothing: it refused, or says so when it is asked."""
    if call.asked and call.script in NEVER_TAKES:
        return False
    return call.taken or call.answered is None


def made_by_others(facts: Iterable[MadeFact], customer: str) -> list[Contact]:
    return [
        Contact(
            at=fact.at,
            channel=fact.channel,
            message_class=fact.message_class,
            customer=customer,
            bill=fact.bill,
            connected=fact.connected,
            conversation=fact.conversation,
            excluded=fact.excluded,
        )
        for fact in facts
        if fact.channel != "in_app"
    ]


def broken_caps(
    law: Law, place: Place, before: Sequence[Contact], wanted: Contact
) -> tuple[Broken, ...]:
    """The caps that `wanted` would break after `before`."""
    found = []
    for cap in law.caps(place.jurisdiction):
        if not _concerns(cap, wanted) or wanted.message_class in cap.exempt:
            continue
        used = sum(1 for each in before if _counts(cap, each, wanted, place))
        most = cap.limit if cap.window == "after" else cap.limit - 1
        if used > most:
            found.append(Broken(cap, used))
    return tuple(found)


def _concerns(cap: Cap, contact: Contact) -> bool:
    return (
        (not cap.channels or contact.channel in cap.channels)
        and (not cap.classes or contact.message_class in cap.classes)
        and cap.name not in contact.excluded
    )


def _counts(cap: Cap, contact: Contact, wanted: Contact, place: Place) -> bool:
    if not _concerns(cap, contact) or not _of_one(cap, contact, wanted):
        return False
    if cap.counts == "connected" and contact.connected is False:
        return False
    if cap.counts == "conversation" and not contact.conversation:
        return False
    return _within(cap, contact.at, wanted.at, place)


def _of_one(cap: Cap, contact: Contact, wanted: Contact) -> bool:
    """Whether both are of one customer, bill and address, as far as the scope asks."""
    same = {
        "customer": contact.customer == wanted.customer,
        "bill": contact.bill == wanted.bill,
        "contact_point": bool(wanted.address) and contact.address == wanted.address,
        "lender": True,
    }
    return all(same[scope] for scope in cap.scope)


def _within(cap: Cap, then: datetime, now: datetime, place: Place) -> bool:
    if cap.window == "bill":
        return True
    if cap.window == "rolling":
        return now - then < timedelta(hours=cap.length)
    if not place.zones:
        return now - then < cap.length * _A_DAY + _CLOCK_SET_BACK
    return any(
        (local_day(now, zone) - local_day(then, zone)).days < cap.length for zone in place.zones
    )
