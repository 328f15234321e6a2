"""Every provider of a process by channel: which one takes the next message, and how many may go."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final, Protocol

from channels.contract import Capabilities, Channel
from channels.health import Health, Standing, Unwatched
from channels.pacing import Grant
from channels.registry import by_channel
from channels.routing import Candidate, pick

_FULL: Final = Standing(1.0)


class Pacing(Protocol):
    """Tokens shared by every worker (`channels.pacing.Pacer`)."""

    def take(self, key: str, rate_per_s: float, burst: int, wanted: int) -> Grant:
        """Up to `wanted` tokens of `key`'s bucket."""


@dataclass(slots=True)
class Budget:
    """Messages that each provider of a lane may be given now; spent as they are assigned."""

    left: dict[str, int] = field(default_factory=dict)
    retry_after: timedelta = timedelta(0)

    @property
    def total(self) -> int:
        return sum(self.left.values())

    def spend(self, provider: str) -> None:
        """One message goes by `provider`, whether or not a token was left for it."""
        self.left[provider] = max(0, self.left.get(provider, 0) - 1)


class Fleet:
    """The providers by name, in order of preference within their channels."""

    def __init__(
        self, providers: Iterable[Channel], pacer: Pacing, health: Health | None = None
    ) -> None:
        self.by_name: Mapping[str, Channel] = {each.name: each for each in providers}
        self.by_channel: Mapping[str, tuple[Channel, ...]] = by_channel(self.by_name)
        self.health: Health = health or Unwatched()
        self._pacer = pacer

    def first(self, channel: str) -> Channel | None:
        """The preferred provider of a channel; None where there is none."""
        found = self.by_channel.get(channel)
        return found[0] if found else None

    def concurrency(self, channel: str) -> int:
        """Calls in flight at once by all providers of a channel."""
        return sum(each.capabilities.concurrency for each in self.by_channel.get(channel, ()))

    def rate_per_s(self, channel: str) -> float:
        """What all providers of a channel take together."""
        return sum(each.capabilities.rate_per_s for each in self.by_channel.get(channel, ()))

    def down(self) -> dict[str, str]:
        """Channels of which no provider takes anything now, and why."""
        standings = self.health.standings(tuple(self.by_name))
        found = {}
        for channel, providers in self.by_channel.items():
            each = [standings.get(provider.name, _FULL) for provider in providers]
            if all(standing.share <= 0 for standing in each):
                found[channel] = each[0].reason or "its provider takes nothing"
        return found

    def reserve(self, channel: str, wanted: int) -> Budget:
        """Tokens of a channel's providers, each by its weight and standing first, then whoever
        has some left: `wanted` in all, or as many as may go now."""
        providers = self.by_channel.get(channel, ())
        shares = self._shares(providers)
        whole = sum(shares.values()) or 1.0
        budget = Budget()
        waits = []
        for provider in sorted(providers, key=lambda each: -shares[each.name]):
            name, facts = provider.name, provider.capabilities
            left = wanted - budget.total
            if left <= 0 or (shares[name] <= 0 and len(providers) > 1 and budget.total):
                continue
            # Rounded up: who is not used by this claim gives what is left to the next.
            asked = min(left, max(1, round(wanted * shares[name] / whole + 0.499)))
            grant = self._take(name, facts, asked)
            budget.left[name] = grant.granted
            waits.append(grant.retry_after)
        budget.retry_after = min(waits, default=timedelta(0))
        return budget

    def choose(
        self,
        channel: str,
        address: str,
        draw: int,
        *,
        avoid: Collection[str] = (),
        budget: Budget | None = None,
    ) -> Channel:
        """The provider that takes one message. `draw` is any number, evenly drawn: the same one
        gives the same provider while nothing else changes. `avoid` has failed it already.

        Raises `LookupError` if the channel has no provider at all.
        """
        providers = self.by_channel[channel]
        if len(providers) == 1:
            return providers[0]
        standings = self.health.standings([each.name for each in providers])
        left = budget.left if budget is not None else None
        chosen = pick(
            [
                Candidate(
                    each.name,
                    each.capabilities,
                    standings.get(each.name, _FULL).share,
                    failed=each.name in avoid,
                    tokens=1 if left is None else left.get(each.name, 0),
                )
                for each in providers
            ],
            address,
            draw,
        )
        if budget is not None:
            budget.spend(chosen)
        return self.by_name[chosen]

    def _shares(self, providers: Collection[Channel]) -> dict[str, float]:
        standings = self.health.standings([each.name for each in providers])
        return {
            each.name: each.capabilities.weight * standings.get(each.name, _FULL).share
            for each in providers
        }

    def _take(self, name: str, facts: Capabilities, wanted: int) -> Grant:
        return self._pacer.take(name, facts.rate_per_s, facts.concurrency, wanted)
