"""Receipts that nobody can apply: kept as dead letters, each with its reason."""

from __future__ import annotations

from datetime import datetime
from hashlib import sha256

import structlog
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from reminders.domain.identity import NOBODY, make_id, month_of
from reminders.ledger import dead_letters, locks, provider_refs
from reminders.ledger.dead_letters import DeadLetter, Fault, Origin
from reminders.services import parking
from reminders.services.callbacks import Callback
from reminders.services.resources import Resources

log = structlog.get_logger(__name__)


def refused(callback: Callback, reason: str, now: datetime) -> tuple[DeadLetter, bytes]:
    """The dead letter of a callback, and what it says."""
    digest = sha256(callback.body).hexdigest()
    dead_id = make_id(month_of(now), NOBODY, callback.provider, reason, digest)
    log.warning("receipt refused", provider=callback.provider, reason=reason, dead=str(dead_id))
    letter = DeadLetter(
        dead_id, Origin.RECEIPTS, Fault.RECEIPT, reason, callback.provider, callback.entry, now
    )
    return letter, callback.body


def at_fault(error: DBAPIError) -> bool:
    """The data itself is: no value, no partition, a row too long. No time-out says so."""
    return (getattr(error.orig, "sqlstate", None) or "").startswith(("22", "23", "54"))


def why_refused(error: DBAPIError) -> str:
    lines = str(error.orig).splitlines() or [type(error.orig).__name__]
    return f"the database refused it: {lines[0]}"


def refuse_outlived(resources: Resources, now: datetime) -> int:
    """Give up a batch of those that were parked for too long; how many."""
    before, most = now - parking.KEPT, resources.limits.batch

    def work(connection: Connection) -> int:
        lines = provider_refs.outlived(connection, before, most)
        dead = [
            refused(
                Callback("parked", line.split()[0], line.encode()), "its message is unknown", now
            )
            for line in lines
        ]
        dead_letters.keep(connection, resources.ring, dead)
        return len(dead)

    return locks.in_transaction(resources.engine, work)
