"""Housekeeping: next months' partitions are made before they are wanted."""

from __future__ import annotations

import structlog

from reminders.ledger import locks, schema
from reminders.services.resources import Resources

log = structlog.get_logger(__name__)


def partitions(resources: Resources) -> list[str]:
    """Make the partitions around the business clock's month that are missing."""
    now = resources.clock.now()
    made = locks.in_transaction(
        resources.engine, lambda connection: schema.ensure_partitions(connection, now)
    )
    if made:
        log.info("partitions made", count=len(made), last=made[-1])
    return made
