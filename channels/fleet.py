"""Every provider of a process by channel: which one takes the next message, and how many may go."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import timedelta
from types import MappingProxyType
from typing import Final

from channels.breaker_rules import kind_of
from channels.budget import Budget, Pacing, Short, Treasury
from channels.contract import Channel
from channels.hanging import Hanging
from channels.health import Call, Health, Standing, Unwatched
from channels.number_limits import NumberLimits
from channels.registry import by_channel
from channels.routing import Candidate, carries, pick, serves
from reminders.domain.outcome import Transient

__all__ = ["Budget", "Fleet", "Pacing"]

_FULL: Final = Standing(1.0)
_SECOND: Final = timedelta(seconds=1)
_IDLE: Final[Mapping[str, int]] = MappingProxyType({})
# Each address of these is a receiver of its own: one that fails says nothing of the others.
_RECEIVERS: Final = frozenset({"webhook", "apprise"})


class Fleet:
    """The providers by name, in order of preference within their channels."""

    def __init__(
        self,
        providers: Iterable[Channel],
        pacer: Pacing,
        health: Health | None = None,
        *,
        numbers: NumberLimits | None = None,
        holds: bool = True,
    ) -> None:
        """`holds`: whoever says 429 is left alone for as long as it asks, by the machine's clock;
        and what lacks a token of the only one that takes it waits for it. Not under a virtual
        clock, which would stand still meanwhile."""
        self._holds = holds
        self.by_name: Mapping[str, Channel] = {each.name: each for each in providers}
        self.by_channel: Mapping[str, tuple[Channel, ...]] = by_channel(self.by_name)
        self.health: Health = health or Unwatched()
        self._pacer = pacer
        self._hanging = Hanging(
            {name: each.capabilities.timeout / _SECOND / 2 for name, each in self.by_name.items()}
        )
        self._treasury = Treasury(pacer, self.health)
        self._numbers = numbers
        self._per_number: Mapping[str, Mapping[str, int]] = {
            channel: {
                each.name: each.capabilities.per_number_hour
                for each in those
                if each.capabilities.per_number_hour is not None
            }
            for channel, those in self.by_channel.items()
        }

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

    def too_short(self, channel: str, length: int) -> dict[str, int]:
        """The providers of a channel that do not carry a text of so many characters, with the most
        that each does."""
        return {
            each.name: each.capabilities.max_chars or 0
            for each in self.by_channel.get(channel, ())
            if not carries(each.capabilities, length)
        }

    def too_long(self, channel: str, address: str, length: int) -> int:
        """The most characters that one of those carries which would be asked for this address, if
        none of them carries so many; else 0."""
        asked = _serving(self.by_channel.get(channel, ()), address)
        if any(carries(each.capabilities, length) for each in asked):
            return 0
        return max((each.capabilities.max_chars or 0 for each in asked), default=0)

    def takes_all(self, channel: str) -> bool:
        """Whether each of its providers stands at 1, for every number of every hour."""
        if self._numbers is not None and self._per_number.get(channel):
            return False
        names = [each.name for each in self.by_channel.get(channel, ())]
        return not self.health.standings(names)

    def closed_to(
        self, channel: str, address: str, length: int, probes: Mapping[str, int] | None = None
    ) -> str:
        """Why none of those that would be asked for one message takes it now; "" where one does.

        Another provider may be well: if it serves other numbers or carries shorter texts, the
        channel is down for this message all the same. `probes` are tokens of those that are only
        probed; None: as many as are wanted.
        """
        asked = _fitting(self.by_channel.get(channel, ()), address, length)
        standings = self.health.standings([each.name for each in asked])
        spent = self._spent(channel, address)
        why = ""
        for each in asked:
            standing = standings.get(each.name, _FULL)
            if standing.share_for(address) <= 0:
                why = why or f"{each.name}: {standing.reason or 'not to this range of numbers'}"
            elif each.name in spent:
                why = why or f"{each.name}: took all it takes for this number in an hour"
            elif standing.probing and probes is not None and probes.get(each.name, 0) <= 0:
                why = why or f"{each.name}: {standing.reason}"
            else:
                return ""
        return why

    def lacks(self, channel: str, address: str, length: int, budget: Budget) -> Short | None:
        """Whether only those take one message of which `budget` has no token, nor the pacing: then
        how long until it has. Another's token would send it faster than theirs allow."""
        asked = _fitting(self.by_channel.get(channel, ()), address, length)
        if any(budget.left.get(each.name, 0) > 0 for each in asked):
            return None
        standings = self.health.standings([each.name for each in asked])
        return self._treasury.one_more(asked, standings, budget)

    def may_lack(self, channel: str, budget: Budget) -> bool:
        """Whether some message may lack a token of the only ones that take it: the channel's
        providers differ in the numbers that they serve or the texts they carry, and not each has
        a token left."""
        providers = self.by_channel.get(channel, ())
        kinds = {(one.capabilities.prefixes, one.capabilities.max_chars) for one in providers}
        left = all(budget.left.get(each.name, 0) > 0 for each in providers)
        return self._holds and len(kinds) > 1 and not left

    def _spent(self, channel: str, address: str) -> frozenset[str]:
        """Those that take no more for this number in this hour."""
        if self._numbers is None:
            return frozenset()
        return self._numbers.spent(address, self._per_number.get(channel, {}))

    def down(self) -> dict[str, str]:
        """Channels of which no provider takes anything now, and why."""
        standings = self.health.standings(tuple(self.by_name))
        found = {}
        for channel, providers in self.by_channel.items():
            each = [standings.get(provider.name, _FULL) for provider in providers]
            if all(standing.share <= 0 for standing in each):
                found[channel] = each[0].reason or "its provider takes nothing"
        return found

    def probed(self) -> set[str]:
        """Channels that are not down, but take probes alone."""
        standings = self.health.standings(tuple(self.by_name))
        found = set()
        for channel, providers in self.by_channel.items():
            up = [standings.get(provider.name, _FULL) for provider in providers]
            up = [standing for standing in up if standing.share > 0]
            if up and all(standing.probing for standing in up):
                found.add(channel)
        return found

    def reserve(self, channel: str, wanted: int, busy: Mapping[str, int] = _IDLE) -> Budget:
        """Tokens of a channel's providers (`channels.budget.Treasury.budget`)."""
        providers = self.by_channel.get(channel, ())
        standings = self.health.standings([each.name for each in providers])
        return self._treasury.budget(providers, standings, wanted, busy)

    def note(self, calls: Sequence[Call]) -> None:
        """Calls are over: count them, and leave alone who asks for it. Never raises.

        What one receiver of a webhook answers is no provider's word: the others go on.
        """
        counted = [self._hanging.told(each) for each in calls if self._is_of_a_provider(each)]
        self.health.note(counted)
        waits: dict[str, timedelta] = {}
        for call in counted if self._holds else ():
            if isinstance(call.outcome, Transient) and call.outcome.retry_after is not None:
                # A greylisted mail waits alone; "rate limited" is said of all that we send.
                if kind_of(call.outcome, 0.0, 1.0) != "b":
                    continue
                longest = waits.get(call.provider, timedelta(0))
                waits[call.provider] = max(longest, call.outcome.retry_after)
        for provider, wait in waits.items():
            self._pacer.hold(provider, wait)

    def _is_of_a_provider(self, call: Call) -> bool:
        provider = self.by_name.get(call.provider)
        return provider is not None and provider.capabilities.channel not in _RECEIVERS

    def choose(
        self,
        channel: str,
        address: str,
        draw: int,
        *,
        avoid: Collection[str] = (),
        budget: Budget | None = None,
        length: int = 0,
    ) -> Channel:
        """The provider that takes one message. `draw` is any number, evenly drawn: the same one
        gives the same provider while nothing else changes. `avoid` has failed it already; one
        that takes no more for this number in this hour is avoided as well. One that does not carry
        `length` characters is left out, unless none does that serves the number.

        Raises `LookupError` if the channel has no provider at all.
        """
        chosen = self._picked(channel, address, draw, avoid, budget, length)
        if budget is not None:
            budget.spend(chosen)
        limit = self._per_number[channel].get(chosen)
        if self._numbers is not None and limit is not None:
            self._numbers.count(chosen, address, limit)
        return self.by_name[chosen]

    def _picked(
        self,
        channel: str,
        address: str,
        draw: int,
        avoid: Collection[str],
        budget: Budget | None,
        length: int,
    ) -> str:
        providers = self.by_channel[channel]
        if len(providers) == 1:
            return providers[0].name
        standings = self.health.standings([each.name for each in providers])
        left = budget.left if budget is not None else None
        avoid = {*avoid, *self._spent(channel, address)}
        candidates = []
        for each in _fitting(providers, address, length):
            standing = standings.get(each.name, _FULL)
            candidates.append(
                Candidate(
                    each.name,
                    each.capabilities,
                    standing.share_for(address),
                    failed=each.name in avoid,
                    tokens=1 if left is None else left.get(each.name, 0),
                    probing=standing.probing,
                )
            )
        return pick(candidates, address, draw, probes=left is not None)


def _serving(providers: Sequence[Channel], address: str) -> Sequence[Channel]:
    """Those that serve a number; where none says so, all."""
    return [each for each in providers if serves(each.capabilities, address)] or providers


def _fitting(providers: Sequence[Channel], address: str, length: int) -> Sequence[Channel]:
    """Those that carry the text; of these none that does not serve the number where another does:
    by its word that there is no such number the address would be given up."""
    serving = _serving(providers, address)
    return [each for each in serving if carries(each.capabilities, length)] or serving
