"""What beat does for the queue: what is over leaves it, and the lender's system is told of it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog

from channels.transport import AiohttpTransport
from channels.webhook.posting import event_body, post_event
from channels.webhook.signing import key_of
from reminders.domain.human_task import Task, TaskAct
from reminders.domain.outcome import Accepted
from reminders.ledger import locks, tasks
from reminders.services.resources import Resources
from reminders.services.tasks.acts import expire
from reminders.services.tasks.moot import over

log = structlog.get_logger(__name__)
BATCH = 500
_AT_ONCE = 10
_TIMEOUT = timedelta(seconds=10)
_EVENTS = {TaskAct.TELL_MADE: "task.made", TaskAct.TELL_OVERDUE: "task.overdue"}


@dataclass(frozen=True, slots=True)
class Receiver:
    """The lender's own system, by its operator's word: it may well be on a private address.
    `secrets`: whsec_… keys, newest first, with spaces between."""

    url: str
    secrets: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Tended:
    """How many tasks ended by themselves, and of how many the lender's system was told."""

    expired: int = 0
    told: int = 0


def tend(resources: Resources, receiver: Receiver | None) -> Tended:
    """End what is over, then tell of what was made and of what is overdue.

    Nothing is lost: a telling is written down once it was taken, and done again until then. It
    has one id per task, by which a receiver knows a second one.
    """
    expired = _expire(resources)
    told = sum(_tell(resources, receiver, act) for act in _EVENTS) if receiver else 0
    if expired or told:
        log.info("tasks tended", expired=expired, told=told)
    return Tended(expired, told)


def _expire(resources: Resources) -> int:
    ended = 0
    last: Task | None = None
    while True:
        with resources.engine.connect() as connection:
            page = tasks.pending(connection, BATCH, past=last)
            gone = over(resources, connection, page)
        ended += sum(
            _expire_one(resources, task, gone[task.task_id])
            for task in page
            if task.task_id in gone
        )
        if len(page) < BATCH:
            return ended
        last = page[-1]


def _expire_one(resources: Resources, task: Task, why: str) -> bool:
    return locks.in_transaction(
        resources.engine, lambda connection: expire(resources, connection, task, why)
    )


def _tell(resources: Resources, receiver: Receiver, act: TaskAct) -> int:
    now = resources.clock.now()
    due_before = now if act is TaskAct.TELL_OVERDUE else None
    with resources.engine.connect() as connection:
        untold = tasks.untold(connection, act, due_before, BATCH)
    if not untold:
        return 0
    taken = asyncio.run(_post_all(receiver, act, untold, now))
    with resources.engine.begin() as connection:
        tasks.keep_acts(connection, taken, act, "webhook", now)
    return len(taken)


async def _post_all(
    receiver: Receiver, act: TaskAct, untold: Sequence[Task], now: datetime
) -> list[Task]:
    """Those of the tasks that the receiver took. Once it takes none of several the rest waits for
    the next tick: who does not answer is not asked five hundred times."""
    keys = [key_of(each) for each in receiver.secrets.split()]
    transport = AiohttpTransport(_AT_ONCE, _TIMEOUT, max_body=4_096)
    taken: list[Task] = []
    try:
        for first in range(0, len(untold), _AT_ONCE):
            some = untold[first : first + _AT_ONCE]
            outcomes = await asyncio.gather(
                *(
                    post_event(
                        transport,
                        receiver.url,
                        keys,
                        f"{task.task_id}.{act}",
                        event_body(_EVENTS[act], "reminders", now, _facts(task)),
                    )
                    for task in some
                )
            )
            took = [isinstance(outcome, Accepted) for outcome in outcomes]
            taken += [task for task, good in zip(some, took, strict=True) if good]
            for outcome in outcomes:
                if not isinstance(outcome, Accepted):
                    log.warning("task not told, the next tick tries again", reason=outcome.reason)
            if not any(took):
                break
    finally:
        await transport.close()
    return taken


def _facts(task: Task) -> dict[str, object]:
    """What a receiver is told: references alone, no name, no address, no text."""
    return {
        "task_id": str(task.task_id),
        "kind": task.kind,
        "customer_id": task.ref,
        "bill_id": task.bill_id,
        "state": task.state,
        "owner": task.owner,
        "due_at": task.due_at.isoformat(),
        "made_at": task.made_at.isoformat(),
    }
