"""Tells our own slowness from a provider's: a loop that nobody runs hears no answer.

While a gate waits for the ledger, the answers of calls under way lie unread. As the loop goes on,
all of them seem to have taken as long as we did, and the time-outs of the others are over.
"""

from __future__ import annotations

import math
import time
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

Result = TypeVar("Result")
SHORTEST_S: Final = 0.25  # shorter ones make no call look slow


class Standstill:
    """Of the loop whose runs pass through `run`. Instants of `clock`: `time.monotonic`."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._stopped_at = math.inf  # nothing has run yet
        self._since = self._until = 0.0  # of the latest one that is over

    def run(self, run: Callable[[Awaitable[Result]], Result], what: Awaitable[Result]) -> Result:
        """`run(what)`; calls go on only within."""
        now = self._clock()
        if now - self._stopped_at >= SHORTEST_S:
            self._since, self._until = self._stopped_at, now
        try:
            return run(what)
        finally:
            self._stopped_at = self._clock()

    def seconds_since(self, began: float) -> float:
        """How long a call that began at `began` has taken, but for the latest standstill."""
        still = max(0.0, self._until - max(self._since, began))
        return self._clock() - began - still
