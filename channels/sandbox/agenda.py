"""The carriers' business clock and what is due on it."""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import count

Act = Callable[[datetime], None]


class Agenda:
    """Acts in the order of their time. An act is given its own due time, never "now".

    With a `start` the clock is virtual and moves only by `advance`; without, it is the machine's
    and acts run by themselves.
    """

    def __init__(self, start: datetime | None = None) -> None:
        self.virtual = start is not None
        self._now = start or datetime.now(UTC)
        self._acts: list[tuple[datetime, int, Act]] = []
        self._order = count()
        self._timer: asyncio.TimerHandle | None = None

    def now(self) -> datetime:
        return self._now if self.virtual else datetime.now(UTC)

    @property
    def next_at(self) -> datetime | None:
        return self._acts[0][0] if self._acts else None

    @property
    def pending(self) -> int:
        return len(self._acts)

    def schedule(self, after: timedelta, act: Act) -> None:
        due_at = self.now() + after
        heapq.heappush(self._acts, (due_at, next(self._order), act))
        if not self.virtual and self._acts[0][0] == due_at:
            self._set_timer()

    def advance(self, to: datetime) -> None:
        """Move a virtual clock to `to`, running every act due until then. Never moves back."""
        if to < self._now:
            raise ValueError("the business clock does not go back")
        while self._acts and self._acts[0][0] <= to:
            due_at, _, act = heapq.heappop(self._acts)
            # An act may be overdue: it was set with no delay at the present instant.
            self._now = max(self._now, due_at)
            act(due_at)
        self._now = to

    def close(self) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def _set_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        wait_s = (self._acts[0][0] - datetime.now(UTC)).total_seconds()
        self._timer = asyncio.get_running_loop().call_later(max(0.0, wait_s), self._run_due)

    def _run_due(self) -> None:
        self._timer = None
        now = datetime.now(UTC)
        while self._acts and self._acts[0][0] <= now:
            due_at, _, act = heapq.heappop(self._acts)
            act(due_at)
        if self._acts:
            self._set_timer()
