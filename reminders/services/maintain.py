"""Housekeeping: partitions before they are wanted, parked receipts, addresses to probe again."""

from __future__ import annotations

from datetime import timedelta

import structlog
from sqlalchemy import Connection

from reminders.ledger import contact_points, locks, provider_refs, schema
from reminders.services import receipts
from reminders.services.resources import Resources

log = structlog.get_logger(__name__)
REFS_KEPT = timedelta(days=90)  # carriers give up after days; a late report of theirs after weeks


def partitions(resources: Resources) -> list[str]:
    """Make the partitions around the business clock's month that are missing."""
    now = resources.clock.now()
    made = locks.in_transaction(
        resources.engine, lambda connection: schema.ensure_partitions(connection, now)
    )
    if made:
        log.info("partitions made", count=len(made), last=made[-1])
    return made


def parked(resources: Resources) -> int:
    """Apply receipts that came before their message was recorded; returns how many."""
    applied = receipts.apply_parked(resources)
    return applied.receipts + applied.dead


def prune(resources: Resources) -> int:
    """Forget providers' own ids of messages that no receipt speaks of any more; how many."""
    before, most = resources.clock.now() - REFS_KEPT, resources.limits.batch
    total, found = 0, most
    while found == most:
        found = locks.in_transaction(
            resources.engine, lambda connection: provider_refs.prune(connection, before, most)
        )
        total += found
    if total:
        log.info("ids of providers forgotten", count=total)
    return total


def probe(resources: Resources) -> int:
    """Trust again, for one try, addresses that have been in doubt for long enough."""
    now, most, total = resources.clock.now(), resources.limits.batch, 0

    def work(connection: Connection) -> tuple[int, int]:
        customers = contact_points.in_doubt(connection, now, most)
        held = locks.lock(connection, customers)
        return len(customers), contact_points.probe_again(connection, held, now)

    while True:
        found, probed = locks.in_transaction(resources.engine, work)
        total += probed
        if not probed or found < most:
            break
    if total:
        log.info("addresses to be probed again", count=total)
    return total
