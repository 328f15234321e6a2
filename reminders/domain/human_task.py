"""What is left to a person: its kinds, its states, and who may do what with it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from reminders.domain.errors import IllegalTransition


class TaskKind(StrEnum):
    REMINDER = "reminder"  # a rung of a ladder: a person is to reach the customer
    UNREACHABLE = "unreachable"  # no live contact point before a bill is due
    REPLY = "reply"  # a customer wrote something that is neither STOP nor START
    INCIDENT = "incident"
    MESSAGE_REFUSED = "message_refused"  # no channel's words passed: the customer was not told
    WEBHOOK_OFF = "webhook_off"  # a customer's webhook failed for days: they are to be told


class TaskState(StrEnum):
    OPEN = "open"
    TAKEN = "taken"
    DONE = "done"
    EXPIRED = "expired"  # nothing is left to do: the bill is paid, cancelled or replaced


class TaskAct(StrEnum):
    TAKE = "take"
    GIVE_BACK = "give_back"
    DO = "done"
    EXPIRE = "expire"
    TELL_MADE = "told_made"  # the lender's own system was told of it
    TELL_OVERDUE = "told_overdue"


PENDING = frozenset({TaskState.OPEN, TaskState.TAKEN})
TASK_TRANSITIONS: dict[TaskState, dict[TaskAct, TaskState]] = {
    TaskState.OPEN: {
        TaskAct.TAKE: TaskState.TAKEN,
        TaskAct.DO: TaskState.DONE,
        TaskAct.EXPIRE: TaskState.EXPIRED,
    },
    TaskState.TAKEN: {
        TaskAct.GIVE_BACK: TaskState.OPEN,
        TaskAct.DO: TaskState.DONE,
        TaskAct.EXPIRE: TaskState.EXPIRED,
    },
    TaskState.DONE: {},
    TaskState.EXPIRED: {},
}


@dataclass(frozen=True, slots=True)
class Task:
    """One thing for a person. `owner` is who has taken it, "" while nobody has."""

    task_id: UUID
    customer_id: int
    ref: str  # what billing calls the customer; "" where it is about none
    kind: TaskKind
    bill_id: str
    reminder_id: UUID | None
    state: TaskState
    owner: str
    due_at: datetime
    made_at: datetime
    ended_at: datetime | None = None

    def overdue(self, now: datetime) -> bool:
        """True while it is left undone past its time."""
        return self.state in PENDING and self.due_at < now


def after(task: Task, act: TaskAct, actor: str, now: datetime) -> TaskState:
    """The state after `act` by `actor`. Raises `IllegalTransition`, with what stands in the way.

    What another has taken is theirs, until it is overdue: then anybody may give it back.
    """
    wanted = TASK_TRANSITIONS[task.state].get(act)
    others = task.state is TaskState.TAKEN and task.owner != actor
    theirs = act is TaskAct.DO or (act is TaskAct.GIVE_BACK and not task.overdue(now))
    if wanted is None or (others and theirs):
        raise IllegalTransition(f"task {task.task_id} {_stands(task, act)}")
    return wanted


def _stands(task: Task, act: TaskAct) -> str:
    if task.state is TaskState.TAKEN:
        return f"is taken by {task.owner}"
    if task.state is TaskState.OPEN:
        return f"is taken by nobody: there is nothing to {act.replace('_', ' ')}"
    at = f" since {task.ended_at:%Y-%m-%d %H:%M} UTC" if task.ended_at else ""
    by = f" by {task.owner}" if task.state is TaskState.DONE else ""
    return f"is {task.state}{by}{at}"
