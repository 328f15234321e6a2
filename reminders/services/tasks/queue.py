"""The queue as people see it: what is to do, whose it is, what to say and whom to reach."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy import Connection

from reminders.domain.human_task import Task, TaskKind
from reminders.ledger import contact_points, tasks
from reminders.ledger.tasks import Acted
from reminders.services.resources import Resources
from reminders.services.tasks.errors import UnknownTask


@dataclass(frozen=True, slots=True)
class Shown:
    """One task with what a person needs for it. `addresses`: by channel, for its owner alone."""

    task: Task
    acts: Sequence[Acted]
    text: str = field(repr=False)
    addresses: Mapping[str, str] = field(default_factory=dict, repr=False)


def find_in(connection: Connection, task_id: str) -> Task:
    """The task of this id. Raises `UnknownTask`."""
    try:
        found = tasks.one(connection, UUID(task_id))
    except ValueError:
        found = None
    if found is None:
        raise UnknownTask(f"no task is called {task_id[:64]!r}: `reminders task list`")
    return found


def listed(
    resources: Resources, kind: TaskKind | None = None, owner: str = "", size: int = 200
) -> list[Task]:
    """What is still to do, due first at the head."""
    with resources.engine.connect() as connection:
        return tasks.pending(connection, size, kind or "", owner)


def waiting(resources: Resources) -> dict[TaskKind, tuple[int, int]]:
    """How many tasks of each kind wait, and how many of these are overdue."""
    with resources.engine.connect() as connection:
        return tasks.counts(connection, resources.clock.now())


def show(resources: Resources, task_id: str, *, reveal_to: str = "") -> Shown:
    """One task with its history and text, and to its owner the addresses. Raises `UnknownTask`."""
    with resources.engine.connect() as connection:
        task = find_in(connection, task_id)
        acts = tasks.acts_of(connection, task)
        sealed = tasks.said(connection, task)
        mine = bool(reveal_to) and task.owner == reveal_to
        points = contact_points.addresses(connection, [task.customer_id]) if mine else {}
    open_ = resources.ring.open
    text, sender = _words(open_(*sealed)) if sealed else ("", "")
    addresses = {
        channel: open_(key, body).decode() for (_, channel), (_, key, body) in points.items()
    }
    if mine and sender:  # who wrote is none of our customers
        addresses["sender"] = sender
    return Shown(task, acts, text, addresses)


def _words(opened: bytes) -> tuple[str, str]:
    """What the customer is to be told or has written, and who wrote it where that is nobody's."""
    try:
        found = json.loads(opened)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        return opened.decode("utf-8", "replace"), ""
    return str(found.get("text", "")), str(found.get("sender", ""))
