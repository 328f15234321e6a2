"""One planned contact and the states it goes through."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from reminders.domain.errors import IllegalTransition
from reminders.domain.kinds import MessageKind
from reminders.domain.outcome import AttemptState
from reminders.domain.policy import Confirm, Urgency
from reminders.domain.record import record


class ReminderState(StrEnum):
    PLANNED = "planned"
    CONTACTING = "contacting"
    SATISFIED = "satisfied"
    SUPPRESSED = "suppressed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    EXHAUSTED = "exhausted"


_S = ReminderState
TERMINAL = frozenset({_S.SATISFIED, _S.SUPPRESSED, _S.CANCELLED, _S.EXPIRED, _S.EXHAUSTED})
OPEN = frozenset({_S.PLANNED, _S.CONTACTING})

REMINDER_TRANSITIONS: dict[ReminderState, frozenset[ReminderState]] = {
    _S.PLANNED: TERMINAL | {_S.CONTACTING},
    _S.CONTACTING: TERMINAL,
    **{state: frozenset() for state in TERMINAL},
}


def move(current: ReminderState, wanted: ReminderState) -> ReminderState:
    """Return `wanted` if allowed from `current` (or equal to it while open); else raise."""
    if wanted is current and current in OPEN:
        return wanted
    if wanted not in REMINDER_TRANSITIONS[current]:
        raise IllegalTransition(f"a reminder cannot go from {current} to {wanted}")
    return wanted


@record
class Reminder:
    """One planned contact: (customer, bill, stage, epoch). `expires_at` ends its use."""

    reminder_id: UUID
    customer_id: int
    month: int
    bill_id: str
    stage: str
    epoch: int
    kind: MessageKind
    urgency: Urgency
    due_at: datetime
    expires_at: datetime
    flag: str = ""  # why no legal hour lies in its use: told when the bill arrives


class Cause(StrEnum):
    """Why an attempt was made."""

    FIRST = "first"
    RETRY = "retry"
    FAILED = "failed"  # the rung before failed
    UNCONFIRMED = "unconfirmed"  # the rung before was silent


@record
class Attempt:
    """One send on one rung. `confirm_by` ends the wait for what `confirm` asks."""

    attempt_id: UUID
    number: int
    channel: str
    provider: str
    state: AttemptState
    confirm: Confirm
    cause: Cause
    submitted_at: datetime
    confirm_by: datetime
    retry_at: datetime | None = None
    reason: str = ""
