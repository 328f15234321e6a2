"""The sender: claims due reminders of a lane, passes them through the gate, sends, records."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta

import structlog

from channels.fleet import Budget
from reminders.ledger import locks, reminders
from reminders.ledger.reminders import Kept
from reminders.services.flight import Flight
from reminders.services.gate import gate
from reminders.services.gate_work import Passed
from reminders.services.record import record
from reminders.services.resources import Resources

log = structlog.get_logger(__name__)
_NO_CALL = timedelta(0)
CLAIM_SECONDS = 20  # a claim is no larger than what its provider takes in this time


@dataclass(slots=True)
class Delivered:
    """What one run of a lane did."""

    claimed: int = 0
    decided: int = 0
    sent: int = 0
    asked: int = 0


@dataclass
class _Run:
    """One run of a lane, with the calls that are on their way across its claims."""

    resources: Resources
    lane: str
    flight: Flight
    total: Delivered = field(default_factory=Delivered)


def deliver(resources: Resources, lane: str, loop: asyncio.AbstractEventLoop) -> Delivered:
    """Work off what is due in `lane` for `limits.run_for`, then leave the rest to another run.

    `loop` belongs to this process alone and keeps the providers' connections between runs.
    """
    run = _Run(resources, lane, Flight(resources, loop))
    total = run.total
    try:
        if _claims(run):
            resources.wake.deliver(lane)
    finally:
        # Whatever happened, what providers said of calls that were begun is recorded.
        while run.flight:
            _record(run)
    if total.claimed:
        log.info(
            "lane delivered",
            lane=lane,
            claimed=total.claimed,
            decided=total.decided,
            sent=total.sent,
            asked=total.asked,
        )
    return total


def _claims(run: _Run) -> bool:
    """Claim after claim until nothing moves; True if the time was up before."""
    stop_at = time.monotonic() + run.resources.limits.run_for.total_seconds()
    while True:
        started = time.monotonic()
        claimed = _claim(run.resources, run.lane)
        run.total.claimed += len(claimed)
        progressed = _work_off(run, claimed, started)
        if not claimed or not progressed:
            return False
        if time.monotonic() >= stop_at:
            return True


def _claim(resources: Resources, lane: str) -> list[Kept]:
    size = resources.limits.batch  # of a lane without a provider: its reminders go elsewhere
    if lane in resources.fleet.by_channel:
        size = min(size, int(resources.fleet.rate_per_s(lane) * CLAIM_SECONDS) or 1)
    now = resources.clock.now()
    return locks.in_transaction(
        resources.engine,
        lambda connection: reminders.claim(connection, lane, now, size, resources.limits.lease),
    )


def _work_off(run: _Run, claimed: Sequence[Kept], started: float) -> bool:
    """Gate and send a claim, as many at a time as can start at once; False if nothing moved."""
    fleet = run.resources.fleet
    lease_ends = started + run.resources.limits.lease.total_seconds()
    longest = max((each.capabilities.timeout for each in fleet.by_name.values()), default=_NO_CALL)
    start_by = lease_ends - longest.total_seconds()
    at_once = fleet.concurrency(run.lane) or len(claimed)
    left = list(claimed)
    busy: list[Kept] = []
    decided = run.total.decided
    while left:
        if run.flight:
            _record(run)
        wanted = min(len(left), at_once - len(run.flight))
        budget = _granted(run, wanted, start_by) if wanted else Budget()
        if time.monotonic() >= start_by:
            break
        if most := budget.most(wanted):
            passed = _gate_and_start(run, left[:most], budget, start_by)
            busy.extend(passed.busy)
            left = _with_gathered(left[most:], passed.gathered)
    rest = [*busy, *left]
    if rest:
        locks.in_transaction(
            run.resources.engine, lambda connection: reminders.give_back(connection, rest)
        )
    return run.total.decided > decided


def _with_gathered(left: list[Kept], gathered: Sequence[Kept]) -> list[Kept]:
    """What the gate gathered comes next: by a newer claim, where it is among these already."""
    if not gathered:
        return left
    newer = {each.reminder.reminder_id for each in gathered}
    return [*gathered, *(each for each in left if each.reminder.reminder_id not in newer)]


def _granted(run: _Run, wanted: int, start_by: float) -> Budget:
    """How many may go now by the providers' rates; waits for the next one if none may.

    A lane without a provider is worked off all the same: its reminders go on to other channels.
    """
    fleet = run.resources.fleet
    if run.lane not in fleet.by_channel:
        return Budget({"": wanted})
    budget = fleet.reserve(run.lane, wanted, run.flight.busy)
    if not budget.most(wanted):
        left_s = max(0.0, start_by - time.monotonic())
        run.flight.pause(min(budget.retry_after.total_seconds(), left_s))
    return budget


def _gate_and_start(run: _Run, chunk: Sequence[Kept], budget: Budget, start_by: float) -> Passed:
    """Begin the calls that the gate lets through; what it left to the next sweep is in `busy`."""
    passed = gate(run.resources, chunk, budget)
    now, within = time.monotonic(), run.resources.limits.gate_to_call_max.total_seconds()
    run.flight.start(passed, min(start_by, now + within))
    for lane in sorted(passed.lanes):
        run.resources.wake.deliver(lane)
    run.total.decided += passed.decided
    run.total.sent += len(passed.handovers)
    run.total.asked += len(passed.inquiries)
    return passed


def _record(run: _Run) -> None:
    """Write what the calls that are over led to; no connection is held while they are awaited."""
    for lane in sorted(record(run.resources, run.flight.land())):
        run.resources.wake.deliver(lane)
