"""The story of one bill: what billing said, what was planned, sent and heard, what is ahead."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from reminders.domain.decision import (
    Cancel,
    Decision,
    Defer,
    Exhaust,
    Expire,
    Reason,
    Satisfy,
    Send,
    Suppress,
)
from reminders.domain.reminder import OPEN, Cause, ReminderState
from reminders.ledger.history import Decided, Told
from reminders.ledger.reminders import Kept
from reminders.services import wording
from reminders.services.attempt_story import steps
from reminders.services.bill_history import BillHistory

_LATE = timedelta(hours=1)  # an event that came later than this says of which time it is
_WHOLE_CUSTOMER = ("customer.updated", "contact.changed", "preference.changed")
_ENDINGS = frozenset({"satisfy", "suppress", "cancel", "expire", "exhaust"})
# Which events can end a reminder between two of its own decisions.
_ENDED_BY: dict[str, tuple[str, ...]] = {
    Reason.SETTLED: ("payment.received", "bill.adjusted"),
    Reason.MINIMUM_MET: ("payment.received", "bill.adjusted"),
    Reason.BILL_CANCELLED: ("bill.cancelled",),
    Reason.SUPERSEDED: ("bill.issued", "bill.due", "bill.adjusted"),
    Reason.REPLANNED: ("bill.adjusted", "bill.issued", "bill.due", "payment.reversed"),
}
_ENDS_AS: dict[type[Decision], ReminderState] = {
    Suppress: ReminderState.SUPPRESSED,
    Cancel: ReminderState.CANCELLED,
    Expire: ReminderState.EXPIRED,
    Exhaust: ReminderState.EXHAUSTED,
}
_IF = dict.fromkeys(Cause, "") | {Cause.UNCONFIRMED: "unless confirmed before: "}
_AGAIN = dict.fromkeys(Cause, "") | {Cause.RETRY: " again"}
_STARTS_ANEW = ("bill.issued", "bill.due", "bill.adjusted", "bill.cancelled", "payment.reversed")
_EVENT, _OWN = range(2)  # the order of what happens at one instant


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the story. `stage` is "" for what concerns the whole bill."""

    at: datetime
    kind: str  # event, plan, decision, attempt, receipt, end or ahead
    stage: str
    text: str
    order: tuple[int, int, int] = (0, 0, 0)


def title(told: BillHistory) -> str:
    """The bill as it stands, in one line."""
    ref, bill = told.known.customer.ref, told.bill
    if bill is None:
        return f"Bill {told.bill_id} of {ref}: history, or not known whole yet"
    terms = bill.terms
    phase = bill.phase(told.now.astimezone(ZoneInfo(told.zone)).date()).replace("_", " ")
    owed = wording.amount(terms.amount_due, terms.currency)
    left = "nothing left to pay"
    if bill.balance:
        left = f"{wording.amount(bill.balance, terms.currency)} left to pay"
    return f"Bill {told.bill_id} of {ref}: {owed}, due {terms.due_on}, {phase}, {left}"


def tell(told: BillHistory) -> list[Entry]:
    """What has happened, oldest first."""
    about = _about(told)
    entries = [
        Entry(each.received_at, "event", "", _said(told, each), (_EVENT, index, 0))
        for index, each in enumerate(about)
    ]
    entries.extend(_plans(told, about))
    for index, kept in enumerate(told.kept):
        entries.extend(_of_reminder(told, kept, index))
    entries.extend(_ends(told, about))
    return sorted(entries, key=lambda entry: (entry.at, entry.order))


def ahead(told: BillHistory) -> list[Entry]:
    """What comes next as things stand, for each reminder that has not ended."""
    entries = []
    for kept in told.open():
        at, decision = told.foresee(kept)
        entries.append(Entry(at, "ahead", kept.reminder.stage, foreseen(decision, told.zone)))
    return entries


def foreseen(decision: Decision, zone: str) -> str:
    """A decision that is still to come, in words."""
    match decision:
        case Send(rung=rung, cause=cause):
            within = wording.length(rung.confirm_within)
            waits = f", to be {rung.confirm} within {within}" if rung.confirm_within else ""
            return f"{_IF[cause]}{wording.channel_words(rung.channel)}{_AGAIN[cause]}{waits}"
        case Defer(until=until, reason=Reason.WAITING):
            return f"waits until {wording.local(until, zone)} for an answer"
        case Defer(reason=reason, checks=checks):
            saw = tuple((check.rule, check.saw, check.passed) for check in checks)
            return wording.deferral_words(reason, saw, zone)
        case Satisfy(channel=channel):
            return f"{wording.end_words(ReminderState.SATISFIED, channel)}, unless it bounces"
        case Suppress() | Cancel() | Expire() | Exhaust():
            return wording.end_words(_ENDS_AS[type(decision)], decision.reason)


def _about(told: BillHistory) -> list[Told]:
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
        personal = bool(found) and event.type in _WHOLE_CUSTOMER
        if named or known or (personal and event.received_at <= _lives_until(told)):
            found.append(event)
    return found


def _lives_until(told: BillHistory) -> datetime:
    if any(each.state in OPEN for each in told.kept):
        return told.now
    return max((each.next_at for each in told.kept), default=told.now)


def _said(told: BillHistory, event: Told) -> str:
    text = wording.event_words(event.type, event.data, told.bill_id, told.zone)
    if event.received_at - event.occurred_at > _LATE:
        text += f" (dated {wording.local(event.occurred_at, told.zone)})"
    return text


def _plans(told: BillHistory, about: list[Told]) -> Iterator[Entry]:
    """One line per plan: the stages of one epoch, behind the event that made it begin."""
    plans: dict[int, list[Kept]] = {}
    for kept in told.kept:
        plans.setdefault(kept.reminder.epoch, []).append(kept)
    before = told.now
    for epoch, group in sorted(plans.items(), reverse=True):
        stages = ", ".join(
            f"{kept.reminder.stage} {wording.local(kept.reminder.due_at, told.zone)[5:]}"
            for kept in group
        )
        verb = "planned anew" if epoch else "planned"
        if epoch:
            before = min(before, *(kept.reminder.due_at for kept in group))
        at, index = _planned_at(told, about, before, first=epoch == 0)
        yield Entry(at, "plan", "", f"{verb} by {group[0].policy}: {stages}", (_EVENT, index, 2))
        before = at


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


def _of_reminder(told: BillHistory, kept: Kept, index: int) -> Iterator[Entry]:
    """Deferrals and attempts of one reminder."""
    reminder_id, stage = kept.reminder.reminder_id, kept.reminder.stage
    past = told.attempts.get(reminder_id, ())
    for decided in told.decisions.get(reminder_id, ()):
        if decided.outcome == "defer":
            before = sum(1 for each in past if each.attempt.submitted_at <= decided.at)
            text = wording.deferral_words(decided.reason, decided.checks, told.zone)
            yield Entry(decided.at, "decision", stage, text, (_OWN, index, before * 100 + 80))
    for step in steps(told, kept):
        order = (_OWN, index, step.attempt * 100 + step.number)
        yield Entry(step.at, step.kind, stage, step.text, order)


def _ends(told: BillHistory, about: list[Told]) -> Iterator[Entry]:
    """One line for all that ended at one instant for one reason."""
    groups: dict[tuple[datetime, tuple[int, int, int], str], list[str]] = {}
    for number, kept in enumerate(told.kept):
        if kept.state in OPEN:
            continue
        at, cause = _ended(told, about, kept)
        order = (_OWN, number, 10_000) if cause is None else (_EVENT, cause, 1)
        text = _end_words(told, kept)
        same = next((key for key in groups if (key[0], key[2]) == (at, text)), (at, order, text))
        groups.setdefault(same, []).append(kept.reminder.stage)
    for (at, order, text), stages in groups.items():
        yield Entry(at, "end", ", ".join(stages), text, order)


def _end_words(told: BillHistory, kept: Kept) -> str:
    text = wording.end_words(kept.state, kept.reason)
    if kept.reason == Reason.CONTENT and (last := _last(told, kept)):
        text += f" ({last.checks[-1][1]})"
    return text


def _ended(told: BillHistory, about: list[Told], kept: Kept) -> tuple[datetime, int | None]:
    """When a reminder ended, and the place of the event that ended it; None: its own decision."""
    last = _last(told, kept)
    if last is not None and last.outcome in _ENDINGS:
        return last.at, None
    if kept.state is ReminderState.SATISFIED:
        return kept.next_at, None
    causes = _ENDED_BY.get(kept.reason, ())
    moments = [index for index, event in enumerate(about) if event.type in causes]
    if not moments:
        return kept.next_at, None
    return about[moments[-1]].received_at, moments[-1]


def _last(told: BillHistory, kept: Kept) -> Decided | None:
    decided = told.decisions.get(kept.reminder.reminder_id, ())
    return decided[-1] if decided else None


def as_json(told: BillHistory) -> dict[str, Any]:  # Any: JSON
    """The same story for a program; instants in UTC, and as the customer's wall shows them."""
    return {
        "bill": told.bill_id,
        "customer": told.known.customer.ref,
        "time_zone": told.zone,
        "title": title(told),
        "entries": [_entry(told, each) for each in tell(told)],
        "ahead": [_entry(told, each) for each in ahead(told)],
    }


def _entry(told: BillHistory, entry: Entry) -> dict[str, str]:
    local = entry.at.astimezone(ZoneInfo(told.zone))
    return {
        "at": entry.at.isoformat(),
        "local": f"{local:%Y-%m-%d %H:%M:%S}",
        "kind": entry.kind,
        "stage": entry.stage,
        "text": entry.text,
    }
