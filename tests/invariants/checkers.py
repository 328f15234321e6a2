"""The invariants as functions from what happened to what was wrong with it, in words.

The same checkers judge the honest run, which must show nothing, and the broken one, which must.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta

from reminders.domain.decision import Defer, Send, decision_reason
from reminders.domain.kinds import DATED
from reminders.domain.reminder import TERMINAL
from tests.invariants.law import Counted, broken_caps, legal_basis, open_at
from tests.invariants.life import Pace, Told
from tests.invariants.oracle import Witness, instant, kind_class
from tests.invariants.trace import HandOff, Trace

Checker = Callable[[Trace], Iterator[str]]
AFTER_ALL = frozenset({"payment_received", "contact_update_request", "optout_disclosure"})


def known(trace: Trace, sent: HandOff) -> Witness:
    """What had been heard of the customer when a message went."""
    return Witness.of(trace.life.told, sent.key.who, sent.at)


def said(trace: Trace, sent: HandOff) -> str:
    """The kind of the text that went."""
    return known(trace, sent).text_kind(sent.key.bill, sent.kind, sent.at)


def silence_after_settlement(trace: Trace) -> Iterator[str]:
    """I1: nothing that asks for money goes where none is owed, and no more is asked than that."""
    for sent in trace.handed:
        witness = known(trace, sent)
        if witness.bills.get(sent.key.bill) is None:
            yield f"{sent.key} at {sent.at}: the bill is cancelled"
            continue
        kind = said(trace, sent)
        if kind in AFTER_ALL:
            continue
        if not witness.owes(sent.key.bill):
            yield f"{sent.key} {kind} at {sent.at}: nothing is owed"
        elif kind == "overdue" and witness.minimum_met(sent.key.bill):
            yield f"{sent.key} at {sent.at}: called overdue with its minimum met"
        bill = witness.bills[sent.key.bill]
        left = 0 if bill is None else bill["amount_due_minor"] - witness.paid(sent.key.bill)
        if sent.amount != max(0, left):
            yield f"{sent.key} at {sent.at}: asks {sent.amount} where {left} is left"
        if witness.held(sent.key.bill, sent.at):
            yield f"{sent.key} at {sent.at}: a hold is in force"


def within_hours(trace: Trace) -> Iterator[str]:
    """I2: every hand-off, and the hour that every stage was given, lies in the hours of every
    pack on the wall of every zone; a stage that has no such hour is flagged."""
    policy = trace.life.policy
    for key, plan in trace.planned.items():
        witness = Witness.of(trace.life.told, key.who, plan.since)
        place = witness.profile["jurisdiction"]
        found = kind_class(plan.kind)
        if not plan.flag and not open_at(policy, place, found, witness.zones, plan.due_at):
            yield f"{key} is planned for {plan.due_at} in {witness.zones}, {place}"
    for sent in trace.handed:
        witness = known(trace, sent)
        bill, place = sent.key.bill, witness.profile["jurisdiction"]
        found = witness.message_class(bill, sent.kind, sent.channel, sent.at)
        if not open_at(policy, place, found, witness.zones, sent.at):
            yield f"{sent.key} {found} by {sent.channel} at {sent.at} in {witness.zones}, {place}"


def no_means_no(trace: Trace) -> Iterator[str]:
    """I3: nothing goes by a channel that is switched off, but what a law orders, once.

    What speaks of the due date is one notice, whatever its day; each other kind is ordered by a
    law of its own.
    """
    ordered: set[tuple[str, str, str]] = set()
    for sent in trace.handed:
        witness = known(trace, sent)
        kind = said(trace, sent)
        if not witness.opted_out(sent.channel, kind):
            continue
        bill, place = witness.bills[sent.key.bill], witness.profile["jurisdiction"]
        product = "" if bill is None else bill["product"]
        notice = (sent.key.who, sent.key.bill, "due" if kind in DATED else kind)
        if not legal_basis(trace.life.policy, place, kind, product):
            yield f"{sent.key} {kind} by {sent.channel} at {sent.at}: opted out, no law orders it"
        elif sent.number == 1 and notice in ordered:
            yield f"{sent.key} {kind} by {sent.channel} at {sent.at}: ordered once only"
        if sent.left:
            ordered.add(notice)


def within_caps(trace: Trace) -> Iterator[str]:
    """I4: at no hand-off is any cap of any pack, or the lender's own, already used up."""
    before: list[Counted] = []
    for sent in trace.handed:
        witness = known(trace, sent)
        place = witness.profile["jurisdiction"]
        wanted = Counted(
            sent.at,
            sent.channel,
            witness.message_class(sent.key.bill, sent.kind, sent.channel, sent.at),
            sent.key.who,
            sent.key.bill,
            sent.point,
            sent.leads,
        )
        # A note in one's own inbox, a task for our own people: neither reaches out to anybody.
        if sent.channel in ("in_app", "human_task"):
            continue
        every = [*before, *_by_others(trace, sent.at)]
        for cap in broken_caps(trace.life.policy, place, witness.zones, every, wanted):
            yield f"{sent.key} by {sent.channel} at {sent.at} goes over {cap}"
        if sent.left:
            before.append(wanted)


def _by_others(trace: Trace, now: datetime) -> Iterator[Counted]:
    """Calls of agencies that had been told of, each once."""
    heard = {
        each.event_id: each
        for each in trace.life.told
        if each.kind == "contact.made" and each.heard_at <= now
    }
    for each in heard.values():
        data = each.data
        yield Counted(
            instant(data["at"]),
            data["channel"],
            data["message_class"],
            each.who,
            data["bill_id"],
            "",
            connected=data["connected"],
            conversation=data["conversation"],
        )


def one_end(trace: Trace) -> Iterator[str]:
    """I5: each reminder ends, once, in one of the five ways, and nothing goes after its end."""
    ends = Counter(each.key for each in trace.ended)
    for key in trace.planned:
        if ends[key] != 1:
            yield f"{key} ended {ends[key]} times"
    ended_at = {}
    for each in trace.ended:
        ended_at[each.key] = each.at
        if each.state not in TERMINAL or not each.reason:
            yield f"{each.key} ended as {each.state} because {each.reason!r}"
    for sent in trace.handed:
        if sent.key not in trace.planned:
            yield f"{sent.key} went and was never planned"
        elif sent.key in ended_at and sent.at > ended_at[sent.key]:
            yield f"{sent.key} went at {sent.at}, after its end"


def handed_over_once(trace: Trace) -> Iterator[str]:
    """I6: at most one hand-off per (bill, stage, epoch, channel, try), and a second try on a
    channel only where the carrier surely took nothing."""
    tries = Counter((sent.key, sent.channel, sent.number) for sent in trace.handed)
    for (key, channel, number), count in tries.items():
        if count > 1:
            yield f"{key} {channel}: try {number} went {count} times"
    taken = Counter((sent.key, sent.channel) for sent in trace.handed if sent.left)
    for (key, channel), count in taken.items():
        if count > 1:
            yield f"{key} was taken {count} times by {channel}"


def none_lost(trace: Trace) -> Iterator[str]:
    """I7: whoever works while a stage is of use decides on it; only then may it expire."""
    asked: dict[object, list[tuple[datetime, object]]] = {}
    for each in trace.asked:
        asked.setdefault(each.key, []).append((each.at, each.decision))
    for end in trace.ended:
        plan = trace.planned[end.key]
        chances = [
            at for at in trace.worked if max(plan.since, plan.due_at) <= at < plan.expires_at
        ]
        if end.reason != "stage_past" or not chances:
            continue
        before = [what for at, what in asked[end.key] if at < plan.expires_at]
        if not any(isinstance(what, Send | Defer) for what in before):
            yield f"{end.key} expired unasked, though somebody worked at {chances[0]}"


MAY_SILENCE = frozenset({"no_legal_hour", "quiet_hours", "hold", "holdout"})
MAY_BAR_CHANNELS = frozenset({"no_contact", "opted_out", "no_consent", "cap", "ladder_spent"})


def never_silent(trace: Trace) -> Iterator[str]:
    """I8: who owes and is not held is told before the due date, or the ledger says why not."""
    if trace.life.rhythm.pace in (Pace.DAY, Pace.OUTAGE):  # who is away may miss every hour
        return
    told_before = {sent.key[:2] for sent in trace.handed if said(trace, sent) == "pre_due"}
    for who, bill_id, due_at in _owed_at_due(trace):
        if (who, bill_id) in told_before:
            continue
        pre_due = [
            key
            for key, plan in trace.planned.items()
            if key[:2] == (who, bill_id) and plan.kind == "pre_due" and plan.due_at < due_at
        ]
        why = {end.reason for end in trace.ended if end.key in pre_due} | {
            decision_reason(each.decision) for each in trace.asked if each.key in pre_due
        }
        excuses = MAY_SILENCE
        if not _has_inbox(trace, who, bill_id, due_at):
            excuses |= MAY_BAR_CHANNELS
        if pre_due and not why & excuses:
            yield f"{who} heard nothing of {bill_id} before {due_at}: {sorted(why)}"


def _has_inbox(trace: Trace, who: str, bill_id: str, due_at: datetime) -> bool:
    """The customer's own inbox, which is always of use, was open all the time."""
    mine = [each for each in trace.life.told if each.who == who and each.heard_at <= due_at]
    for now in sorted({each.heard_at for each in mine}):
        witness = Witness.of(mine, who, now)
        if not witness.is_known or witness.bills.get(bill_id) is None:
            continue
        points = {point["channel"] for point in witness.profile["contact_points"]}
        if "in_app" not in points or witness.opted_out("in_app", "pre_due"):
            return False
    return True


def _owed_at_due(trace: Trace) -> Iterator[tuple[str, str, datetime]]:
    """Bills whose first version stood, unpaid and unheld, from their issue to the due date."""
    first: dict[tuple[str, str], Told] = {}
    for each in trace.life.told:
        if each.kind == "bill.issued":
            first.setdefault((each.who, each.data["bill_id"]), each)
    for (who, bill_id), each in first.items():
        due_on = date.fromisoformat(each.data["due_on"])
        due_at = datetime.combine(due_on, each.at.timetz())
        between = [
            other
            for other in trace.life.told
            if other.who == who and other.heard_at <= due_at and other.kind not in _HARMLESS
        ]
        in_time = each.heard_at <= due_at - timedelta(days=8)  # every policy has a stage by then
        if in_time and not between and Witness.of(trace.life.told, who, due_at).owes(bill_id):
            yield who, bill_id, due_at


_HARMLESS = frozenset(
    {
        *("customer.updated", "bill.issued", "contact.confirmed", "contact.made"),
        *("preference.changed", "preference.offsets_chosen", "promise.made", "risk.observed"),
    }
)
