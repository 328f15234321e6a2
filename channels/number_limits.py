"""How many messages a provider takes for one number in an hour: a sliding hour, in Redis.

Numbers are known by a keyed hash; what is kept are the instants of their last messages.
"""

from __future__ import annotations

import hmac
import logging
import math
import time
from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import cast

from redis.exceptions import RedisError

from channels.pacing import AWAY_FOR, Script, ScriptingRedis

_log = logging.getLogger(__name__)
_NOW = """
local now = tonumber(ARGV[1])
if now == 0 then
  local time = redis.call('TIME')
  now = time[1] * 1000 + math.floor(time[2] / 1000)
end
local hour = 3600000
"""
# One key per provider; ARGV: the clock, then each provider's limit. Which are spent, by number.
_SPENT = (
    _NOW
    + """
local spent = {}
for i = 1, #KEYS do
  local limit = tonumber(ARGV[i + 1])
  local at = redis.call('LINDEX', KEYS[i], limit - 1)
  if limit < 1 or (at and now - tonumber(at) < hour) then spent[#spent + 1] = i end
end
return spent
"""
)
_COUNT = (
    _NOW
    + """
redis.call('LPUSH', KEYS[1], string.format('%.0f', now))
redis.call('LTRIM', KEYS[1], 0, tonumber(ARGV[2]) - 1)
redis.call('PEXPIRE', KEYS[1], hour)
return 0
"""
)


class NumberLimits:
    """Shared by every worker. `key` keys the hash; `now` gives seconds, None: the server's own."""

    def __init__(
        self,
        redis: ScriptingRedis,
        key: bytes,
        prefix: str = "number:",
        now: Callable[[], float] | None = None,
    ) -> None:
        self._spent = redis.register_script(_SPENT)
        self._count = redis.register_script(_COUNT)
        self._key, self._prefix, self._now = key, prefix, now
        self._away_until = -math.inf

    def spent(self, address: str, limits: Mapping[str, int]) -> frozenset[str]:
        """Those providers of `limits` (name → messages an hour) that take no more for `address`
        now. None of them without Redis: the provider itself refuses what is too much."""
        names = list(limits)
        if not names:
            return frozenset()
        keys = [self._name(name, address) for name in names]
        said = self._run(self._spent, keys, [limits[name] for name in names])
        return frozenset(names[number - 1] for number in cast("list[int]", said or []))

    def count(self, provider: str, address: str, limit: int) -> None:
        """One message for `address` goes by `provider`, which takes `limit` an hour."""
        self._run(self._count, [self._name(provider, address)], [max(1, limit)])

    def _name(self, provider: str, address: str) -> str:
        digest = hmac.new(self._key, address.encode(), sha256).hexdigest()[:32]
        return f"{self._prefix}{{{digest}}}:{provider}"

    def _run(self, script: Script, keys: list[str], args: list[int]) -> object | None:
        """A script's answer; None where Redis gave none, which is not asked again at once."""
        if time.monotonic() < self._away_until:
            return None
        now_ms = 0 if self._now is None else round(self._now() * 1000)
        try:
            return script(keys=keys, args=[now_ms, *args])
        except RedisError as error:
            _log.warning("number limits are open: redis is away (%s)", type(error).__name__)
            self._away_until = time.monotonic() + AWAY_FOR.total_seconds()
            return None
