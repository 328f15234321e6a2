"""The story of one bill: what billing said, what was planned, sent and heard, what is ahead."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from reminders.domain.case import WORDS_RULE
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
from reminders.domain.policy import Trigger
from reminders.domain.reminder import OPEN, Cause, ReminderState
from reminders.ledger.attempts import KeptAttempt
from reminders.ledger.history import Decided, Told
from reminders.ledger.reminders import Kept
from reminders.services import wording
from reminders.services.attempt_story import steps
from reminders.services.bill_history import BillHistory
from reminders.services.event_words import event_words
from reminders.services.moments import about_bill, begun, ended_by, last_decision
from reminders.services.reply_story import replies

_LATE = timedelta(hours=1)  # an event that came later than this says of which time it is
_ENDS_AS: dict[type[Decision], ReminderState] = {
    Suppress: ReminderState.SUPPRESSED,
    Cancel: ReminderState.CANCELLED,
    Expire: ReminderState.EXPIRED,
    Exhaust: ReminderState.EXHAUSTED,
}
_IF = dict.fromkeys(Cause, "") | {Cause.UNCONFIRMED: "unless confirmed before: "}
_AGAIN = dict.fromkeys(Cause, "") | {Cause.RETRY: " again"}
_ANSWERS: dict[Trigger, str] = {
    Trigger.ANOMALY: "early warning, the account is not as usual",
    Trigger.OPT_OUT: "a channel was switched off",
    Trigger.PAYMENT: "paid in full",
    Trigger.PROMISE_BROKEN: "a promise to pay was not kept",
    Trigger.CONTACT_DEAD: "an address no longer works",
}
_EVENT, _OWN = range(2)  # the order of what happens at one instant


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the story. `stage` is "" for what concerns the whole bill."""

    at: datetime
    kind: str  # event, plan, decision, attempt, receipt, reply, end or ahead
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
    about = about_bill(told)
    entries = [
        Entry(each.received_at, "event", "", _said(told, each), (_EVENT, index, 0))
        for index, each in enumerate(about)
    ]
    entries.extend(_plans(told, about))
    for index, kept in enumerate(told.kept):
        entries.extend(_of_reminder(told, kept, index))
    entries.extend(_ends(told, about))
    entries.extend(
        Entry(at, "reply", "", text, (_EVENT, len(about), index))
        for index, (at, text) in enumerate(replies(told))
    )
    return sorted(entries, key=lambda entry: (entry.at, entry.order))


def ahead(told: BillHistory) -> list[Entry]:
    """What comes next as things stand, for each reminder that has not ended."""
    entries = []
    for kept in told.open():
        at, decision = told.foresee(kept)
        why = _answered(kept)
        text = f"{f'{why}: ' if why else ''}{foreseen(decision, told.zone)}"
        entries.append(Entry(at, "ahead", kept.reminder.stage, text))
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
            return wording.deferral_words(reason, checks, zone)
        case Satisfy(channel=channel):
            return f"{wording.end_words(ReminderState.SATISFIED, channel)}, unless it bounces"
        case Suppress() | Cancel() | Expire() | Exhaust():
            return wording.end_words(_ENDS_AS[type(decision)], decision.reason)


def _said(told: BillHistory, event: Told) -> str:
    text = event_words(event.type, event.data, told.bill_id, told.zone)
    if event.received_at - event.occurred_at > _LATE:
        text += f" (dated {wording.local(event.occurred_at, told.zone)})"
    return text


def _plans(told: BillHistory, about: list[Told]) -> Iterator[Entry]:
    """One line per plan: the stages of one epoch, behind the event that made it begin."""
    for epoch, (at, index) in begun(told, about).items():
        group = [kept for kept in told.kept if kept.reminder.epoch == epoch]
        stages = ", ".join(_placed(told, kept) for kept in group if _answered(kept) is None)
        verb = "planned anew" if epoch else "planned"
        if stages:
            text = f"{verb} by {group[0].policy}: {stages}"
            yield Entry(at, "plan", "", text, (_EVENT, index, 2))


def _placed(told: BillHistory, kept: Kept) -> str:
    """A stage with its hour, or why it has none."""
    at = wording.local(kept.reminder.due_at, told.zone)[5:]
    flag = kept.reminder.flag
    return f"{kept.reminder.stage} {at}{f' ({wording.reason_words(flag)})' if flag else ''}"


def _answered(kept: Kept) -> str | None:
    """What a reminder of an event rule answers, in words; None for a stage of the plan."""
    name = kept.reminder.stage.removeprefix("on-")
    return None if name == kept.reminder.stage else _ANSWERS.get(Trigger(name), name)


def _of_reminder(told: BillHistory, kept: Kept, index: int) -> Iterator[Entry]:
    """Deferrals and attempts of one reminder; first of all, what it answers."""
    reminder_id, stage = kept.reminder.reminder_id, kept.reminder.stage
    past = told.attempts.get(reminder_id, ())
    why = _answered(kept)
    if why is not None and kept.reminder.due_at <= told.now:
        backup = _by_backup(told, kept)
        yield Entry(kept.reminder.due_at, "plan", stage, f"{why}{backup}", (_OWN, index, 0))
    for decided in told.decisions.get(reminder_id, ()):
        if decided.outcome == "defer":
            before = sum(1 for each in past if each.attempt.submitted_at <= decided.at)
            text = wording.deferral_words(decided.reason, decided.checks, told.zone)
            yield Entry(decided.at, "decision", stage, text, (_OWN, index, before * 100 + 80))
        yield from _passed_over(decided, past, stage, index)
    for step in steps(told, kept):
        order = (_OWN, index, step.attempt * 100 + step.number)
        yield Entry(step.at, step.kind, stage, step.text, order)


def _passed_over(
    decided: Decided, past: Sequence[KeptAttempt], stage: str, index: int
) -> Iterator[Entry]:
    """The channels whose words were refused before another one was used."""
    if decided.outcome != "send":
        return
    before = sum(1 for each in past if each.attempt.submitted_at < decided.at)
    for check in decided.checks:
        if check.rule.startswith(WORDS_RULE):
            channel = wording.channel_words(check.rule.removeprefix(WORDS_RULE))
            text = f"{channel} not sent: its text could not be written ({check.saw})"
            yield Entry(decided.at, "decision", stage, text, (_OWN, index, before * 100 + 90))


def _by_backup(told: BillHistory, kept: Kept) -> str:
    rule = told.policies[kept.policy].event_rule(kept.reminder.stage)
    return ", answered by a backup channel" if rule is not None and rule.backup else ""


def _ends(told: BillHistory, about: list[Told]) -> Iterator[Entry]:
    """One line for all that ended at one instant for one reason."""
    groups: dict[tuple[datetime, tuple[int, int, int], str], list[str]] = {}
    for number, kept in enumerate(told.kept):
        if kept.state in OPEN:
            continue
        at, cause = ended_by(told, about, kept)
        order = (_OWN, number, 10_000) if cause is None else (_EVENT, cause, 1)
        text = _end_words(told, kept)
        same = next((key for key in groups if (key[0], key[2]) == (at, text)), (at, order, text))
        groups.setdefault(same, []).append(kept.reminder.stage)
    for (at, order, text), stages in groups.items():
        yield Entry(at, "end", ", ".join(stages), text, order)


def _end_words(told: BillHistory, kept: Kept) -> str:
    text = wording.end_words(kept.state, kept.reason)
    if kept.reason == Reason.CONTENT and (last := last_decision(told, kept)):
        first = next((each for each in last.checks if each.rule.startswith(WORDS_RULE)), None)
        text += f" ({(first or last.checks[-1]).saw})"
    return text
