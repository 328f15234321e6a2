"""Take a task, give it back, say that it is done. Two people at once: one wins, one is told."""

from __future__ import annotations

import structlog
from sqlalchemy import Connection

from channels.human_task.provider import done_body
from reminders.domain.errors import IllegalTransition
from reminders.domain.human_task import PENDING, Task, TaskAct, TaskKind, TaskState, after
from reminders.ledger import attempts, locks, tasks
from reminders.services import receipts
from reminders.services.callbacks import Callback
from reminders.services.resources import Resources
from reminders.services.tasks.errors import TaskError
from reminders.services.tasks.moot import held
from reminders.services.tasks.queue import find_in

log = structlog.get_logger(__name__)
_MOST_NOTE = 2_000


def take(resources: Resources, task_id: str, actor: str) -> Task:
    """`actor` works on it from now on. Raises `TaskError`, who has it or why it is over."""

    def work(connection: Connection) -> Task:
        task = find_in(connection, task_id)
        why = held(resources, connection, task) if task.state in PENDING else ""
        if why:
            raise TaskError(f"task {task.task_id} is not to be done now: {why}")
        return _move(resources, connection, task, TaskAct.TAKE, actor, "")

    return locks.in_transaction(resources.engine, work)


def give_back(resources: Resources, task_id: str, actor: str, note: str = "") -> Task:
    """It waits for somebody else. Raises `TaskError`."""
    return locks.in_transaction(
        resources.engine,
        lambda connection: _move(
            resources,
            connection,
            find_in(connection, task_id),
            TaskAct.GIVE_BACK,
            actor,
            note,
        ),
    )


def done(resources: Resources, task_id: str, actor: str, note: str = "") -> Task:
    """It is done; a reminder's attempt is thereby confirmed. Raises `TaskError`.

    The receipt is applied first: should we die in between, the task is still open and doing it
    again changes nothing more.
    """
    now = resources.clock.now()
    with resources.engine.connect() as connection:
        task = find_in(connection, task_id)
    _wanted(task, TaskAct.DO, actor, resources)
    if task.kind is TaskKind.REMINDER:
        body = done_body(str(task.task_id), now)
        if not _confirm(resources, task, body):
            log.error("task is of no attempt", task=str(task.task_id))
    return locks.in_transaction(
        resources.engine,
        lambda connection: _move(
            resources, connection, find_in(connection, task_id), TaskAct.DO, actor, note
        ),
    )


def _confirm(resources: Resources, task: Task, body: bytes) -> bool:
    """Tell it as a receipt of the account that carries the message; False if nobody took it."""
    with resources.engine.connect() as connection:
        carried = attempts.by_id(connection, [task.task_id]).get(task.task_id)
    if carried is None:
        return False
    told = Callback(f"task {task.task_id}", carried.attempt.provider, body)
    return not receipts.apply(resources, [told]).dead


def expire(resources: Resources, connection: Connection, task: Task, why: str) -> bool:
    """Nothing is left to do; False if somebody has changed it meanwhile."""
    now = resources.clock.now()
    if not tasks.move(connection, task, TaskState.EXPIRED, task.owner, now):
        return False
    tasks.keep_acts(connection, [task], TaskAct.EXPIRE, "", now, why)
    return True


def _move(
    resources: Resources,
    connection: Connection,
    task: Task,
    act: TaskAct,
    actor: str,
    note: str,
) -> Task:
    if len(note) > _MOST_NOTE:
        raise TaskError(f"a note has at most {_MOST_NOTE} characters")
    now = resources.clock.now()
    state = _wanted(task, act, actor, resources)
    owner = "" if state is TaskState.OPEN else actor
    ended_at = None if state in PENDING else now
    if not tasks.move(connection, task, state, owner, ended_at):
        # Somebody was quicker, and has committed: say who.
        task = find_in(connection, str(task.task_id))
        _wanted(task, act, actor, resources)
        raise TaskError(f"task {task.task_id} has just been changed: look at it again")
    tasks.keep_acts(connection, [task], act, actor, now, note)
    if state is TaskState.DONE and task.kind is TaskKind.REPLY:
        tasks.close_message(connection, task, actor, now)
    return find_in(connection, str(task.task_id))


def _wanted(task: Task, act: TaskAct, actor: str, resources: Resources) -> TaskState:
    try:
        return after(task, act, actor, resources.clock.now())
    except IllegalTransition as error:
        raise TaskError(str(error)) from None
