"""The task by which people learn of an incident: in their queue, on the page, by the webhook."""

from __future__ import annotations

import json
from datetime import timedelta

from sqlalchemy import Connection

from reminders.domain.human_task import TaskAct, TaskKind, TaskState
from reminders.domain.identity import NOBODY, month_in, month_of
from reminders.ledger import attempts, tasks
from reminders.ledger.incidents import Incident
from reminders.services.resources import Resources

LOOKED_AT_WITHIN = timedelta(minutes=15)  # by a person; later it is overdue


def call(resources: Resources, connection: Connection, incident: Incident) -> None:
    """Make the task of an incident that opens."""
    now = incident.opened_at
    task_id = tasks.make(
        connection, TaskKind.INCIDENT, NOBODY, str(incident.number), now + LOOKED_AT_WITHIN, now
    )
    sealed = resources.ring.seal(json.dumps({"text": _words(incident)}, ensure_ascii=False))
    row = (NOBODY, month_in(task_id), task_id, sealed.key_id, sealed.ciphertext)
    attempts.SECRETS.insert(connection, [row])


def call_off(resources: Resources, connection: Connection, incident: Incident, reason: str) -> None:
    """The incident is over: nobody need take its task. Who has taken it says when it is done."""
    month = month_of(incident.opened_at)
    task_id = tasks.id_of(TaskKind.INCIDENT, NOBODY, month, str(incident.number))
    task = tasks.one(connection, task_id)
    now = resources.clock.now()
    if task is None or task.state is not TaskState.OPEN:
        return
    if tasks.move(connection, task, TaskState.EXPIRED, task.owner, now):
        note = f"the incident is over: {reason}"
        tasks.keep_acts(connection, [task], TaskAct.EXPIRE, "", now, note)


def _words(incident: Incident) -> str:
    what = "all sending is suspended" if incident.channel == "*" else f"{incident.channel} is down"
    return (
        f"Incident {incident.number}: {what}, by {incident.opened_by}: {incident.why}\n"
        f"Whom it touches: reminders incident affected {incident.number}"
    )
