"""What outcomes say of addresses, and who is told of it: the planner, and for a webhook people."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection

from reminders.domain.customer import ChannelName
from reminders.domain.human_task import TaskKind
from reminders.domain.identity import month_in
from reminders.ledger import attempts, contact_points, tasks
from reminders.ledger.contact_points import Sign, Turned
from reminders.ledger.intake import mark_changed
from reminders.services.resources import Resources

TOLD_WITHIN = timedelta(days=1)  # the customer, by a person


def judge_addresses(
    resources: Resources, connection: Connection, signs: Sequence[Sign], now: datetime
) -> None:
    """Fold outcomes into the health of addresses; whoever lost one, or has one again, is looked
    at. Their customers are locked."""
    turned = contact_points.take_signs(connection, signs, now)
    mark_changed(connection, {each.customer_id for each in turned}, now)
    for each in turned:
        if each.dead and each.channel == ChannelName.WEBHOOK:
            _tell_of_webhook(resources, connection, each, now)


def _tell_of_webhook(
    resources: Resources, connection: Connection, off: Turned, now: datetime
) -> None:
    """A task for people, once for each time that it is switched off: a policy may also write to
    the customer (event rule `contact_dead`), but most do not."""
    since = off.failing_since or now
    name = f"{off.secret_id} {since.isoformat()}"
    due_at = now + TOLD_WITHIN
    task_id = tasks.make(connection, TaskKind.WEBHOOK_OFF, off.customer_id, name, due_at, now)
    words = json.dumps({"text": _words(off.mask, since, now)}, ensure_ascii=False)
    sealed = resources.ring.seal(words)
    row = (off.customer_id, month_in(task_id), task_id, sealed.key_id, sealed.ciphertext)
    attempts.SECRETS.insert(connection, [row])


def _words(mask: str, failing_since: datetime, now: datetime) -> str:
    """For whoever looks after the receiver (Standard Webhooks, "Disabling endpoints")."""
    days = max(1, (now - failing_since).days)
    return (
        f"Webhook {mask} is switched off: no event could be delivered there since"
        f" {failing_since:%Y-%m-%d %H:%M} UTC ({days} days). Nothing more is sent there. Tell the"
        " customer by another channel; once the receiver answers again with a 2xx, give its address"
        " once more to switch it on. Events of the meantime are not sent again."
    )
