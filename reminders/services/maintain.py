"""Housekeeping: partitions before they are wanted, parked receipts, addresses to probe again."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timedelta

import structlog
from sqlalchemy import Connection

from reminders.ledger import contact_points, engagement, locks, provider_refs, schema
from reminders.services import receipts
from reminders.services.resources import Resources

log = structlog.get_logger(__name__)
ACTS_KEPT = timedelta(days=400)  # longer than any hour is learned from
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
    """Forget providers' own ids of messages that no receipt speaks of any more, and acts that no
    hour is learned from; how many. For `run_for` at most: the rest waits for the next time."""
    now = resources.clock.now()
    stop_at = time.monotonic() + resources.limits.run_for.total_seconds()
    refs = _in_batches(resources, provider_refs.prune, now - REFS_KEPT, stop_at)
    acts = _in_batches(resources, engagement.prune, now - ACTS_KEPT, stop_at)
    if refs or acts:
        log.info("forgotten", provider_refs=refs, acts=acts)
    return refs + acts


def _in_batches(
    resources: Resources,
    forget: Callable[[Connection, datetime, int], int],
    before: datetime,
    stop_at: float,
) -> int:
    most, total = resources.limits.batch, 0
    while True:
        found = locks.in_transaction(
            resources.engine, lambda connection: forget(connection, before, most)
        )
        total += found
        if found < most or time.monotonic() >= stop_at:
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
