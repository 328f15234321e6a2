"""Tasks as JSON, for the command and the door alike."""

from __future__ import annotations

from reminders.domain.human_task import Task
from reminders.services.tasks.queue import Shown


def task_json(task: Task) -> dict[str, object]:
    """A task as JSON: references alone."""
    return {
        "task": str(task.task_id),
        "kind": task.kind,
        "customer": task.ref,
        "bill": task.bill_id,
        "state": task.state,
        "owner": task.owner,
        "due_at": task.due_at.isoformat(),
        "made_at": task.made_at.isoformat(),
        "ended_at": task.ended_at.isoformat() if task.ended_at else None,
    }


def shown_json(found: Shown) -> dict[str, object]:
    """A task with its history, and what was revealed."""
    return {
        **task_json(found.task),
        "text": found.text,
        "addresses": dict(found.addresses),
        "acts": [
            {"act": act.act, "by": act.actor, "note": act.note, "at": act.at.isoformat()}
            for act in found.acts
        ],
    }
