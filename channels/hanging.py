"""Providers whose connections hang: a call that never begins never fails, and yet they are slow."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Final

from channels.health import Call
from reminders.domain.outcome import Unsent

VAIN_S: Final = 0.5  # a call that was let wait so long for a connection, and may not begin now
FORGOTTEN_S: Final = 60.0  # of how long ago nobody knows whether it still hangs


class Hanging:
    """Of one process. `patience_s` are the seconds, by provider, in which a connection may come: a
    relay that greets after five seconds is kept, and serves the calls that come then."""

    def __init__(
        self, patience_s: Mapping[str, float], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._patience_s = patience_s
        self._clock = clock
        self._since: dict[str, tuple[float, float]] = {}  # the first in vain, and the latest

    def told(self, call: Call) -> Call:
        """The call, as a slow one where its provider let calls wait in vain for longer."""
        if not isinstance(call.outcome, Unsent):
            self._since.pop(call.provider, None)
            return call
        if call.seconds < VAIN_S:
            return call
        now = self._clock()
        first, latest = self._since.get(call.provider, (now - call.seconds, now))
        if now - latest > FORGOTTEN_S:
            first = now - call.seconds
        self._since[call.provider] = first, now
        slow = now - first >= self._patience_s.get(call.provider, 0.0)
        return call._replace(outcome=None) if slow else call
