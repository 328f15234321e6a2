"""How many messages a provider may be given now: one token bucket per provider, in Redis.

GCRA (ITU-T I.371, as in Brandur Leach's "throttled"): one number per key, the theoretical
arrival time of the next message. The clock is the Redis server's, so that workers need not agree.
"""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import NamedTuple, Protocol, cast

from redis.exceptions import RedisError

from channels.contract import Capabilities

_log = logging.getLogger(__name__)

# In whole microseconds: 2^53 of them last until the year 2255.
_SCRIPT = """
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local interval, burst, wanted = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
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
    """Spends tokens shared by every worker of every machine."""

    def __init__(self, redis: ScriptingRedis, prefix: str = "pace:") -> None:
        self._script = redis.register_script(_SCRIPT)
        self._prefix = prefix

    def take(self, key: str, rate_per_s: float, burst: int, wanted: int) -> Grant:
        """Up to `wanted` tokens of `key`'s bucket, which refills at `rate_per_s` up to `burst`.

        Without Redis everything is granted: a provider answers 429 to what is too much, whereas
        caps, which protect people, are kept in the database and never open.
        """
        if rate_per_s <= 0 or burst < 1 or wanted < 0:
            raise ValueError("a bucket has a rate above 0 and a burst of 1 or more")
        interval_us = 1_000_000 / rate_per_s
        try:
            reply = self._script(keys=[self._prefix + key], args=[interval_us, burst, wanted])
        except RedisError as error:
            _log.warning("pacing is open: redis is away (%s)", type(error).__name__)
            return Grant(wanted, timedelta(0))
        granted, wait_us = cast("list[int]", reply)
        return Grant(granted, timedelta(microseconds=wait_us))

    def take_for(self, name: str, capabilities: Capabilities, wanted: int) -> Grant:
        """Tokens of one provider: its own rate, and a burst of one second of it."""
        burst = max(1, int(capabilities.rate_per_s))
        return self.take(name, capabilities.rate_per_s, burst, wanted)
