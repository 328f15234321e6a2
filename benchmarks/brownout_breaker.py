"""The breaker alone, by virtual time: how soon it sees a bad provider, and how often a healthy one.

No ledger and no gate, so that a day of traffic takes a minute and a bad minute a second.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count as counting
from random import Random

from redis import Redis

from benchmarks.brownout_providers import ModelProvider
from channels.breaker import WatchedHealth
from channels.breaker_rules import BreakerRules, slow_after
from channels.health import Call, Standing
from reminders.domain.outcome import Accepted, Outcome, Transient, Uncertain

START = 1_800_000_000.0
STEP_S = 0.5
TIMEOUT_S = 10.0
OK = Accepted("ref")
Answer = tuple[Outcome, float]  # and after how many seconds
# What becomes of a call of one provider: (provider, range, seconds of the play, chance).
Answers = Callable[[str, str, float, Random], Answer]


def healthy(provider: str, part: str, at_s: float, chance: Random) -> Answer:
    """A good provider with jitter: one call of 500 is slow, one of 500 fails, an hour has a stall
    of up to three seconds, and for ten minutes of each hour all calls take twice as long."""
    took = chance.lognormvariate(math.log(0.15), 0.6)
    hour_s = at_s % 3600
    took *= 2 if hour_s > 3000 else 1
    stall = Random(f"{provider} {at_s // 3600}")  # noqa: S311  (traffic, no secret)
    begins, lasts = stall.uniform(0, 3600), stall.uniform(0.5, 3.0)
    if begins <= hour_s < begins + lasts:
        took += begins + lasts - hour_s
    draw = chance.random()
    if draw < 0.002:
        return Transient("gateway 503"), took
    return OK, took + chance.uniform(1.0, 6.0) if draw < 0.004 else took


@dataclass(frozen=True, slots=True)
class Ill:
    """A part of one provider's calls meets `answer` from `begins_s` until `ends_s`."""

    answer: Answer
    share: float = 0.4
    begins_s: float = 120.0
    ends_s: float = 180.0
    provider: str = "a"
    part: str = ""  # a number range; "": all of them

    def __call__(self, provider: str, part: str, at_s: float, chance: Random) -> Answer:
        concerned = provider == self.provider and self.part in ("", part)
        if concerned and self.begins_s <= at_s < self.ends_s and chance.random() < self.share:
            return self.answer
        return healthy(provider, part, at_s, chance)


SLOW_2, SLOW_5, SLOW_20 = (OK, 2.0), (OK, 5.0), (Uncertain("timed out"), TIMEOUT_S)
FAILS, REFUSED = (Transient("gateway 503"), 0.15), (Transient("connection refused"), 0.01)


@dataclass
class Seen:
    """What a run showed."""

    calls: list[tuple[float, str, str]] = field(default_factory=list)  # at, provider, range
    opened: list[tuple[float, str, str]] = field(default_factory=list)  # at, subject, why

    def by_others(self, ill: Ill, within_s: float = 10.0) -> float:
        """The share of concerned messages that another provider carries, from so long after it
        began to its end."""
        begins = ill.begins_s + within_s
        new = [
            provider
            for at, provider, part in self.calls
            if begins <= at < ill.ends_s and ill.part in ("", part)
        ]
        return sum(1 for each in new if each != ill.provider) / len(new) if new else 1.0

    def opened_after(self, ill: Ill) -> float:
        """Seconds until it was taken out; infinite if it never was."""
        return next((at - ill.begins_s for at, *_ in self.opened if at >= ill.begins_s), math.inf)


class Run:
    """Traffic of `rate` messages a second for providers of these weights, one step at a time."""

    def __init__(
        self,
        client: Redis,
        answers: Answers,
        rate: float,
        *,
        weights: Mapping[str, float] | None = None,
        ranges: Sequence[str] = ("+86161",),
        rules: BreakerRules | None = None,
        seed: int = 1,
        step_s: float = STEP_S,
    ) -> None:
        self.at_s = 0.0
        self.seen = Seen()
        self._answers, self._rate, self._step_s = answers, rate, step_s
        self._weights = weights or {"a": 1.0, "b": 1.0}
        self._ranges = ranges
        self._chance = Random(seed)  # noqa: S311  (traffic, no secret)
        self._numbers = counting()
        self._over: list[tuple[float, int, Call]] = []
        providers = [ModelProvider(name, "sms", lambda: self.at_s) for name in self._weights]
        self._slow_s = slow_after(providers[0].capabilities)
        self._health = WatchedHealth(
            client,
            providers,
            rules=rules,
            now=lambda: START + self.at_s,
            cache_for=timedelta(0),
        )

    def play(self, seconds: float) -> Seen:
        """So many seconds more."""
        ends_s = self.at_s + seconds
        while self.at_s < ends_s:
            self._land()
            self._send()
            self.at_s += self._step_s
        shifts = [each for each in self._health.shifts(10_000) if each.after == "open"]
        self.seen.opened = [
            (each.business_at.timestamp() - START, f"{each.provider}|{each.number_range}", why)
            for each in shifts
            if each.business_at is not None
            for why in [each.reason]
        ]
        return self.seen

    def _land(self) -> None:
        calls = []
        while self._over and self._over[0][0] <= self.at_s:
            calls.append(heapq.heappop(self._over)[2])
        if calls:
            self._health.note(calls)

    def _send(self) -> None:
        standings = self._health.standings(list(self._weights))
        probing = [name for name, each in standings.items() if each.probing]
        wanted = self._wanted()
        probes = [name for name in probing for _ in range(self._health.probe(name, len(wanted)))]
        for part in wanted:
            name = probes.pop() if probes else self._choose(standings, part)
            self._call(name, part)

    def _wanted(self) -> list[str]:
        """Messages of this step, as they come in by chance, each with its range."""
        found, gap_s = [], self._chance.expovariate(self._rate)
        while gap_s < self._step_s:
            found.append(self._chance.choice(self._ranges))
            gap_s += self._chance.expovariate(self._rate)
        return found

    def _choose(self, standings: Mapping[str, Standing], part: str) -> str:
        def weight(name: str) -> float:
            standing = standings.get(name, Standing(1.0))
            if standing.probing:
                return 0.0
            return self._weights[name] * standing.share * standing.ranges.get(part, 1.0)

        weights = [weight(name) for name in self._weights]
        if not sum(weights):
            weights = list(self._weights.values())
        return self._chance.choices(list(self._weights), weights)[0]

    def _call(self, name: str, part: str) -> None:
        outcome, seconds = self._answers(name, part, self.at_s, self._chance)
        self.seen.calls.append((self.at_s, name, part))
        call = Call(name, part, outcome, seconds)
        if seconds >= self._slow_s:  # told of while it goes on, as the sender does
            call = Call(name, part, None, self._slow_s)
        due_s = self.at_s + min(seconds, self._slow_s)
        heapq.heappush(self._over, (due_s, next(self._numbers), call))
