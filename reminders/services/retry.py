"""Brings retries forward: what waits for its time is due now, through the gate like all else.

A refused try begins again at once. A try whose answer is missing is asked about at once where
its provider can be asked; it is never sent again blindly. What has ended stays as it ended.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import Connection

from channels.contract import WhenUncertain
from reminders.domain.identity import month_of
from reminders.domain.outcome import AttemptState
from reminders.ledger import attempts, history, locks, reopening
from reminders.ledger.history import RETRIED_BY_HAND
from reminders.ledger.reopening import Waiting, Wanted
from reminders.services.resources import Resources

_LONGEST_STAGE = timedelta(days=62)


@dataclass(slots=True)
class Retried:
    """What matched, and what of it was made due (nothing, on a dry run)."""

    found: list[Waiting] = field(default_factory=list)
    due: int = 0
    ended: Mapping[tuple[str, str], int] = field(default_factory=dict)  # (state, reason) → count
    next_stage_at: datetime | None = None  # of the bill that was named


def retry(resources: Resources, wanted: Wanted, *, dry_run: bool = False) -> Retried:
    """Make due now what waits and matches; a batch of customers per transaction."""
    now = resources.clock.now()
    retried = Retried()
    with resources.engine.connect() as connection:
        customers = history.customers_of(connection, wanted.bill) if wanted.bill else None
        retried.found = reopening.waiting(connection, wanted, customers, now)
        first = month_of(now - _LONGEST_STAGE)
        retried.ended = reopening.ended(connection, wanted, customers, now, first)
        if customers is not None:
            retried.next_stage_at = history.next_at(connection, customers, wanted.bill, now)
    if dry_run:
        return retried
    lanes: set[str] = set()
    ids = sorted({each.customer_id for each in retried.found})
    for batch in _batches(ids, resources.limits.batch):
        woken = _wake_batch(resources, wanted, batch, now)
        retried.due += len(woken)
        lanes.update(each.lane for each in woken)
    for lane in sorted(lanes):
        resources.wake.deliver(lane)
    return retried


def asks(resources: Resources, channel: str) -> bool:
    """True if a missing answer of this channel's provider can be asked for."""
    found = resources.fleet.by_channel.get(channel, ())
    return any(each.capabilities.when_uncertain is WhenUncertain.ASK for each in found)


def _batches(ids: Sequence[int], size: int) -> list[Sequence[int]]:
    return [ids[start : start + size] for start in range(0, len(ids), size)]


def _wake_batch(
    resources: Resources, wanted: Wanted, customers: Collection[int], now: datetime
) -> list[Waiting]:
    def work(connection: Connection) -> list[Waiting]:
        locked = locks.lock(connection, customers)
        found = reopening.waiting_of(connection, wanted, locked, now)
        reopening.make_due(connection, found, now)
        attempts.EVENTS.insert(connection, [_line(each, now) for each in found])
        return found

    return locks.in_transaction(resources.engine, work)


def _line(each: Waiting, now: datetime) -> tuple[object, ...]:
    """Who reads the attempt's history later is to see that a person stepped in."""
    state = AttemptState(each.state)
    return (each.customer_id, each.month, each.attempt_id, state, RETRIED_BY_HAND, now)
