"""Calls on their way to providers: a slow one holds up neither the others nor the next gate."""

from __future__ import annotations

import asyncio
import math
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, TypeVar, cast
from uuid import UUID

import structlog

from channels.breaker_rules import slow_after
from channels.contract import BatchChannel, Channel
from channels.health import Call
from channels.numbers import range_of
from reminders.domain.outcome import (
    Accepted,
    AttemptState,
    Outcome,
    Permanent,
    Transient,
    Uncertain,
    Unsent,
)
from reminders.services.gate_work import Handover, Inquiry, Passed
from reminders.services.record import Result
from reminders.services.resources import Resources
from reminders.services.standstill import BEAT_S, Standstill

log = structlog.get_logger(__name__)
_PART_OF_A_CONNECT = 0.4  # of a call's time-out: a connection is given up after half of it
LINGER_S = 0.1  # once one call is over, the others get so long before what is over is recorded

Said = TypeVar("Said")


class Flight:
    """The calls of one run. They go on only while this object waits: `land` and `pause`."""

    def __init__(self, resources: Resources, loop: asyncio.AbstractEventLoop) -> None:
        self._resources = resources
        self._loop = loop
        self._calls: set[asyncio.Task[None]] = set()
        self._over: list[Result] = []
        self._told: list[Call] = []  # how the providers did
        self._slow: set[UUID] = set()  # attempts whose calls were told of before they were over
        self._still = Standstill()
        self._busy: Counter[str] = Counter()

    def __len__(self) -> int:
        """Calls that are not over."""
        return len(self._calls)

    def __bool__(self) -> bool:
        """Whether any call is not over, or is over and not landed."""
        return bool(self._calls or self._over)

    @property
    def busy(self) -> Mapping[str, int]:
        """Calls that are not over, by provider."""
        return self._busy

    def start(self, passed: Passed, begin_by: float) -> None:
        """Begin the calls of a gate; `begin_by` is an instant of `time.monotonic()`."""
        batches: dict[str, list[Handover]] = {}
        for handover in passed.handovers:
            provider = handover.attempt.attempt.provider
            if self._resources.fleet.by_name[provider].capabilities.batch > 1:
                batches.setdefault(provider, []).append(handover)
            else:
                self._begin(provider, self._alone(handover, begin_by))
        for provider, group in batches.items():
            size = self._resources.fleet.by_name[provider].capabilities.batch
            for start in range(0, len(group), size):
                call = self._together(provider, group[start : start + size], begin_by)
                self._begin(provider, call)
        for inquiry in passed.inquiries:
            self._begin(inquiry.attempt.attempt.provider, self._inquired(inquiry))

    def land(self) -> list[Result]:
        """Wait until every call is over, or a moment after the first is; returns what is over."""
        if self._calls:
            self._run(self._wait())
        over, self._over = self._over, []
        told, self._told = self._told, []
        if told:
            self._resources.fleet.note(told)
        return over

    def pause(self, seconds: float) -> None:
        """Let time pass, in which calls go on."""
        self._run(asyncio.sleep(seconds))

    def _run(self, what: Coroutine[Any, Any, None]) -> None:  # Any: the loop's own affair
        beats: list[asyncio.TimerHandle] = []
        self._beat(beats)
        try:
            self._still.run(self._loop.run_until_complete, what)
        finally:
            beats[-1].cancel()

    def _beat(self, beats: list[asyncio.TimerHandle], due_at: float = math.inf) -> None:
        """See now and then whether the loop comes by when it is to. The last of these ends it."""
        self._still.beat(due_at)
        again = partial(self._beat, beats, time.monotonic() + BEAT_S)
        beats[:] = [self._loop.call_later(BEAT_S, again)]

    async def _wait(self) -> None:
        # One that ended as the loop last stopped is landed, and leaves `_calls` only by now.
        if self._calls and not self._over:
            await asyncio.wait(self._calls, return_when=asyncio.FIRST_COMPLETED)
        if self._calls:
            await asyncio.wait(self._calls, timeout=LINGER_S)

    def _begin(self, provider: str, call: Coroutine[Any, Any, None]) -> None:  # Any: as above
        task = self._loop.create_task(call)
        self._calls.add(task)
        self._busy[provider] += 1
        task.add_done_callback(partial(self._ended, provider))

    def _ended(self, provider: str, task: asyncio.Task[None]) -> None:
        self._calls.discard(task)
        self._busy[provider] -= 1

    async def _alone(self, handover: Handover, begin_by: float) -> None:
        provider = self._resources.fleet.by_name[handover.attempt.attempt.provider]
        message = replace(handover.message, start_by=begin_by)
        began = time.monotonic()
        late = self._watch(provider, (handover,), began)
        outcome = await _answer(provider.send(message), Uncertain)
        late[-1].cancel()
        self._keep(handover, outcome, began)

    async def _together(self, name: str, group: Sequence[Handover], begin_by: float) -> None:
        """One call for all of them: whatever becomes of it becomes of each."""
        provider = cast(BatchChannel, self._resources.fleet.by_name[name])
        messages = [replace(each.message, start_by=begin_by) for each in group]
        began = time.monotonic()
        late = self._watch(provider, group, began)
        outcomes = await _answer(
            provider.send_many(messages), lambda why: [Uncertain(why)] * len(group)
        )
        late[-1].cancel()
        if len(outcomes) != len(group):  # whose answer is missing, nobody knows
            outcomes = [Uncertain("the batch's answer does not fit it")] * len(group)
        for handover, outcome in zip(group, outcomes, strict=True):
            self._keep(handover, outcome, began)

    def _keep(self, handover: Handover, outcome: Outcome, began: float) -> None:
        attempt = handover.attempt.attempt
        said = _of_both(outcome) if attempt.state is AttemptState.UNCERTAIN else outcome
        number_range = range_of(handover.message.address)
        self._over.append(Result(handover.kept, attempt.attempt_id, said, number_range))
        if attempt.attempt_id in self._slow:
            self._slow.remove(attempt.attempt_id)
            return
        seconds = self._still.seconds_since(began)
        if not self._cut_short(attempt.provider, outcome, seconds, time.monotonic() - began):
            self._told.append(Call(attempt.provider, number_range, outcome, seconds))

    def _cut_short(self, name: str, outcome: Outcome, seconds: float, whole: float) -> bool:
        """Its time-out passed because nobody read its answer, or that of a connection, which is
        waited for half as long: that is no fault of its provider."""
        if isinstance(outcome, Accepted | Permanent):
            return False
        facts = self._resources.fleet.by_name[name].capabilities
        timeout_s, slow_s = facts.timeout.total_seconds(), slow_after(facts)
        most_s = slow_s if whole >= timeout_s else min(slow_s, timeout_s * _PART_OF_A_CONNECT)
        return whole >= timeout_s / 2 and seconds < most_s

    def _watch(
        self, provider: Channel, group: Sequence[Handover], began: float
    ) -> list[asyncio.TimerHandle]:
        """Tell of a call that is slow while it goes on: its time-out is long past the time in
        which a provider that hangs is to be left. The last of these handles ends it."""
        slow_s = slow_after(provider.capabilities)
        handles: list[asyncio.TimerHandle] = []
        tell = partial(self._tell_slow, group, slow_s, began, handles)
        handles.append(self._loop.call_later(slow_s, tell))
        return handles

    def _tell_slow(
        self,
        group: Sequence[Handover],
        seconds: float,
        began: float,
        handles: list[asyncio.TimerHandle],
    ) -> None:
        left_s = seconds - self._still.seconds_since(began)
        if left_s > 0.001:  # clocks tick; what we stood still ourselves is not its slowness
            tell = partial(self._tell_slow, group, seconds, began, handles)
            handles.append(self._loop.call_later(left_s, tell))
            return
        for handover in group:
            attempt = handover.attempt.attempt
            self._slow.add(attempt.attempt_id)
            part = range_of(handover.message.address)
            self._told.append(Call(attempt.provider, part, None, seconds))

    async def _inquired(self, inquiry: Inquiry) -> None:
        outcome = await _answer(self._ask(inquiry), Uncertain)
        self._over.append(Result(inquiry.kept, inquiry.attempt.attempt.attempt_id, outcome))

    async def _ask(self, inquiry: Inquiry) -> Outcome:
        attempt = inquiry.attempt.attempt
        outcome = await self._resources.fleet.by_name[attempt.provider].ask(str(attempt.attempt_id))
        if outcome is None:
            return Uncertain("the provider cannot say yet")
        if isinstance(outcome, Unsent):
            # A call was made and led to nothing: a failed try, or a dead line is dialled for ever.
            return Transient("the provider never took it")
        return outcome


def _of_both(outcome: Outcome) -> Outcome:
    """What the answer to a second copy says of the attempt: that it was refused, or never left,
    says nothing of the first, which may have been taken."""
    return outcome if isinstance(outcome, Accepted | Uncertain) else Uncertain(outcome.reason)


async def _answer(call: Awaitable[Said], lost: Callable[[str], Said]) -> Said:
    """What a call said. A channel never raises; if one does, nobody knows what left."""
    try:
        return await call
    except Exception as error:  # whatever it is, the other calls' results must not be lost
        log.exception("channel raised")
        return lost(f"the channel raised {type(error).__name__}")
