"""The sender: claims due reminders of a lane, passes them through the gate, sends, records."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

import structlog

from channels.contract import Channel
from reminders.domain.outcome import Outcome, Transient, Uncertain, Unsent
from reminders.ledger import locks, reminders
from reminders.ledger.reminders import Kept
from reminders.services.gate import Handover, Inquiry, Passed, gate
from reminders.services.record import Result, record
from reminders.services.resources import Resources

log = structlog.get_logger(__name__)
CLAIM_SECONDS = 20  # a claim is no larger than what its provider takes in this time


@dataclass(slots=True)
class Delivered:
    """What one run of a lane did."""

    claimed: int = 0
    decided: int = 0
    sent: int = 0
    asked: int = 0


def deliver(resources: Resources, lane: str, loop: asyncio.AbstractEventLoop) -> Delivered:
    """Work off what is due in `lane` for `limits.run_for`, then leave the rest to another run.

    `loop` belongs to this process alone and keeps the providers' connections between runs.
    """
    total = Delivered()
    channel = resources.channels[lane]
    stop_at = time.monotonic() + resources.limits.run_for.total_seconds()
    while True:
        started = time.monotonic()
        claimed = _claim(resources, lane, channel)
        total.claimed += len(claimed)
        progressed = _work_off(resources, claimed, channel, loop, started, total)
        if not claimed or not progressed:
            break
        if time.monotonic() >= stop_at:
            resources.wake.deliver(lane)
            break
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


def _claim(resources: Resources, lane: str, channel: Channel) -> list[Kept]:
    size = min(resources.limits.batch, int(channel.capabilities.rate_per_s * CLAIM_SECONDS) or 1)
    now = resources.clock.now()
    return locks.in_transaction(
        resources.engine,
        lambda connection: reminders.claim(connection, lane, now, size, resources.limits.lease),
    )


def _work_off(
    resources: Resources,
    claimed: Sequence[Kept],
    channel: Channel,
    loop: asyncio.AbstractEventLoop,
    started: float,
    total: Delivered,
) -> bool:
    """Gate and send a claim, as many at a time as can start at once; False if nothing moved."""
    capabilities = channel.capabilities
    lease_ends = started + resources.limits.lease.total_seconds()
    start_by = lease_ends - capabilities.timeout.total_seconds()
    left = list(claimed)
    busy: list[Kept] = []
    progressed = False
    while left and time.monotonic() < start_by:
        wanted = min(len(left), capabilities.concurrency)
        granted, retry_after = resources.pacer.take(
            channel.name, capabilities.rate_per_s, capabilities.concurrency, wanted
        )
        if not granted:
            if time.monotonic() + retry_after.total_seconds() >= start_by:
                break
            time.sleep(retry_after.total_seconds())
            continue
        chunk, left = left[:granted], left[granted:]
        passed = gate(resources, chunk)
        busy.extend(passed.busy)
        progressed = progressed or passed.decided > 0
        _send_and_record(resources, passed, loop, start_by)
        total.decided += passed.decided
        total.sent += len(passed.handovers)
        total.asked += len(passed.inquiries)
    rest = [*busy, *left]
    if rest:
        locks.in_transaction(
            resources.engine, lambda connection: reminders.give_back(connection, rest)
        )
    return progressed


def _send_and_record(
    resources: Resources, passed: Passed, loop: asyncio.AbstractEventLoop, start_by: float
) -> None:
    """Make the calls with no database connection held, then write what they said."""
    if not passed.handovers and not passed.inquiries:
        return
    begin_by = min(start_by, time.monotonic() + resources.limits.gate_to_call_max.total_seconds())
    results = loop.run_until_complete(_calls(resources, passed, begin_by))
    for lane in sorted(record(resources, results)):
        resources.wake.deliver(lane)


async def _calls(resources: Resources, passed: Passed, begin_by: float) -> list[Result]:
    sends = [_send(resources, handover, begin_by) for handover in passed.handovers]
    asks = [_ask(resources, inquiry) for inquiry in passed.inquiries]
    return list(await asyncio.gather(*sends, *asks))


async def _send(resources: Resources, handover: Handover, begin_by: float) -> Result:
    channel = resources.channels[handover.attempt.attempt.channel]
    outcome: Outcome = await channel.send(replace(handover.message, start_by=begin_by))
    return Result(handover.kept, handover.attempt.attempt.attempt_id, outcome)


async def _ask(resources: Resources, inquiry: Inquiry) -> Result:
    attempt = inquiry.attempt.attempt
    channel = resources.channels[attempt.channel]
    outcome = await channel.ask(str(attempt.attempt_id))
    if outcome is None:
        outcome = Uncertain("the provider cannot say yet")
    elif isinstance(outcome, Unsent):
        # A call was made and led to nothing: a failed try, or a dead line is dialled for ever.
        outcome = Transient("the provider never took it")
    return Result(inquiry.kept, attempt.attempt_id, outcome)
