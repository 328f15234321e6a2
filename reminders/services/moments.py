"""When things happened that no row says outright: which events are about a bill, when its plan
was made, when a reminder ended. Inferred from what the ledger keeps, the same every time."""

from __future__ import annotations

from datetime import datetime

from reminders.domain.decision import Reason
from reminders.domain.reminder import OPEN, ReminderState
from reminders.ledger.history import Decided, Told
from reminders.ledger.reminders import Kept
from reminders.services.bill_history import BillHistory

_WHOLE_CUSTOMER = (
    "customer.updated",
    "contact.changed",
    "contact.made",
    "preference.changed",
    "preference.offsets_chosen",
    "risk.observed",
)
_ENDINGS = frozenset({"satisfy", "suppress", "cancel", "expire", "exhaust"})
# Which events can end a reminder between two of its own decisions.
_ENDED_BY: dict[str, tuple[str, ...]] = {
    Reason.SETTLED: ("payment.received", "bill.adjusted"),
    Reason.MINIMUM_MET: ("payment.received", "bill.adjusted"),
    Reason.BILL_CANCELLED: ("bill.cancelled",),
    Reason.SUPERSEDED: ("bill.issued", "bill.due", "bill.adjusted"),
    Reason.REPLANNED: ("bill.adjusted", "bill.issued", "bill.due", "payment.reversed"),
}
_STARTS_ANEW = ("bill.issued", "bill.due", "bill.adjusted", "bill.cancelled", "payment.reversed")


def about_bill(told: BillHistory) -> list[Told]:
    """The customer's events that concern this bill; those about the person only while it lives."""
    bill = told.bill
    payments = {payment.payment_id for payment in bill.payments} if bill else set()
    holds: set[str] = set()
    newer: set[str] = set()  # statements that contain this one's rest
    found: list[Told] = []
    for event in told.events:
        data = event.data
        named = told.bill_id in (data.get("bill_id"), data.get("supersedes"))
        if data.get("supersedes") == told.bill_id:
            newer.add(data["bill_id"])
        named = named or (event.type == "bill.cancelled" and data["bill_id"] in newer)
        if named and "payment_id" in data:
            payments.add(data["payment_id"])
        if "hold_id" in data and (named or data.get("bill_id") is None):
            named = named or (bool(found) and event.type == "hold.placed")
            if named:
                holds.add(data["hold_id"])
        known = data.get("payment_id") in payments or data.get("hold_id") in holds
        personal = bool(found) and event.type in _WHOLE_CUSTOMER and not data.get("bill_id")
        if named or known or (personal and event.received_at <= _lives_until(told)):
            found.append(event)
    return found


def _lives_until(told: BillHistory) -> datetime:
    if any(each.state in OPEN for each in told.kept):
        return told.now
    return max((each.next_at for each in told.kept), default=told.now)


def planned_at(told: BillHistory, epoch: int) -> datetime:
    """When the plan of an epoch was made."""
    return begun(told, about_bill(told))[epoch][0]


def begun(told: BillHistory, about: list[Told]) -> dict[int, tuple[datetime, int]]:
    """By epoch, the newest first: when its plan was made, and behind which event."""
    found: dict[int, tuple[datetime, int]] = {}
    before = told.now
    for epoch in sorted({kept.reminder.epoch for kept in told.kept}, reverse=True):
        if epoch:
            due = (kept.reminder.due_at for kept in told.kept if kept.reminder.epoch == epoch)
            before = min(before, *due)
        found[epoch] = _planned_at(told, about, before, first=epoch == 0)
        before = found[epoch][0]
    return found


def _planned_at(
    told: BillHistory, about: list[Told], before: datetime, *, first: bool
) -> tuple[datetime, int]:
    """When an epoch was planned, and behind which event: nothing keeps it, so it is inferred.

    The first plan waits for the bill and for the customer's zone; a later one follows what moved
    the bill, and only plans what is due after it.
    """
    profiles = [event.received_at for event in told.events if event.type == "customer.updated"]
    zone_at = min(profiles, default=told.now)
    moved = [
        index
        for index, event in enumerate(about)
        if event.type in _STARTS_ANEW and event.received_at <= before
    ]
    if not moved:
        return min(before, max(zone_at, about[0].received_at if about else before)), 0
    index = moved[0] if first else moved[-1]
    at = about[index].received_at
    if first and zone_at > at:
        return zone_at, len(about)
    return at, index


def ended_at(told: BillHistory, kept: Kept) -> datetime:
    """When a reminder that has ended did so."""
    return ended_by(told, about_bill(told), kept)[0]


def ended_by(told: BillHistory, about: list[Told], kept: Kept) -> tuple[datetime, int | None]:
    """When a reminder ended, and the place of the event that ended it; None: its own decision."""
    last = last_decision(told, kept)
    if last is not None and last.outcome in _ENDINGS:
        return last.at, None
    if kept.state is ReminderState.SATISFIED:
        return kept.next_at, None
    causes = _ENDED_BY.get(kept.reason, ())
    moments = [index for index, event in enumerate(about) if event.type in causes]
    if not moments:
        return kept.next_at, None
    return about[moments[-1]].received_at, moments[-1]


def last_decision(told: BillHistory, kept: Kept) -> Decided | None:
    decided = told.decisions.get(kept.reminder.reminder_id, ())
    return decided[-1] if decided else None
