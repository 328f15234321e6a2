"""Until when all that providers said has been applied: their silence since then says nothing.

While our own intake is down or behind, receipts wait on the stream, and every provider looks as
if it confirmed nothing.
"""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any, Final

from redis import Redis
from redis.exceptions import RedisError, ResponseError

from reminders.services.streams import INTAKE_GROUP, RECEIPTS_STREAM

ASKED_EVERY: Final = timedelta(seconds=1)
NOTHING_KNOWN: Final = 0.0
_GROUP: Final = INTAKE_GROUP.encode()


class HeardUntil:
    """Called, it gives the unix second at which the oldest receipt came that is not applied;
    None where none waits. By the clock of Redis, which writes it into the entry's id."""

    def __init__(self, redis: Redis, every: timedelta = ASKED_EVERY) -> None:
        self._redis = redis
        self._every_s = every.total_seconds()
        self._known: float | None = None
        self._known_until = 0.0

    def __call__(self) -> float | None:
        """Never raises: without an answer nobody's silence is judged. Asks once in `every`."""
        if time.monotonic() >= self._known_until:
            self._known = self._ask()
            self._known_until = time.monotonic() + self._every_s
        return self._known

    def _ask(self) -> float | None:
        try:
            oldest = self._taken() or self._unread()
        except RedisError:
            return NOTHING_KNOWN
        return None if oldest is None else int(oldest.split(b"-")[0]) / 1000

    def _taken(self) -> bytes | None:
        """The oldest that a consumer took and has not acknowledged: it is applied first."""
        try:
            pending: Any = self._redis.xpending(RECEIPTS_STREAM, INTAKE_GROUP)  # Any: many shapes
        except ResponseError:  # no stream yet, or nobody has ever read it
            return None
        found: bytes | None = pending["min"] if pending["pending"] else None
        return found

    def _unread(self) -> bytes | None:
        """The oldest behind what consumers took."""
        try:
            groups: Any = self._redis.xinfo_groups(RECEIPTS_STREAM)  # Any: as above
        except ResponseError:  # no stream
            return None
        read = [each["last-delivered-id"] for each in groups if each["name"] == _GROUP]
        after = f"({read[0].decode()}" if read else "-"
        entries: Any = self._redis.xrange(RECEIPTS_STREAM, min=after, count=1)  # Any: as above
        return entries[0][0] if entries else None
