"""Calls on their way to providers: a slow one holds up neither the others nor the next gate."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from dataclasses import replace
from typing import Any
from uuid import UUID

import structlog

from reminders.domain.outcome import Outcome, Transient, Uncertain, Unsent
from reminders.ledger.reminders import Kept
from reminders.services.gate_work import Handover, Inquiry, Passed
from reminders.services.record import Result
from reminders.services.resources import Resources

log = structlog.get_logger(__name__)
LINGER_S = 0.1  # once one call is over, the others get so long before what is over is recorded

_Call = Coroutine[Any, Any, Outcome]  # Any: what a coroutine is sent and yields is the loop's


class Flight:
    """The calls of one run. They go on only while this object waits: `land` and `pause`."""

    def __init__(self, resources: Resources, loop: asyncio.AbstractEventLoop) -> None:
        self._resources = resources
        self._loop = loop
        self._calls: set[asyncio.Task[None]] = set()
        self._over: list[Result] = []

    def __len__(self) -> int:
        """Calls that are not over."""
        return len(self._calls)

    def __bool__(self) -> bool:
        """Whether any call is not over, or is over and not landed."""
        return bool(self._calls or self._over)

    def start(self, passed: Passed, begin_by: float) -> None:
        """Begin the calls of a gate; `begin_by` is an instant of `time.monotonic()`."""
        for handover in passed.handovers:
            attempt_id = handover.attempt.attempt.attempt_id
            self._begin(handover.kept, attempt_id, self._send(handover, begin_by))
        for inquiry in passed.inquiries:
            attempt_id = inquiry.attempt.attempt.attempt_id
            self._begin(inquiry.kept, attempt_id, self._ask(inquiry))

    def land(self) -> list[Result]:
        """Wait until every call is over, or a moment after the first is; returns what is over."""
        if self._calls:
            self._loop.run_until_complete(self._wait())
        over, self._over = self._over, []
        return over

    def pause(self, seconds: float) -> None:
        """Let time pass, in which calls go on."""
        self._loop.run_until_complete(asyncio.sleep(seconds))

    async def _wait(self) -> None:
        if not self._over:
            await asyncio.wait(self._calls, return_when=asyncio.FIRST_COMPLETED)
        if self._calls:
            await asyncio.wait(self._calls, timeout=LINGER_S)

    def _begin(self, kept: Kept, attempt_id: UUID, call: _Call) -> None:
        task = self._loop.create_task(self._finish(kept, attempt_id, call))
        self._calls.add(task)
        task.add_done_callback(self._calls.discard)

    async def _finish(self, kept: Kept, attempt_id: UUID, call: _Call) -> None:
        """Keep what a call said. A channel never raises; if one does, nobody knows what left."""
        try:
            outcome = await call
        except Exception as error:  # whatever it is, the other calls' results must not be lost
            log.exception("channel raised", attempt=str(attempt_id))
            outcome = Uncertain(f"the channel raised {type(error).__name__}")
        self._over.append(Result(kept, attempt_id, outcome))

    async def _send(self, handover: Handover, begin_by: float) -> Outcome:
        provider = self._resources.fleet.by_name[handover.attempt.attempt.provider]
        return await provider.send(replace(handover.message, start_by=begin_by))

    async def _ask(self, inquiry: Inquiry) -> Outcome:
        attempt = inquiry.attempt.attempt
        outcome = await self._resources.fleet.by_name[attempt.provider].ask(str(attempt.attempt_id))
        if outcome is None:
            return Uncertain("the provider cannot say yet")
        if isinstance(outcome, Unsent):
            # A call was made and led to nothing: a failed try, or a dead line is dialled for ever.
            return Transient("the provider never took it")
        return outcome
