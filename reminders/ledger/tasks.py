"""Tasks for people, and every act on them (append-only).

A task's id carries its month and its customer. A reminder's task has the id of its attempt, a
reply's that of the customer's message: their texts lie in message_secret under the same id.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, text

from reminders.domain.human_task import Task, TaskAct, TaskKind, TaskState
from reminders.domain.identity import customer_in, make_id, month_in, month_of
from reminders.ledger.bulk import Bulk, Row

TASKS = Bulk(
    "human_task",
    {
        "customer_id": "bigint",
        "month": "integer",
        "task_id": "uuid",
        "kind": "text",
        "bill_id": "text",
        "reminder_id": "uuid",
        "due_at": "timestamptz",
        "made_at": "timestamptz",
    },
    conflict="DO NOTHING",
)
_ACTS = Bulk(
    "human_task_act",
    {
        "customer_id": "bigint",
        "month": "integer",
        "task_id": "uuid",
        "act": "text",
        "actor": "text",
        "note": "text",
        "at": "timestamptz",
    },
)
_TASK = (
    "SELECT t.task_id, t.customer_id, coalesce(c.ref, ''), t.kind, t.bill_id, t.reminder_id,"
    " t.state, t.owner, t.due_at, t.made_at, t.ended_at"
    " FROM human_task t LEFT JOIN customer c ON c.customer_id = t.customer_id"
)
_ONE = text(
    f"{_TASK} WHERE t.customer_id = :customer AND t.month = :month AND t.task_id = :task_id"
)
_PENDING = text(
    f"{_TASK} WHERE t.state IN ('open', 'taken')"
    " AND (:kind = '' OR t.kind = :kind) AND (:owner = '' OR t.owner = :owner)"
    " AND (CAST(:due_at AS timestamptz) IS NULL"
    " OR (t.due_at, t.task_id) > (:due_at, CAST(:task_id AS uuid)))"
    " ORDER BY t.due_at, t.task_id LIMIT :size"
)
_COUNTS = text(
    "SELECT kind, count(*), count(*) FILTER (WHERE due_at < :now) FROM human_task"
    " WHERE state IN ('open', 'taken') GROUP BY kind"
)
# Whoever comes second waits for the first, and finds the state that they left.
_MOVE = text(
    "UPDATE human_task SET state = :state, owner = :owner, ended_at = :ended_at"
    " WHERE customer_id = :customer AND month = :month AND task_id = :task_id"
    " AND state = :before AND owner = :owned RETURNING 1"
)
_UNTOLD = text(
    f"{_TASK} LEFT JOIN human_task_act a ON a.customer_id = t.customer_id"
    " AND a.month = t.month AND a.task_id = t.task_id AND a.act = :act"
    " WHERE t.state IN ('open', 'taken') AND a.task_id IS NULL"
    " AND (CAST(:due_before AS timestamptz) IS NULL OR t.due_at < :due_before)"
    " ORDER BY t.due_at, t.task_id LIMIT :size"
)
_ACTS_OF = text(
    "SELECT act, actor, note, at FROM human_task_act WHERE customer_id = :customer"
    " AND month = :month AND task_id = :task_id ORDER BY act_no"
)
_KINDS = text(
    "SELECT r.reminder_id, r.kind FROM unnest(CAST(:customers AS bigint[]),"
    " CAST(:months AS integer[]), CAST(:ids AS uuid[])) AS v (customer_id, month, reminder_id)"
    " JOIN reminder r ON r.customer_id = v.customer_id AND r.month = v.month"
    " AND r.reminder_id = v.reminder_id"
)
_REPLACED = text(
    "SELECT o.task_id FROM unnest(CAST(:customers AS bigint[]), CAST(:ids AS uuid[]),"
    " CAST(:bills AS text[]), CAST(:made_ats AS timestamptz[]))"
    " AS o (customer_id, task_id, bill_id, made_at)"
    " WHERE EXISTS (SELECT 1 FROM human_task n WHERE n.customer_id = o.customer_id"
    " AND n.kind = 'reminder' AND n.bill_id = o.bill_id AND n.made_at > o.made_at)"
)
_SAID = text(
    "SELECT key_id, ciphertext FROM message_secret WHERE customer_id = :customer"
    " AND month = :month AND owner_id = :task_id"
)
_ANSWERED = text(
    "UPDATE inbound_message SET state = 'done', handled_by = :actor, handled_at = :at"
    " WHERE customer_id = :customer AND month = :month AND inbound_no = :task_id"
    " AND state = 'open'"
)


@dataclass(frozen=True, slots=True)
class Acted:
    """One act on a task, as it was written down."""

    act: TaskAct
    actor: str
    note: str
    at: datetime


def rows_for(
    customer_id: int,
    month: int,
    attempt_id: UUID,
    kind: str,
    bill_id: str,
    reminder_id: UUID | None,
    due_at: datetime,
    now: datetime,
) -> Row:
    """The row of `TASKS` for one task, such as a reminder's: its id is then its attempt's."""
    return (
        customer_id,
        month,
        attempt_id,
        TaskKind(kind),
        bill_id,
        reminder_id,
        due_at,
        now,
    )


def id_of(kind: TaskKind, customer: int, month: int, name: str) -> UUID:
    """The id of a task that is about neither an attempt nor a message: the same every time."""
    return make_id(month, customer, "task", kind, name)


def make(
    connection: Connection,
    kind: TaskKind,
    customer: int,
    name: str,
    due_at: datetime,
    now: datetime,
    bill_id: str = "",
    task_id: UUID | None = None,
) -> UUID:
    """Make a task, once for each `name` in a month (or for each `task_id`, such as that of the
    message which it answers); returns its id."""
    made = task_id or id_of(kind, customer, month_of(now), name)
    row = rows_for(customer_in(made), month_in(made), made, kind, bill_id, None, due_at, now)
    TASKS.insert(connection, [row])
    return made


def one(connection: Connection, task_id: UUID) -> Task | None:
    """The task of this id. Raises `ValueError` if it can be none of ours."""
    row = connection.execute(_ONE, _key(task_id)).one_or_none()
    return None if row is None else _task(row)


def pending(
    connection: Connection,
    size: int,
    kind: str = "",
    owner: str = "",
    past: Task | None = None,
) -> list[Task]:
    """Tasks still to do, those due first at the head; '' means any kind, any owner. `past` is the
    last one of the page before."""
    values = {
        "kind": kind,
        "owner": owner,
        "size": size,
        "due_at": past.due_at if past else None,
        "task_id": past.task_id if past else None,
    }
    return [_task(row) for row in connection.execute(_PENDING, values)]


def counts(connection: Connection, now: datetime) -> dict[TaskKind, tuple[int, int]]:
    """How many tasks of each kind are still to do, and how many of them are overdue."""
    rows = connection.execute(_COUNTS, {"now": now})
    return {TaskKind(row[0]): (row[1], row[2]) for row in rows}


def move(
    connection: Connection, task: Task, state: TaskState, owner: str, ended_at: datetime | None
) -> bool:
    """Write the new state; False if somebody else has changed the task meanwhile."""
    values = {
        **_key(task.task_id),
        "before": task.state,
        "owned": task.owner,
        "state": state,
        "owner": owner,
        "ended_at": ended_at,
    }
    return connection.execute(_MOVE, values).one_or_none() is not None


def keep_acts(
    connection: Connection,
    tasks: Collection[Task],
    act: TaskAct,
    actor: str,
    at: datetime,
    note: str = "",
) -> None:
    """Write down that `actor` did this to these tasks."""
    rows = [(*_key(task.task_id).values(), act, actor, note, at) for task in tasks]
    _ACTS.insert(connection, rows)


def close_message(connection: Connection, task: Task, actor: str, at: datetime) -> None:
    """The customer's message that this task was about is dealt with."""
    connection.execute(_ANSWERED, {**_key(task.task_id), "actor": actor, "at": at})


def untold(
    connection: Connection, act: TaskAct, due_before: datetime | None, size: int
) -> list[Task]:
    """Tasks to do of which `act` (a telling) was not done yet; all, or those due before then."""
    values = {"act": act, "due_before": due_before, "size": size}
    return [_task(row) for row in connection.execute(_UNTOLD, values)]


def kinds_of(connection: Connection, tasks: Collection[Task]) -> dict[UUID, str]:
    """What the reminders are about that these tasks are to carry out, by the reminder's id."""
    ids = [task.reminder_id for task in tasks if task.reminder_id is not None]
    values = {
        "customers": [customer_in(each) for each in ids],
        "months": [month_in(each) for each in ids],
        "ids": ids,
    }
    return {row[0]: row[1] for row in connection.execute(_KINDS, values)}


def replaced(connection: Connection, tasks: Collection[Task]) -> set[UUID]:
    """Those of these reminders' tasks after which another was made about the same bill."""
    values = {
        "customers": [task.customer_id for task in tasks],
        "ids": [task.task_id for task in tasks],
        "bills": [task.bill_id for task in tasks],
        "made_ats": [task.made_at for task in tasks],
    }
    return {row[0] for row in connection.execute(_REPLACED, values)}


def acts_of(connection: Connection, task: Task) -> Sequence[Acted]:
    """What was done with a task, in order."""
    rows = connection.execute(_ACTS_OF, _key(task.task_id))
    return [Acted(TaskAct(row[0]), row[1], row[2], row[3]) for row in rows]


def said(connection: Connection, task: Task) -> tuple[str, bytes] | None:
    """(key id, ciphertext) of what the customer is to be told or has written; None if nothing."""
    row = connection.execute(_SAID, _key(task.task_id)).one_or_none()
    return None if row is None else (row[0], row[1])


def _key(task_id: UUID) -> dict[str, Any]:  # Any: bound values
    return {
        "customer": customer_in(task_id),
        "month": month_in(task_id),
        "task_id": task_id,
    }


def _task(row: Any) -> Task:  # Any: SQLAlchemy's rows are untyped
    task_id, customer, ref, kind, bill_id, reminder_id, state, *rest = row
    return Task(
        task_id, customer, ref, TaskKind(kind), bill_id, reminder_id, TaskState(state), *rest
    )
