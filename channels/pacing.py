"""How many messages a provider may be given now: one token bucket per provider, in Redis.

GCRA (ITU-T I.371, as in Brandur Leach's "throttled"): one number per key, the theoretical
arrival time of the next message. The clock is the Redis server's, so that workers need not agree.
A second key per bucket says until when the provider asked to be left alone.
"""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Final, NamedTuple, Protocol, cast

from redis.exceptions import RedisError

_log = logging.getLogger(__name__)
AWAY_FOR: Final = timedelta(seconds=2)  # once Redis did not answer, it is not asked for so long

# In whole microseconds: 2^53 of them last until the year 2255. The last argument is the instant
# where the clock is ours.
_NOW = """
local now = tonumber(ARGV[#ARGV])
if now == 0 then
  local time = redis.call('TIME')
  now = time[1] * 1000000 + time[2]
end
"""
_TAKE = (
    _NOW
    + """
local interval, burst, wanted = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local held = tonumber(redis.call('GET', KEYS[2]) or '0')
if held > now then return {0, math.ceil(held - now)} end
local arrival = math.max(tonumber(redis.call('GET', KEYS[1]) or '0'), now)
-- Differences first: doubles of today's size have only a quarter of a microsecond.
local free = math.floor((burst * interval - (arrival - now) + 1) / interval)
local granted = math.max(0, math.min(wanted, free))
arrival = arrival + granted * interval
if granted > 0 then
  local keep = math.ceil((arrival - now) / 1000) + 1000
  redis.call('SET', KEYS[1], string.format('%.0f', arrival), 'PX', string.format('%.0f', keep))
end
local wait = 0
if granted < wanted then
  wait = math.max(1, (arrival - now) + interval - burst * interval)
end
return {granted, math.ceil(wait)}
"""
)
# The longest that was asked for holds: an answer that was overtaken on its way shortens nothing.
_HOLD = (
    _NOW
    + """
local for_us = tonumber(ARGV[1])
if now + for_us > tonumber(redis.call('GET', KEYS[1]) or '0') then
  local keep = string.format('%.0f', math.ceil(for_us / 1000) + 1000)
  redis.call('SET', KEYS[1], string.format('%.0f', now + for_us), 'PX', keep)
end
return 0
"""
)


class Grant(NamedTuple):
    """How many may go now, and when the next one may; zero wait if all were granted."""

    granted: int
    retry_after: timedelta


class Script(Protocol):
    """A script as redis-py registers it."""

    def __call__(self, *, keys: list[str], args: list[float | int | str]) -> object: ...


class ScriptingRedis(Protocol):
    """The one method of a synchronous `redis.Redis` that pacing needs."""

    def register_script(self, script: str) -> Script: ...


class Pacer:
    """Spends tokens shared by every worker of every machine.

    `now` gives the seconds of the clock that buckets refill by; None: the Redis server's.
    """

    def __init__(
        self,
        redis: ScriptingRedis,
        prefix: str = "pace:",
        now: Callable[[], float] | None = None,
    ) -> None:
        self._take = redis.register_script(_TAKE)
        self._hold = redis.register_script(_HOLD)
        self._prefix = prefix
        self._now = now
        self._away_until = -math.inf

    def take(self, key: str, rate_per_s: float, burst: int, wanted: int) -> Grant:
        """Up to `wanted` tokens of `key`'s bucket, which refills at `rate_per_s` up to `burst`.

        Without Redis everything is granted: a provider answers 429 to what is too much, whereas
        caps, which protect people, are kept in the database and never open.
        """
        if rate_per_s <= 0 or burst < 1 or wanted < 0:
            raise ValueError("a bucket has a rate above 0 and a burst of 1 or more")
        interval_us = 1_000_000 / rate_per_s
        reply = self._run(self._take, [*self._keys(key)], [interval_us, burst, wanted])
        if reply is None:
            return Grant(wanted, timedelta(0))
        granted, wait_us = cast("list[int]", reply)
        return Grant(granted, timedelta(microseconds=wait_us))

    def hold(self, key: str, for_: timedelta) -> None:
        """Grant nothing of `key`'s bucket for so long: its provider said 429 with Retry-After."""
        if for_ > timedelta(0):
            self._run(self._hold, [self._keys(key)[1]], [for_ / timedelta(microseconds=1)])

    def _keys(self, key: str) -> tuple[str, str]:
        """The bucket and its hold, with one hash tag: a cluster keeps them together."""
        bucket = f"{self._prefix}{{{key}}}"
        return bucket, f"{bucket}:held"

    def _run(self, script: Script, keys: list[str], args: list[float | int]) -> object | None:
        """A script's answer; None where Redis gave none, which is not asked again at once."""
        if time.monotonic() < self._away_until:
            return None
        now_us = 0 if self._now is None else round(self._now() * 1_000_000)
        try:
            return script(keys=keys, args=[*args, now_us])
        except RedisError as error:
            _log.warning("pacing is open: redis is away (%s)", type(error).__name__)
            self._away_until = time.monotonic() + AWAY_FOR.total_seconds()
            return None
