"""A bill's story as of an instant: only what had happened by then.

What was decided, sent and heard is history and told as it was. Facts (balance, holds, preferences)
are those of today: what is foreseen from them says so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from reminders.domain.outcome import AttemptState
from reminders.domain.reminder import OPEN, ReminderState
from reminders.ledger.attempts import KeptAttempt
from reminders.ledger.history import Decided, Line
from reminders.ledger.reminders import Kept
from reminders.services.bill_history import BillHistory
from reminders.services.moments import ended_at, planned_at


def as_of(told: BillHistory, at: datetime) -> BillHistory:
    """The story up to `at` (aware). An instant ahead is allowed: then all of it is told."""
    lines = {
        attempt: [line for line in each if line.at <= at] for attempt, each in told.lines.items()
    }
    attempts = {
        reminder: [
            _then(each, told.lines.get(each.attempt.attempt_id, ()), at)
            for each in made
            if each.attempt.submitted_at <= at
        ]
        for reminder, made in told.attempts.items()
    }
    decisions = {
        reminder: [each for each in made if each.at <= at]
        for reminder, made in told.decisions.items()
    }
    return replace(
        told,
        events=[event for event in told.events if event.received_at <= at],
        kept=[
            _standing(told, kept, at, decisions, attempts)
            for kept in told.kept
            if planned_at(told, kept.reminder.epoch) <= at
        ],
        decisions=decisions,
        attempts=attempts,
        lines=lines,
        receipts={
            attempt: [heard for heard in each if heard.received_at <= at]
            for attempt, each in told.receipts.items()
        },
        confirmations=[each for each in told.confirmations if each.received_at <= at],
        asked_at=at,
    )


def _standing(
    told: BillHistory,
    kept: Kept,
    at: datetime,
    decisions: Mapping[UUID, Sequence[Decided]],
    attempts: Mapping[UUID, Sequence[KeptAttempt]],
) -> Kept:
    """The reminder as it stood: ended if it had ended by then, else as its attempts say."""
    if kept.state not in OPEN and ended_at(told, kept) <= at:
        return kept
    reminder_id = kept.reminder.reminder_id
    made = decisions.get(reminder_id, ())
    state = ReminderState.CONTACTING if attempts.get(reminder_id) else ReminderState.PLANNED
    reason = made[-1].reason if made and made[-1].outcome == "defer" else ""
    return replace(kept, state=state, reason=reason)


def _then(kept: KeptAttempt, lines: Sequence[Line], at: datetime) -> KeptAttempt:
    """The attempt as far as it had come; one without lines was written whole with its gate."""
    if not lines or lines[-1].at <= at:
        return kept
    past = [line for line in lines if line.at <= at]
    state = AttemptState(past[-1].state) if past else AttemptState.SUBMITTED
    reason = past[-1].reason if past else ""
    return replace(kept, attempt=replace(kept.attempt, state=state, reason=reason))
