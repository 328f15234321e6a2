"""How many messages each provider of a channel may be given now, by weight, standing and pace."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from math import floor
from typing import Final, NamedTuple, Protocol

from channels.contract import Channel
from channels.health import Health, Standing
from channels.pacing import Grant

PROBE_PAUSE: Final = timedelta(seconds=1)  # until one that is probed is asked again
FREE_AGAIN: Final = timedelta(seconds=1)  # when one whose connections are in use is looked at again
PATIENCE: Final = timedelta(seconds=5)  # what would wait longer goes by a backup
# Multiples of the golden ratio lie as evenly as any: the parts of many claims, each in whole
# messages, add up to the weights, and no claim need know of the last.
_GOLDEN: Final = 0.618_033_988_749_895


_NOW: Final = timedelta(0)
_Take = Callable[[Channel, int], Grant]


class Pacing(Protocol):
    """Tokens shared by every worker (`channels.pacing.Pacer`)."""

    def take(self, key: str, rate_per_s: float, burst: int, wanted: int) -> Grant:
        """Up to `wanted` tokens of `key`'s bucket."""

    def hold(self, key: str, for_: timedelta) -> None:
        """Grant nothing of `key`'s bucket for so long."""


class Short(NamedTuple):
    """No token now: the first comes after `wait`, then one each `step`."""

    wait: timedelta
    step: timedelta


@dataclass(slots=True)
class Budget:
    """Messages that each provider of a lane may be given now; spent as they are assigned.

    `probed`: a channel whose every provider is only probed. What is left are probes; for all
    others it is down. `room`: how many more calls of each may be under way than these, if told.
    """

    left: dict[str, int] = field(default_factory=dict)
    retry_after: timedelta = timedelta(0)
    probed: str = ""
    room: dict[str, int] = field(default_factory=dict)

    @property
    def total(self) -> int:
        return sum(self.left.values())

    def most(self, wanted: int) -> int:
        """How many of `wanted` may be decided on: what is no probe goes by another channel."""
        return wanted if self.probed else self.total

    def spend(self, provider: str) -> None:
        """One message goes by `provider`, whether or not a token was left for it."""
        self.left[provider] = max(0, self.left.get(provider, 0) - 1)


class Treasury:
    """Makes budgets. One per process: it remembers where in the rounding it is."""

    def __init__(self, pacer: Pacing, health: Health) -> None:
        self._pacer = pacer
        self._health = health
        self._turn = 0.0

    def budget(
        self,
        providers: Sequence[Channel],
        standings: Mapping[str, Standing],
        wanted: int,
        busy: Mapping[str, int],
    ) -> Budget:
        """`wanted` tokens in all, or as many as may go now; `retry_after` if those are fewer.

        `busy` are calls of each that are not over: no more go at once than its `concurrency`. What
        waited for one of its connections would be late by us, and look late by it.

        Each provider has its part by weight and standing; what one cannot take is offered to the
        others; backups (of no weight) take what would wait longer than `PATIENCE`. One that is
        to be probed gets a probe; where all are, the budget has no more than that. Where none
        takes anything the tokens are nobody's: the gate finds the channel down, and that need
        not be slow.
        """
        full = Standing(1.0)
        known = {each.name: standings.get(each.name, full) for each in providers}
        up = [each for each in providers if known[each.name].share > 0]
        if not up:
            return Budget({"": wanted})
        claim = _Claim(wanted, busy)

        def tokens(provider: Channel, wanted: int) -> Grant:
            return self._tokens(provider, known[provider.name].share, wanted)

        for each in up:
            if known[each.name].probing:
                claim.offer(each, wanted, self._probes)
        sound = [each for each in up if not known[each.name].probing]
        if not sound:
            return claim.budget(up, probed=up[0].capabilities.channel)
        weighty = [each for each in sound if each.capabilities.weight > 0]
        shares = [(each.capabilities.weight * known[each.name].share, each) for each in weighty]
        self._by_weight(claim, shares, tokens)
        if not any(claim.waits.get(each.name, _NOW) <= PATIENCE for each in weighty):
            backups = [each for each in sound if each.capabilities.weight <= 0]
            for each in sorted(backups, key=lambda each: each.capabilities.cost_minor):
                claim.offer(each, claim.missing, tokens)
        return claim.budget(up)

    def one_more(
        self, providers: Sequence[Channel], standings: Mapping[str, Standing], budget: Budget
    ) -> Short | None:
        """One more token of these into `budget`, for a message that no other provider takes; where
        there is none now, how long one takes. None too where none of them takes anything."""
        wait, rate = timedelta.max, 0.0
        for each in sorted(providers, key=lambda each: -each.capabilities.weight):
            standing = standings.get(each.name, Standing(1.0))
            if standing.share <= 0 or standing.probing:
                continue
            # With all its connections in use it takes no token: it is asked again once one is free.
            full = budget.room.get(each.name, 1) <= 0
            grant = Grant(0, FREE_AGAIN) if full else self._tokens(each, standing.share, 1)
            if grant.granted:
                budget.left[each.name] = budget.left.get(each.name, 0) + 1
                if each.name in budget.room:
                    budget.room[each.name] -= 1
                return None
            wait = min(wait, grant.retry_after)
            rate += each.capabilities.rate_per_s * min(standing.share, 1.0)
        return Short(wait, timedelta(seconds=1 / rate)) if rate else None

    def _by_weight(
        self, claim: _Claim, weighed: Sequence[tuple[float, Channel]], tokens: _Take
    ) -> None:
        """To each its part, then what is missing to whoever has some left, the heaviest first."""
        parts = self._parts([weight for weight, _ in weighed], claim.missing)
        for (_, each), part in zip(weighed, parts, strict=True):
            claim.offer(each, part, tokens)
        for _, each in sorted(weighed, key=lambda pair: -pair[0]):
            claim.offer(each, claim.missing, tokens)

    def _parts(self, weights: Sequence[float], wanted: int) -> list[int]:
        """`wanted` in whole parts by weight; over many claims the parts are as the weights are."""
        whole = sum(weights)
        self._turn = (self._turn + _GOLDEN) % 1.0
        parts, reached, before = [], 0.0, 0
        for weight in weights:
            reached += weight
            upto = floor(wanted * reached / whole + self._turn + 1e-9)
            parts.append(upto - before)
            before = upto
        return parts

    def _tokens(self, provider: Channel, share: float, wanted: int) -> Grant:
        """One that is given less is given it slower too: where all come back at once, or one is
        alone, weights beside others would spare nobody."""
        facts = provider.capabilities
        share = min(share, 1.0)
        burst = max(1, int(facts.concurrency * share))
        return self._pacer.take(provider.name, facts.rate_per_s * share, burst, wanted)

    def _probes(self, provider: Channel, wanted: int) -> Grant:
        granted = self._health.probe(provider.name, wanted)
        return Grant(granted, PROBE_PAUSE if granted < wanted else _NOW)


@dataclass(slots=True)
class _Claim:
    """What a claim wants and has been granted so far."""

    wanted: int
    busy: Mapping[str, int]
    left: dict[str, int] = field(default_factory=dict)
    waits: dict[str, timedelta] = field(default_factory=dict)

    @property
    def missing(self) -> int:
        return self.wanted - sum(self.left.values())

    def offer(self, provider: Channel, most: int, take: _Take) -> None:
        name = provider.name
        taken = self.busy.get(name, 0) + self.left.get(name, 0)
        wanted = min(most, self.missing)
        free = provider.capabilities.concurrency - taken
        if wanted > 0 >= free:  # until one of its calls ends, however long others ask to wait
            self.waits.setdefault(name, _NOW)
        elif wanted > 0:
            grant = take(provider, min(wanted, free))
            self.left[name] = self.left.get(name, 0) + grant.granted
            self.waits[name] = grant.retry_after

    def budget(self, up: Sequence[Channel], probed: str = "") -> Budget:
        wait = min(self.waits.values(), default=_NOW) if self.missing else _NOW
        room = {}
        for each in up:
            taken = self.busy.get(each.name, 0) + self.left.get(each.name, 0)
            room[each.name] = each.capabilities.concurrency - taken
        return Budget(self.left, wait, probed, room)
