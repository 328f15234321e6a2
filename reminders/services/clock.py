"""The business clock: the machine's own, or a virtual one that a demo or simulation moves."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:  # the machine clock needs no Redis, and its client takes long to import
    from redis import Redis

CLOCK_KEY = "reminders:clock"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class ClockNotSet(LookupError):
    """The settings ask for a virtual clock, and nobody has set one."""


class Clock(Protocol):
    """Rules planning, hours and waits. Leases and time-outs follow the machine's clock."""

    def now(self) -> datetime:
        """The business instant, aware UTC."""


class MachineClock:
    """Business time is the time of day."""

    def now(self) -> datetime:
        return datetime.now(UTC)


class VirtualClock:
    """Business time is what stands in Redis, in microseconds; it moves only when set."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    def now(self) -> datetime:
        """Raises `ClockNotSet` until the clock has been set once."""
        value = self._redis.get(CLOCK_KEY)
        if not isinstance(value, bytes | str):
            raise ClockNotSet("the virtual clock is not set: start it with a demo or simulation")
        return _EPOCH + timedelta(microseconds=int(value))

    def set(self, now: datetime) -> None:
        """Move business time; every process sees it with its next batch."""
        self._redis.set(CLOCK_KEY, (now - _EPOCH) // timedelta(microseconds=1))


def clock_of(kind: str, redis: Redis) -> Clock:
    """The clock that the settings name: `machine` or `virtual`."""
    return VirtualClock(redis) if kind == "virtual" else MachineClock()
