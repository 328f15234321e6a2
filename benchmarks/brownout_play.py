"""Plays traffic in virtual time: claim, gate, call, record, receipts, twice a second."""

from __future__ import annotations

import heapq
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count as counting
from uuid import UUID

from benchmarks.brownout_providers import ModelProvider
from benchmarks.brownout_system import PlayClock
from channels.breaker_rules import slow_after
from channels.health import Call
from channels.numbers import range_of
from reminders.domain.outcome import Accepted, Outcome, Transient, Unsent
from reminders.ledger import locks, reminders
from reminders.ledger.reminders import Kept
from reminders.services import incidents, receipts
from reminders.services.callbacks import Callback
from reminders.services.gate import gate
from reminders.services.gate_work import Handover, Inquiry
from reminders.services.record import Result, record
from reminders.services.resources import Resources

STEP_S = 0.5
RECEIPT_S = 2.0
CLAIM = 500
LANES = ("sms", "email", "in_app")
DRAIN_STEP_S = 20.0
LINGER_S = 5 * 60
WATCH_S = 5.0
DRAIN_S = 40 * 60  # every wait of the retries, and then some


@dataclass(frozen=True, slots=True)
class Left:
    """One message that left: when, by whom, for which reminder, and whether it is the first."""

    at_s: float
    provider: str
    reminder_id: UUID
    first: bool


@dataclass
class Play:
    """One run over `seconds` of traffic."""

    resources: Resources
    clock: PlayClock
    providers: Sequence[ModelProvider]
    left: list[Left] = field(default_factory=list)
    reminder_of: dict[str, UUID] = field(default_factory=dict)
    shares: list[tuple[float, dict[str, float]]] = field(default_factory=list)
    _over: list[tuple[float, int, Result | None, Call | None]] = field(default_factory=list)
    _posts: list[tuple[float, int, str, str]] = field(default_factory=list)
    _numbers: Iterator[int] = field(default_factory=counting)

    def __post_init__(self) -> None:
        self._by_name = {each.name: each for each in self.providers}

    def run(self, count: int, seconds: float, told: Callable[[float], None]) -> None:
        """Play `seconds` of traffic, then until each of `count` messages was taken and some time
        for second copies, or until every retry has had its chance."""
        while self.clock.at_s < seconds:
            self._step()
            self._watch()
            self.clock.at_s += STEP_S
            told(STEP_S)
        end = self.clock.at_s + DRAIN_S
        while self.clock.at_s < end:
            self._step()
            self.clock.at_s += DRAIN_STEP_S
            if not self._over and len(self.taken()) >= count:
                end = min(end, self.clock.at_s + LINGER_S)

    def _watch(self) -> None:
        if self.clock.at_s % WATCH_S == 0:
            incidents.watch(self.resources)
        names = list(self._by_name)
        standings = self.resources.fleet.health.standings(names)
        now = {name: standings[name].share if name in standings else 1.0 for name in names}
        if not self.shares or self.shares[-1][1] != now:
            self.shares.append((self.clock.at_s, now))

    def _step(self) -> None:
        self._land()
        self._deliver_receipts()
        # What one lane hands on goes to a later one, as ladders go.
        for lane in LANES:
            while self._claim(lane) == CLAIM:
                pass

    def _claim(self, lane: str) -> int:
        """Work off one claim; returns how many were decided on."""
        resources, now = self.resources, self.clock.now()
        claimed = locks.in_transaction(
            resources.engine,
            lambda connection: reminders.claim(
                connection, lane, now, CLAIM, resources.limits.lease
            ),
        )
        if not claimed:
            return 0
        budget = resources.fleet.reserve(lane, len(claimed))
        most = budget.most(len(claimed))
        passed = gate(resources, claimed[:most], budget) if most else None
        rest: list[Kept] = [*claimed[most:], *(passed.busy if passed else ())]
        if rest:
            locks.in_transaction(
                resources.engine, lambda connection: reminders.give_back(connection, rest)
            )
        if passed is not None:
            for handover in passed.handovers:
                self._call(handover)
            for inquiry in passed.inquiries:
                self._ask(inquiry)
        return len(claimed) - len(rest)

    def _call(self, handover: Handover) -> None:
        attempt = handover.attempt.attempt
        key, reminder_id = str(attempt.attempt_id), handover.attempt.reminder_id
        provider = self._by_name[attempt.provider]
        outcome, seconds = provider.call(key)
        self.reminder_of[key] = reminder_id
        self.left.append(
            Left(self.clock.at_s, provider.name, reminder_id, first=attempt.number == 1)
        )
        part, slow_s = range_of(handover.message.address), slow_after(provider.capabilities)
        call = Call(provider.name, part, outcome, seconds)
        if seconds >= slow_s:  # told of while it goes on, as the sender does
            call = Call(provider.name, part, None, slow_s)
        self._later(min(seconds, slow_s), None, call)
        self._later(seconds, Result(handover.kept, attempt.attempt_id, outcome, part), None)
        if isinstance(outcome, Accepted) and key in provider.taken:
            due = self.clock.at_s + seconds + RECEIPT_S
            heapq.heappush(self._posts, (due, next(self._numbers), provider.name, key))

    def _ask(self, inquiry: Inquiry) -> None:
        attempt = inquiry.attempt.attempt
        said: Outcome = self._by_name[attempt.provider].knows(str(attempt.attempt_id))
        if isinstance(said, Unsent):
            said = Transient("the provider never took it")
        self._later(STEP_S, Result(inquiry.kept, attempt.attempt_id, said), None)

    def _later(self, seconds: float, result: Result | None, call: Call | None) -> None:
        due = self.clock.at_s + seconds
        heapq.heappush(self._over, (due, next(self._numbers), result, call))

    def _land(self) -> None:
        results, calls = [], []
        while self._over and self._over[0][0] <= self.clock.at_s:
            _, _, result, call = heapq.heappop(self._over)
            if result is not None:
                results.append(result)
            if call is not None:
                calls.append(call)
        if calls:
            self.resources.fleet.note(calls)
        record(self.resources, results)

    def _deliver_receipts(self) -> None:
        keys: dict[str, list[str]] = defaultdict(list)
        while self._posts and self._posts[0][0] <= self.clock.at_s:
            _, _, name, key = heapq.heappop(self._posts)
            if self._by_name[name].channel == "sms":
                keys[name].append(key)
        at = self.clock.now().isoformat()
        callbacks = [
            Callback(f"{next(self._numbers)}-0", name, self._by_name[name].receipts(said, at))
            for name, said in keys.items()
        ]
        if callbacks:
            receipts.apply(self.resources, callbacks)

    def taken(self) -> Counter[UUID]:
        """How often a provider took each reminder's message."""
        found: Counter[UUID] = Counter()
        for provider in self.providers:
            found.update(self.reminder_of[key] for key in provider.taken)
        return found

    def carried_by(self) -> dict[UUID, str]:
        """The channel whose provider took each reminder's message."""
        return {
            self.reminder_of[key]: provider.channel
            for provider in self.providers
            for key in provider.taken
        }
