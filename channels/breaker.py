"""A breaker per provider and number range, shared by every worker through Redis.

closed → open → half_open → returning → closed, moved by a script (channels/breaker_script.py) over
sliding windows. Whatever happens to Redis, nothing here raises: everyone then stands where he
stood, and at 1 once that is `REMEMBERED` ago.
"""

from __future__ import annotations

import json
import logging
import math
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Protocol, cast

from redis.exceptions import RedisError

from channels.breaker_probe import PROBE
from channels.breaker_rules import BreakerRules, asked_for, kind_of, slow_after
from channels.breaker_script import CONFIRM, NOTE, STAND
from channels.contract import Channel
from channels.health import Awaited, BreakerState, Call, Confirmation, Shift, Standing
from channels.pacing import Script, ScriptingRedis

_log = logging.getLogger(__name__)
CACHE_FOR: Final = timedelta(milliseconds=150)
AWAY_FOR: Final = timedelta(seconds=2)  # once Redis did not answer, it is not asked for so long
# A moment without Redis must neither send all to one that is taken out nor end its incident.
REMEMBERED: Final = timedelta(seconds=30)
_PREFIX: Final = "{health}:"  # one hash tag: a cluster keeps these keys together
_SLOW_S: Final = 2.0


class WatchingRedis(ScriptingRedis, Protocol):
    """The methods of a synchronous `redis.Redis` that this needs."""

    # Any: redis-py's answers are unions over every protocol and client.
    def xrange(self, name: str, min: str = ..., max: str = ..., count: int | None = ...) -> Any: ...

    def xdel(self, name: str, *ids: str) -> Any: ...


class WatchedHealth:
    """`Health` in Redis.

    `now` gives the seconds of the clock that windows and cool-downs run by; None: the Redis
    server's. `frozen`: it stands still while calls go on, and leaps between them, so that results
    alone say when a probe is followed by more. `business` is the clock of `Confirmation.sent_at`;
    None: the same one. `own` are rules of single providers in place of `rules`. `heard` gives the
    second of business since when receipts wait to be told (None: none does): silence counts up to
    there.
    """

    def __init__(
        self,
        redis: WatchingRedis,
        providers: Iterable[Channel],
        *,
        rules: BreakerRules | None = None,
        own: Mapping[str, BreakerRules] | None = None,
        now: Callable[[], float] | None = None,
        frozen: bool = False,
        business: Callable[[], datetime] | None = None,
        heard: Callable[[], float | None] | None = None,
        cache_for: timedelta = CACHE_FOR,
    ) -> None:
        facts = {each.name: each.capabilities for each in providers}
        self._channels = {name: each.channel for name, each in facts.items()}
        self._slow_s = {name: slow_after(each) for name, each in facts.items()}
        peers = {
            name: [peer for peer, other in self._channels.items() if other == mine and peer != name]
            for name, mine in self._channels.items()
        }
        self._rules = rules or BreakerRules()
        self._fixed = {
            "rules": self._rules.as_numbers(),
            "of": {name: each.as_numbers() for name, each in (own or {}).items()},
            "peers": peers,
            "prefix": f"{_PREFIX}of:",
            "frozen": frozen,
        }
        self._redis = redis
        self._stand, self._note, self._confirm, self._probe = map(
            redis.register_script, (STAND, NOTE, CONFIRM, PROBE)
        )
        self._now, self._business, self._heard = now, business, heard
        self._cache_s = cache_for.total_seconds()
        self._known: Mapping[str, Standing] = {}
        self._known_until = -math.inf
        self._heard_at = -math.inf
        self._away_until = -math.inf

    def standings(self, providers: Collection[str]) -> Mapping[str, Standing]:
        """Those who do not stand at 1. One round trip, and none within `cache_for` of the last."""
        if time.monotonic() >= self._known_until:
            rows = self._run(self._stand, [])
            now = time.monotonic()
            if rows is not None:
                self._known, self._heard_at = _standings(cast("list[list[bytes]]", rows)), now
            elif now - self._heard_at >= REMEMBERED.total_seconds():
                self._known = {}
            self._known_until = now + self._cache_s
        return {name: self._known[name] for name in providers if name in self._known}

    def note(self, calls: Sequence[Call]) -> None:
        """Count calls that are over, each for its provider and for its range there."""
        counts: Counter[tuple[str, str, str, float, int]] = Counter()
        for call in calls:
            slow_s = self._slow_s.get(call.provider, _SLOW_S)
            kind = kind_of(call.outcome, call.seconds, slow_s)
            if kind is None:
                continue
            for part in {"", call.number_range}:
                # Fewer rows: in tenths of a provider, whole ones of a range.
                tick = 1 if part else 10
                seconds = math.ceil(max(call.seconds, 0.0) * tick) / tick
                asked = 0 if part else math.ceil(asked_for(call.outcome))
                counts[call.provider, part, kind, seconds, asked] += 1
        if counts:  # sorted: a provider comes before its ranges
            self._run(self._note, [[*key, count] for key, count in sorted(counts.items())])

    def expect(self, awaited: Sequence[Awaited]) -> None:
        """Count accepted messages whose receipts are awaited."""
        told = _Cohorts(self._rules.cohort)
        for each in awaited:
            told.await_(each, 1)
        self._tell(told)

    def confirm(self, confirmations: Sequence[Confirmation]) -> None:
        """Count what became of accepted messages, by when they were sent."""
        told = _Cohorts(self._rules.cohort)
        for each in confirmations:
            told.add(each, each.arrived, 1)
            if each.lost_before:
                told.add(each, False, -1)
            if each.awaited is not None:
                told.await_(each.awaited, -1)
        self._tell(told)

    def probe(self, provider: str, wanted: int) -> int:
        """How many of `wanted` messages may go now to show whether it works again."""
        granted = self._run(self._probe, [[provider, wanted]])
        return cast("list[int]", granted)[0] if granted is not None else 0

    def _tell(self, told: _Cohorts) -> None:
        rows = told.rows()
        if rows:
            self._run(self._confirm, rows)

    def shifts(self, most: int = 500) -> list[Shift]:
        """The oldest shifts that nobody has forgotten; none while Redis is away."""
        try:
            entries = self._redis.xrange(f"{_PREFIX}shifts", count=most)
        except RedisError as error:
            _log.warning("shifts are not read: redis is away (%s)", type(error).__name__)
            return []
        return [self._shift(_text(key), fields) for key, fields in entries]

    def forget(self, shifts: Sequence[Shift]) -> None:
        """Take these off the stream. They may be read again if Redis is away."""
        if not shifts:
            return
        try:
            self._redis.xdel(f"{_PREFIX}shifts", *(each.key for each in shifts))
        except RedisError as error:
            _log.warning("shifts are not forgotten: redis is away (%s)", type(error).__name__)

    def _run(self, script: Script, rows: list[list[object]]) -> object:
        """A script's answer; None where Redis gave none, which is not asked again at once."""
        if time.monotonic() < self._away_until:
            return None
        keys = [f"{_PREFIX}unwell", f"{_PREFIX}shifts"]
        try:
            fixed = json.dumps(self._fixed | self._clocks())  # a clock of ours may lie in Redis too
            return script(keys=keys, args=[fixed, json.dumps(rows)])
        except RedisError as error:
            _log.warning("health is unwatched: redis is away (%s)", type(error).__name__)
            self._away_until = time.monotonic() + AWAY_FOR.total_seconds()
            return None

    def _clocks(self) -> dict[str, float]:
        clocks: dict[str, float] = {}
        if self._now is not None:
            clocks["business"] = self._now()
            clocks["now"] = round(clocks["business"] * 1000)
        if self._business is not None:
            clocks["business"] = self._business().timestamp()
        if self._heard is not None and (until := self._heard()) is not None:
            clocks["heard"] = until
        return clocks

    def _shift(self, key: str, fields: Mapping[bytes | str, bytes | str]) -> Shift:
        told = {_text(name): _text(value) for name, value in fields.items()}
        provider, _, part = told["subject"].partition("|")
        business = float(told["business"])
        return Shift(
            key,
            provider,
            part,
            self._channels.get(provider, ""),
            told["before"],
            told["after"],
            float(told["share"]),
            told["why"],
            told["figures"].encode(),
            None if business < 0 else datetime.fromtimestamp(business, UTC),
        )


class _Cohorts:
    """What is told of deliveries, summed up by provider, range and cohort."""

    def __init__(self, width: timedelta) -> None:
        self._width_s = width.total_seconds()
        self._counts: Counter[tuple[str, str, int, bool]] = Counter()
        self._awaited: defaultdict[tuple[str, str, int], Counter[int]] = defaultdict(Counter)

    def add(self, of: Confirmation, arrived: bool, count: int) -> None:
        for part in {"", of.number_range}:
            self._counts[of.provider, part, self._cohort(of.sent_at), arrived] += count

    def await_(self, of: Awaited, count: int) -> None:
        for part in {"", of.number_range}:
            self._awaited[of.provider, part, self._cohort(of.sent_at)][self._cohort(of.by)] += count

    def rows(self) -> list[list[object]]:
        """Sorted: a provider comes before its ranges."""
        keys = sorted({key[:3] for key in self._counts} | set(self._awaited))
        return [
            [*key, self._counts[*key, True], self._counts[*key, False], self._awaited.get(key, {})]
            for key in keys
        ]

    def _cohort(self, at: datetime) -> int:
        return int(at.timestamp() // self._width_s)


def _standings(rows: Iterable[Sequence[bytes | str]]) -> dict[str, Standing]:
    """By provider, from what the script tells of every subject that is not closed."""
    found: dict[str, Standing] = {}
    ranges: dict[str, dict[str, float]] = {}
    for row in rows:
        subject, state, share, why = map(_text, row)
        provider, _, part = subject.partition("|")
        if part:
            ranges.setdefault(provider, {})[part] = float(share)
        else:
            found[provider] = Standing(float(share), why, probing=state == BreakerState.HALF_OPEN)
    for provider, shares in ranges.items():
        found[provider] = found.get(provider, Standing(1.0))._replace(ranges=shares)
    return found


def _text(value: bytes | str) -> str:
    return value.decode() if isinstance(value, bytes) else value
