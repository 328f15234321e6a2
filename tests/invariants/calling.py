"""A reminder as a ledger keeps it, and the attempt that comes of a call's answer."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from reminders.domain.decision import Send
from reminders.domain.escalation import failures
from reminders.domain.identity import make_id
from reminders.domain.outcome import AttemptState, Outcome, Permanent, Transient, Unsent
from reminders.domain.policy import RetryRule
from reminders.domain.reminder import Attempt, Reminder, ReminderState
from reminders.domain.retrying import retry_at
from tests.invariants.life import Answer, Fate
from tests.invariants.trace import Key

_PATIENCE = 3  # so many calls in a row that never began; the next one counts as refused
_SWEEP = timedelta(minutes=1)
_STATES = {
    Answer.ACCEPTED: AttemptState.ACCEPTED,
    Answer.UNCERTAIN: AttemptState.UNCERTAIN,
    Answer.UNSENT: AttemptState.RELEASED,
}
_OUTCOMES: dict[Answer, Outcome] = {
    Answer.BUSY: Transient("busy"),
    Answer.BARRED: Permanent("barred"),
    Answer.DEAD: Permanent("unknown", dead_contact=True),
    Answer.UNSENT: Unsent("too late"),
}


@dataclass(slots=True)
class Row:
    """One reminder and its attempts so far."""

    who: str
    reminder: Reminder
    state: ReminderState
    reason: str
    next_at: datetime
    attempts: list[Attempt] = field(default_factory=list)

    @property
    def key(self) -> Key:
        return Key(self.who, self.reminder.bill_id, self.reminder.stage, self.reminder.epoch)

    @property
    def open(self) -> bool:
        return self.state in (ReminderState.PLANNED, ReminderState.CONTACTING)


def answer_of(row: Row, fate: Fate, channel: str) -> Answer:
    """In-app needs no call. Calls that never begin, one after the other, count as refused."""
    if channel == "in_app":
        return Answer.ACCEPTED
    latest = [each.state for each in row.attempts[-_PATIENCE:]]
    if fate.answer is Answer.UNSENT and latest == [AttemptState.RELEASED] * _PATIENCE:
        return Answer.BUSY
    return fate.answer


def attempted(row: Row, decision: Send, answer: Answer, rule: RetryRule, now: datetime) -> Attempt:
    """The attempt as it stands once the call has ended, as `services.record` writes it."""
    reminder, channel, number = row.reminder, decision.rung.channel, len(row.attempts) + 1
    state = _STATES.get(answer, AttemptState.FAILED)
    again_at = None
    if answer in _OUTCOMES:
        failed = failures(row.attempts, channel) + (state is AttemptState.FAILED)
        again_at = retry_at(_OUTCOMES[answer], failed, now, reminder.expires_at, rule)
    if answer is Answer.UNSENT and again_at is not None:
        again_at = now + _SWEEP
    return Attempt(
        attempt_id=make_id(reminder.month, reminder.customer_id, reminder.reminder_id, number),
        number=number,
        channel=channel,
        provider="story",
        state=state,
        confirm=decision.rung.confirm,
        cause=decision.cause,
        submitted_at=now,
        confirm_by=now + decision.rung.confirm_within,
        retry_at=again_at,
    )
