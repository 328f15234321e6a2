"""What became of a reminder's attempts, step by step: handed over, confirmed, silent, next."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from reminders.domain.customer import WRITTEN, ChannelName
from reminders.domain.outcome import AttemptState
from reminders.domain.reminder import Attempt, Cause
from reminders.ledger.attempts import KeptAttempt
from reminders.ledger.history import RETRIED_BY_HAND, Heard, Line
from reminders.ledger.reminders import Kept
from reminders.messages.facts import clean
from reminders.services import wording
from reminders.services.bill_history import BillHistory

_COMPLAINT = "complaint"  # RFC 5965: the mail arrived, and was not wanted
_CALL = timedelta(minutes=5)  # what is said within this of the gate is the call's own answer
_ANSWERS = frozenset(
    {
        AttemptState.ACCEPTED,
        AttemptState.FAILED,
        AttemptState.RELEASED,
        AttemptState.UNCERTAIN,
    }
)
_ARRIVED = frozenset({AttemptState.DELIVERED, AttemptState.READ, AttemptState.ACTED})


@dataclass(frozen=True, slots=True)
class Step:
    """One step; `attempt` and `number` order those of one instant."""

    at: datetime
    kind: str
    text: str
    attempt: int
    number: int


def steps(told: BillHistory, kept: Kept) -> Iterator[Step]:
    """Every step of one reminder's attempts, attempt by attempt."""
    before: Attempt | None = None
    every = told.attempts.get(kept.reminder.reminder_id, ())
    for number, each in enumerate(every, start=1):
        yield from _of_attempt(told, each, before, _given_up_at(every[number:]))
        before = each.attempt


def _given_up_at(later: Sequence[KeptAttempt]) -> datetime | None:
    """When the next channel was used, and took its message; None if that never was."""
    used = (each.attempt for each in later if _took_over(each.attempt))
    return next((attempt.submitted_at for attempt in used), None)


def _took_over(attempt: Attempt) -> bool:
    """As double contacts are counted (`ledger.open_questions`)."""
    if attempt.cause is Cause.UNCONFIRMED:
        return True
    took = attempt.state not in (AttemptState.FAILED, AttemptState.RELEASED)
    return attempt.cause is Cause.FAILED and took and attempt.channel != ChannelName.IN_APP


def _of_attempt(
    told: BillHistory, kept: KeptAttempt, before: Attempt | None, given_up_at: datetime | None
) -> Iterator[Step]:
    attempt = kept.attempt
    lines = list(told.lines.get(attempt.attempt_id, ()))
    answer = None
    if lines and _is_answer(lines[0], attempt):
        answer = lines.pop(0)
    mask = told.masks.get(kept.secret_id, "") if kept.secret_id else ""
    text = f"{opening(attempt, before)}{f' to {mask}' if mask else ''}"
    text += f" — {answer_words(attempt, answer, told.zone)}"
    if others := told.shared.get(attempt.attempt_id):
        text += f", in one message with {', '.join(others)}"
    yield Step(attempt.submitted_at, "attempt", text, attempt.number, 0)
    for number, line in enumerate(lines, start=1):
        words = line_words(attempt, line) + _too_late(told, attempt, line, given_up_at)
        yield Step(line.at, "receipt", words, attempt.number, number)
    yield from _nothing_new(told, attempt)


def _too_late(told: BillHistory, attempt: Attempt, line: Line, given_up_at: datetime | None) -> str:
    """What had happened before this was heard."""
    heard = [each for each in _heard(told, attempt) if _same(line, each)]
    notes = ["after the reminder had ended"] if any(each.late for each in heard) else []
    if (
        given_up_at is not None
        and line.state in _ARRIVED
        and any(each.received_at > given_up_at for each in heard)
    ):
        notes.append("arrived after the next channel was used")
    return f" ({', '.join(notes)})" if notes else ""


def opening(attempt: Attempt, before: Attempt | None) -> str:
    """Which channel, and why it rather than another."""
    channel = wording.channel_words(attempt.channel)
    if before is None:
        return f"{channel} first"
    past = wording.channel_words(before.channel)
    match attempt.cause:
        case Cause.RETRY:
            return f"{channel} again"
        case Cause.UNCONFIRMED:
            waited = wording.length(before.confirm_by - before.submitted_at)
            return f"{past} not confirmed in {waited} → {channel}"
        case Cause.FAILED | Cause.FIRST:
            return f"{past} failed → {channel}"


def answer_words(attempt: Attempt, answer: Line | None, zone: str) -> str:
    """What the call itself came to."""
    provider = attempt.provider
    if attempt.channel in WRITTEN:
        return "in the inbox" if attempt.channel == ChannelName.IN_APP else "given to a person"
    if answer is None:
        sent = attempt.state is not AttemptState.SUBMITTED
        return f"handed to {provider}" if sent else f"on its way to {provider}"
    why = clean(answer.reason)
    match AttemptState(answer.state):
        case AttemptState.FAILED:
            return f"{provider} refused: {why}{_again(attempt, zone)}"
        case AttemptState.RELEASED:
            return f"not sent: {why}{_again(attempt, zone)}"
        case AttemptState.UNCERTAIN:
            why = why.removeprefix("no answer: ").replace("TimeoutError", "timed out")
            return f"no answer from {provider}, it may have arrived ({why})"
        case _:
            return f"handed to {provider}"


def _again(attempt: Attempt, zone: str) -> str:
    if attempt.retry_at is None:
        return ""
    return f"; to be tried again from {wording.local(attempt.retry_at, zone)[11:]}"


_HEARD = {
    AttemptState.DELIVERED: "{channel} delivered",
    AttemptState.READ: "{channel} read",
    AttemptState.ACTED: "{channel} answered by the customer{why}",
    AttemptState.UNDELIVERED: "{channel} not delivered{why}",
    AttemptState.UNCERTAIN: "{channel}: no answer from {provider}, it may have arrived{why}",
    AttemptState.FAILED: "{channel} was refused{why}",
    AttemptState.RELEASED: "{channel} was not sent{why}",
    AttemptState.ACCEPTED: "{channel} was taken by {provider}",
    AttemptState.SUBMITTED: "{channel} was taken by {provider}",
}


def line_words(attempt: Attempt, line: Line) -> str:
    """What was heard of an attempt after its call."""
    channel = wording.channel_words(attempt.channel)
    if line.reason == RETRIED_BY_HAND:
        return f"{channel}: {RETRIED_BY_HAND}"
    if line.state == AttemptState.DELIVERED and line.reason == _COMPLAINT:
        return f"{channel}: the customer reported it as spam"
    why = f": {clean(line.reason)}" if line.reason else ""
    told = _HEARD[AttemptState(line.state)]
    return told.format(channel=channel, provider=attempt.provider, why=why)


def _is_answer(line: Line, attempt: Attempt) -> bool:
    soon = line.at - attempt.submitted_at <= _CALL
    return soon and AttemptState(line.state) in _ANSWERS and line.reason != RETRIED_BY_HAND


def _heard(told: BillHistory, attempt: Attempt) -> Sequence[Heard]:
    return told.receipts.get(attempt.attempt_id, ())


def _same(line: Line, heard: Heard) -> bool:
    return line.at == heard.at and line.state == heard.status


def _nothing_new(told: BillHistory, attempt: Attempt) -> Iterator[Step]:
    """Receipts that came doubled, late or out of order, and moved nothing."""
    lines = told.lines.get(attempt.attempt_id, ())
    for number, heard in enumerate(_heard(told, attempt), start=50):
        if heard.status == AttemptState.ACCEPTED or any(_same(line, heard) for line in lines):
            continue
        status = "not delivered" if heard.status == AttemptState.UNDELIVERED else heard.status
        text = f"a further receipt: {wording.channel_words(attempt.channel)} {status}"
        late = ", after the reminder had ended" if heard.late else ", nothing new"
        yield Step(heard.received_at, "receipt", text + late, attempt.number, number)
