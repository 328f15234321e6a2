"""One run of a lane: calls across gates, what becomes of their results, and when none begins."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest

from channels.contract import Capabilities, Channel, Confirms, Message, WhenUncertain
from channels.fleet import Budget, Fleet
from channels.health import Call
from channels.pacing import Grant
from reminders.domain.identity import make_id
from reminders.domain.kinds import MessageKind
from reminders.domain.outcome import Accepted, AttemptState, Outcome, Uncertain, Unsent
from reminders.domain.policy import Confirm, Urgency
from reminders.domain.reminder import Attempt, Cause, Reminder, ReminderState
from reminders.ledger.attempts import KeptAttempt
from reminders.ledger.reminders import Kept
from reminders.services import deliver as sender
from reminders.services.gate_work import Handover, Inquiry, Passed
from reminders.services.record import Result
from reminders.services.resources import Limits, Resources

NOW = datetime(2026, 3, 10, 4, tzinfo=UTC)
CONCURRENCY = 4


def _kept(number: int) -> Kept:
    reminder = Reminder(
        make_id(202603, number, "r"), number, 202603, f"b{number}", "d-3", 0,
        MessageKind.PRE_DUE, Urgency.NORMAL, NOW, NOW + timedelta(days=1),
    )  # fmt: skip
    return Kept(reminder, ReminderState.PLANNED, "", "default@1", "sms", NOW, "t", 1)


def _attempt(kept: Kept) -> KeptAttempt:
    reminder = kept.reminder
    attempt = Attempt(
        make_id(reminder.month, reminder.customer_id, "a"), 1, "sms", "gateway",
        AttemptState.SUBMITTED, Confirm.DELIVERED, Cause.FIRST, NOW, NOW,
    )  # fmt: skip
    return KeptAttempt(attempt, reminder.reminder_id, 100, False, None)


Say = Callable[[Message], Any]  # Any: an awaitable of an outcome, or an outcome


@dataclass
class Lane:
    """A lane without a database: what is due, how the channel answers, and what was recorded."""

    due: list[Kept]
    say: Say = lambda message: Accepted("ref")
    answer: Outcome | None = None
    gate_breaks_at: int = 0
    moved_to: set[str] = field(default_factory=set)
    woken: list[str] = field(default_factory=list)
    ask: bool = False
    batch_lacks: int = 0
    batch_breaks: bool = False
    grants: list[int] = field(default_factory=list)
    gated: list[int] = field(default_factory=list)
    gated_at: list[float] = field(default_factory=list)
    begin_by: list[float] = field(default_factory=list)
    recorded: list[Result] = field(default_factory=list)
    given_back: int = 0
    in_flight: int = 0
    most_in_flight: int = 0
    all_but_one: asyncio.Event = field(default_factory=asyncio.Event)
    limits: Limits = field(default_factory=Limits)

    name = "gateway"
    capabilities = Capabilities(
        "sms", Confirms.DELIVERED, True, WhenUncertain.ASK, 1000.0, CONCURRENCY,
        timedelta(seconds=5),
    )  # fmt: skip

    async def send(self, message: Message) -> Outcome:
        assert message.start_by is not None
        self.begin_by.append(message.start_by)
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        said = self.say(message)
        outcome = await said if asyncio.iscoroutine(said) else said
        self.in_flight -= 1
        return cast("Outcome", outcome)

    async def send_many(self, messages: Sequence[Message]) -> Sequence[Outcome]:
        if self.batch_breaks:
            raise ValueError("a mistake in a channel")
        return [Accepted("ref")] * (len(messages) - self.batch_lacks)

    async def inquire(self, key: str) -> Outcome | None:
        return self.answer

    def claim(self, *_: object) -> list[Kept]:
        claimed, self.due = self.due, []
        return claimed

    def gate(self, resources: Resources, chunk: Sequence[Kept], budget: Budget) -> Passed:
        self.gated.append(len(chunk))
        if len(self.gated) == self.gate_breaks_at:
            raise RuntimeError("the gate broke")
        passed = Passed(decided=len(chunk), lanes=set(self.moved_to))
        for kept in chunk:
            attempt = _attempt(kept)
            if self.ask:
                passed.inquiries.append(Inquiry(kept, attempt))
            else:
                key = str(attempt.attempt.attempt_id)
                passed.handovers.append(Handover(kept, attempt, Message(key, "+86100", "x", "en")))
        self.gated_at.append(time.monotonic())
        return passed

    def record(self, resources: Resources, results: Sequence[Result]) -> set[str]:
        self.recorded.extend(results)
        if len(self.recorded) == 11:
            self.all_but_one.set()
        return set()

    def take(self, key: str, rate: float, burst: int, wanted: int) -> Grant:
        granted = min(wanted, self.grants.pop(0)) if self.grants else wanted
        return Grant(granted, timedelta(seconds=0.01))

    def hold(self, key: str, for_: timedelta) -> None:
        return None


Run = Callable[[Lane], sender.Delivered]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    loop = asyncio.new_event_loop()

    def _run(lane: Lane) -> sender.Delivered:
        def give_back(*_: object) -> None:
            lane.given_back += 1

        channel = SimpleNamespace(
            name=lane.name,
            capabilities=lane.capabilities,
            send=lane.send,
            send_many=lane.send_many,
            ask=lane.inquire,
        )
        resources = SimpleNamespace(
            fleet=Fleet((cast("Channel", channel),), lane),
            limits=lane.limits,
            engine=None,
            wake=SimpleNamespace(deliver=lane.woken.append),
        )
        monkeypatch.setattr(sender, "_claim", lane.claim)
        monkeypatch.setattr(sender, "gate", lane.gate)
        monkeypatch.setattr(sender, "record", lane.record)
        monkeypatch.setattr("reminders.ledger.locks.in_transaction", give_back)
        return sender.deliver(cast("Resources", resources), "sms", loop)

    yield _run
    loop.close()


def _due(count: int) -> list[Kept]:
    return [_kept(number) for number in range(1, count + 1)]


def test_a_call_that_hangs_holds_up_no_other(run: Run) -> None:
    lane = Lane(_due(12))
    hung = str(_attempt(_kept(2)).attempt.attempt_id)

    async def until_all_others_are_recorded() -> Outcome:
        await asyncio.wait_for(lane.all_but_one.wait(), 60)
        return Uncertain("no answer")

    lane.say = lambda message: (
        until_all_others_are_recorded() if message.idempotency_key == hung else Accepted("ref")
    )

    told = run(lane)

    assert (told.sent, len(lane.recorded)) == (12, 12)
    assert lane.recorded[-1].outcome == Uncertain("no answer")
    assert lane.most_in_flight <= CONCURRENCY


def test_a_channel_that_raises_leaves_an_uncertain_attempt_and_the_others_results(run: Run) -> None:
    async def broken() -> Outcome:
        raise ValueError("a mistake in a channel")

    broken_key = str(_attempt(_kept(1)).attempt.attempt_id)
    lane = Lane(_due(4))
    lane.say = lambda message: (
        broken() if message.idempotency_key == broken_key else Accepted("ref")
    )

    run(lane)

    said = [type(each.outcome).__name__ for each in lane.recorded]
    assert sorted(said) == ["Accepted", "Accepted", "Accepted", "Uncertain"]


@pytest.mark.parametrize("lacks", [1, 2, 3])
def test_of_a_batch_that_is_not_answered_for_each_nobody_knows_what_was_taken(
    run: Run, lacks: int
) -> None:
    lane = Lane(_due(3), batch_lacks=lacks)
    lane.capabilities = replace(lane.capabilities, batch=10)

    run(lane)

    assert [type(each.outcome).__name__ for each in lane.recorded] == ["Uncertain"] * 3


def test_of_a_batch_whose_call_raises_nobody_knows_what_was_taken(run: Run) -> None:
    lane = Lane(_due(3), batch_breaks=True)
    lane.capabilities = replace(lane.capabilities, batch=10)

    run(lane)

    assert [type(each.outcome).__name__ for each in lane.recorded] == ["Uncertain"] * 3


def test_a_gate_that_breaks_loses_no_result_of_calls_on_their_way(run: Run) -> None:
    lane = Lane(_due(8), gate_breaks_at=2)

    async def slow() -> Outcome:
        await asyncio.sleep(0.3)
        return Accepted("slow")

    slow_key = str(_attempt(_kept(1)).attempt.attempt_id)
    lane.say = lambda message: slow() if message.idempotency_key == slow_key else Accepted("ref")

    with pytest.raises(RuntimeError, match="the gate broke"):
        run(lane)

    assert len(lane.recorded) == 4


def test_no_call_may_begin_later_than_the_limit_after_its_gate(run: Run) -> None:
    lane = Lane(_due(6))

    run(lane)

    within = lane.limits.gate_to_call_max.total_seconds()
    latest = [lane.gated_at[0]] * 4 + [lane.gated_at[1]] * 2
    assert lane.gated == [4, 2]
    for begin_by, gated_at in zip(lane.begin_by, latest, strict=True):
        assert gated_at + within <= begin_by <= time.monotonic() + within


def test_nothing_is_gated_that_could_not_end_within_the_lease(run: Run) -> None:
    lane = Lane(_due(3))
    lane.limits = replace(lane.limits, lease=timedelta(seconds=5))

    told = run(lane)

    assert (lane.gated, told.sent, lane.given_back) == ([], 0, 1)


def test_what_ends_while_the_pace_makes_us_wait_is_recorded(run: Run) -> None:
    lane = Lane(_due(3), grants=[2, 0, 0, 1])

    run(lane)

    assert lane.gated == [2, 1]
    assert len(lane.recorded) == 3


@pytest.mark.parametrize(
    ("answer", "kind"),
    [(None, "Uncertain"), (Unsent("unknown"), "Transient"), (Accepted("ref"), "Accepted")],
)
def test_a_missing_answer_is_asked_for(run: Run, answer: Outcome | None, kind: str) -> None:
    lane = Lane(_due(1), ask=True, answer=answer)

    told = run(lane)

    assert told.asked == 1
    assert [type(each.outcome).__name__ for each in lane.recorded] == [kind]


def test_a_call_that_hangs_is_told_of_while_it_goes_on(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("channels.breaker_rules._QUICK_ENOUGH", timedelta(seconds=0.05))
    lane = Lane(_due(6))
    lane.capabilities = replace(lane.capabilities, timeout=timedelta(seconds=0.4))
    told: list[tuple[bool, int]] = []

    def note(self: Fleet, calls: Sequence[Call]) -> None:
        told.extend((call.outcome is None, len(lane.recorded)) for call in calls)

    monkeypatch.setattr(Fleet, "note", note)
    hung = str(_attempt(_kept(2)).attempt.attempt_id)

    async def slow() -> Outcome:
        await asyncio.sleep(0.5)
        return Accepted("late")

    async def soon() -> Outcome:
        await asyncio.sleep(0.25)
        return Accepted("ref")

    quick = str(_attempt(_kept(1)).attempt.attempt_id)
    ways = {hung: slow, quick: soon}
    lane.say = lambda message: ways.get(message.idempotency_key, _at_once)()

    run(lane)

    assert len(told) == len(lane.recorded) == 6
    late = [recorded for is_late, recorded in told if is_late]
    assert len(late) >= 1
    assert min(late) < 5  # before the last of them was recorded


async def _at_once() -> Outcome:
    return Accepted("ref")


def test_what_goes_to_another_lane_is_worked_off_there_at_once(run: Run) -> None:
    """A reminder that waits for the next sweep of its new lane waits for nothing."""
    lane = Lane(_due(3))
    lane.moved_to = {"email"}
    run(lane)
    assert lane.woken == ["email"]


def test_each_provider_has_as_many_calls_at_once_as_it_takes(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of what its connections cannot carry each message would be late, and look late by it."""
    asked: list[Mapping[str, int]] = []
    asked_again = asyncio.Event()
    reserve = Fleet.reserve

    def seen(self: Fleet, channel: str, wanted: int, busy: Mapping[str, int]) -> Budget:
        asked.append(dict(busy))
        if len(asked) > 1:
            asked_again.set()
        return reserve(self, channel, wanted, busy)

    async def until_asked_again() -> Outcome:
        await asyncio.wait_for(asked_again.wait(), 60)
        return Accepted("slow")

    monkeypatch.setattr(Fleet, "reserve", seen)
    lane = Lane(_due(6))
    slow = str(_attempt(_kept(1)).attempt.attempt_id)
    lane.say = lambda message: (
        until_asked_again() if message.idempotency_key == slow else Accepted("ref")
    )
    run(lane)
    assert asked[:2] == [{}, {"gateway": 1}]
