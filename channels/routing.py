"""Which of several providers takes a message: a pure function of weight, standing, cost, fit."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from channels.contract import Capabilities


@dataclass(frozen=True, slots=True)
class Candidate:
    """One provider of the channel, as it stands now."""

    name: str
    capabilities: Capabilities
    share: float  # of its weight: 1 healthy, 0 takes nothing
    failed: bool = False  # it refused or lost this very reminder's message before
    tokens: int = 1  # what its pacing leaves now
    probing: bool = False  # a few messages are to show whether it works again


def pick(candidates: Sequence[Candidate], address: str, draw: int, *, probes: bool = False) -> str:
    """The name of the provider for `address`.

    Rules in this order: one that serves the number; one that did not just fail this message; one
    that takes anything now; one that need not be probed; one with tokens left; then by weight times
    share, and among providers without weight (backups) the cheapest. A rule that would leave
    nobody is passed over: to send by a doubtful provider is better than not to send. `draw`
    decides by weight. With `probes`, tokens of one to be probed are for probes: it goes first.
    """
    left = list(candidates)
    for rule in _RULES[:3]:
        left = [each for each in left if rule(each, address)] or left
    due = [each for each in left if probes and each.probing and each.tokens > 0]
    for rule in _RULES[3:]:
        left = [each for each in left if rule(each, address)] or left
    return _by_weight(due or left, draw)


def carries(capabilities: Capabilities, length: int) -> bool:
    """Whether a text of so many characters fits. Such a provider is not asked in doubt either."""
    return capabilities.max_chars is None or length <= capabilities.max_chars


def serves(capabilities: Capabilities, address: str) -> bool:
    """Whether it takes messages for this address at all."""
    return not capabilities.prefixes or address.startswith(capabilities.prefixes)


_RULES: Final[Sequence[Callable[[Candidate, str], bool]]] = (
    lambda each, address: serves(each.capabilities, address),
    lambda each, _: not each.failed,
    lambda each, _: each.share > 0,
    lambda each, _: not each.probing,
    lambda each, _: each.tokens > 0,
)


def _by_weight(left: Sequence[Candidate], draw: int) -> str:
    weights = [each.capabilities.weight * max(each.share, 0.0) for each in left]
    whole = sum(weights)
    if whole <= 0:
        return min(left, key=lambda each: (each.capabilities.cost_minor, each.name)).name
    point = (draw % 1_000_003) / 1_000_003 * whole
    for each, weight in zip(left, weights, strict=True):
        point -= weight
        if point < 0:
            return each.name
    return max(zip(left, weights, strict=True), key=lambda pair: pair[1])[0].name
