"""Tells our own slowness from a provider's: a loop that nobody runs hears no answer.

While a gate waits for the ledger, the answers of calls under way lie unread. As the loop goes on,
all of them seem to have taken as long as we did, and the time-outs of the others are over. So it is
where the loop runs and the machine has no time for it: what is due in it comes late.
"""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

Result = TypeVar("Result")
SHORTEST_S: Final = 0.25  # shorter ones make no call look slow
BEAT_S: Final = 0.02  # so often the loop is to come by while it runs
LATE_S: Final = 0.05  # a beat that comes so late tells of a loop that stood still
_MOST_LATE: Final = 200  # beats that are remembered


class Standstill:
    """Of the loop whose runs pass through `run`. Instants of `clock`: `time.monotonic`."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._stopped_at = math.inf  # nothing has run yet
        self._since = self._until = 0.0  # of the latest one that is over
        self._late: deque[tuple[float, float]] = deque(maxlen=_MOST_LATE)

    def run(self, run: Callable[[Awaitable[Result]], Result], what: Awaitable[Result]) -> Result:
        """`run(what)`; calls go on only within."""
        now = self._clock()
        if now - self._stopped_at >= SHORTEST_S:
            self._since, self._until = self._stopped_at, now
        try:
            return run(what)
        finally:
            self._stopped_at = self._clock()

    def beat(self, due_at: float) -> None:
        """The loop comes by, which was to do so at `due_at`."""
        now = self._clock()
        if now - due_at >= LATE_S:
            self._late.append((due_at, now))

    def seconds_since(self, began: float) -> float:
        """How long a call that began at `began` has taken, but for the latest standstill and for
        all in which the loop came late. A busy lane stands still between any two gates: taken off
        as well, no call of it would ever be slow."""
        still = max(0.0, self._until - max(self._since, began))
        late = sum(max(0.0, until - max(since, began)) for since, until in self._late)
        return self._clock() - began - still - late
