"""What we stand still ourselves makes no provider look slow or dead."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from typing import cast

import pytest

from channels.fleet import Fleet
from channels.health import Call
from reminders.domain.outcome import Accepted, Outcome, Transient, Uncertain
from reminders.services import flight
from reminders.services.flight import Flight
from reminders.services.record import Result
from reminders.services.resources import Resources
from reminders.services.standstill import LATE_S, SHORTEST_S, Standstill
from tests.unit.services.test_deliver import Lane, Run, _attempt, _due, _kept, run

__all__ = ["run"]  # the fixture

STALL_S, SLOW_S = 1.6, 1.2  # far apart from what a busy machine takes for nothing


class Stalled(Lane):
    """A lane whose ledger stalls as it records the first call that is over."""

    def record(self, resources: Resources, results: Sequence[Result]) -> set[str]:
        if results and not self.recorded:
            time.sleep(STALL_S)
        return super().record(resources, results)


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[Call]:
    """What is told of providers."""
    calls: list[Call] = []
    monkeypatch.setattr(flight, "slow_after", lambda facts: SLOW_S)
    monkeypatch.setattr(Fleet, "note", lambda self, noted: calls.extend(noted))
    return calls


def lane_of(outcome: Outcome, *, takes_s: float) -> Stalled:
    """Two calls: one is over at once; the other long after that is landed, or meanwhile."""
    lane = Stalled(_due(2))
    first = str(_attempt(_kept(1)).attempt.attempt_id)

    async def say(key: str) -> Outcome:
        if key == first:
            return Accepted("at once")
        await asyncio.sleep(takes_s)
        return outcome

    lane.say = lambda message: say(message.idempotency_key)
    return lane


def test_a_ledger_that_stalls_is_no_slowness_of_a_provider(run: Run, told: list[Call]) -> None:
    lane = lane_of(Accepted("ref"), takes_s=0.6)
    run(lane)
    assert len(lane.recorded) == 2
    assert [each.outcome for each in told] == [Accepted("at once"), Accepted("ref")]
    assert max(each.seconds for each in told) < SLOW_S


def test_what_timed_out_because_nobody_listened_is_not_told(run: Run, told: list[Call]) -> None:
    lane = lane_of(Uncertain("no answer"), takes_s=0.6)
    lane.capabilities = replace(lane.capabilities, timeout=timedelta(seconds=1.5))
    run(lane)
    assert [each.outcome for each in lane.recorded] == [Accepted("at once"), Uncertain("no answer")]
    assert [each.outcome for each in told] == [Accepted("at once")]


def test_one_that_hangs_is_told_of_all_the_same(
    run: Run, told: list[Call], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(flight, "slow_after", lambda facts: 0.3)
    lane = lane_of(Uncertain("no answer"), takes_s=STALL_S + 1.8)
    run(lane)
    assert len(told) == 2
    assert told[-1].outcome is None


@pytest.mark.parametrize("stall_s", [0.0, 0.9])
def test_a_connection_that_nobody_had_time_for_is_no_fault(
    run: Run, told: list[Call], stall_s: float
) -> None:
    """The loop runs, and stands still all the same: the machine is too small for what it does."""
    lane = Lane(_due(2))
    lane.capabilities = replace(lane.capabilities, timeout=timedelta(seconds=2))
    first = str(_attempt(_kept(1)).attempt.attempt_id)
    given_up = Transient("connect: timed out")

    async def say(key: str) -> Outcome:
        if key != first:
            await asyncio.sleep(1.0 if stall_s else 3.0)
            return given_up
        await asyncio.sleep(0.05)
        time.sleep(stall_s)  # whatever holds up the loop
        return Accepted("at once")

    lane.say = lambda message: say(message.idempotency_key)
    run(lane)
    assert len(lane.recorded) == 2
    bad = [each for each in told if each.outcome != Accepted("at once")]
    assert len(bad) == (0 if stall_s else 1)


@pytest.mark.parametrize(
    ("seconds", "whole", "excused"),
    [(5.0, 5.0, False), (4.8, 5.1, False), (1.9, 5.1, True), (1.9, 4.9, False), (1.9, 10.1, True)],
)
def test_what_is_given_up_after_half_the_time_is_a_connection(
    seconds: float, whole: float, excused: bool
) -> None:
    facts = replace(Lane.capabilities, timeout=timedelta(seconds=10))
    fleet = SimpleNamespace(by_name={"gateway": SimpleNamespace(capabilities=facts)})
    resources = cast("Resources", SimpleNamespace(fleet=fleet))
    loop = asyncio.new_event_loop()
    given_up = Transient("connect: timed out")
    assert Flight(resources, loop)._cut_short("gateway", given_up, seconds, whole) is excused
    loop.close()


def test_all_in_which_the_loop_came_late_is_taken_off() -> None:
    now = 100.0
    still = Standstill(lambda: now)
    for due_at, came_at in ((101.0, 101.4), (102.0, 102.0 + LATE_S / 2), (103.0, 103.5)):
        now = came_at
        still.beat(due_at)
    now = 104.0
    assert still.seconds_since(100.0) == pytest.approx(4.0 - 0.4 - 0.5)
    assert still.seconds_since(103.2) == pytest.approx(0.8 - 0.3)
    assert still.seconds_since(103.6) == pytest.approx(0.4)


def test_only_the_latest_standstill_of_a_call_is_taken_off_its_time() -> None:
    now = 100.0
    still = Standstill(lambda: now)

    def runs(until: float) -> float:
        nonlocal now
        now = until
        return until

    async def nothing() -> float:
        return 0.0

    def run_until(until: float) -> None:
        coroutine = nothing()
        still.run(lambda _: runs(until), coroutine)
        coroutine.close()

    run_until(101.0)  # a call begins at 100.5
    assert still.seconds_since(100.5) == pytest.approx(0.5)
    now = 104.0
    run_until(104.5)
    assert still.seconds_since(100.5) == pytest.approx(1.0)
    assert still.seconds_since(104.2) == pytest.approx(0.3)
    now += SHORTEST_S / 2  # nothing to speak of
    run_until(105.0)
    assert still.seconds_since(100.5) == pytest.approx(1.5)
    now = 107.0
    run_until(107.5)
    assert still.seconds_since(100.5) == pytest.approx(5.0)
