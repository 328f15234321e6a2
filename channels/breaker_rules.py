"""When a provider is taken out and how it comes back, and what one outcome says against it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Literal

from channels.contract import Capabilities
from reminders.domain.outcome import Accepted, Outcome, Permanent, Transient, Uncertain, Unsent

Kind = Literal["o", "f", "s", "b"]  # ok, failed, slow, busy: the first letter of Redis fields

# What adapters call it, with spaces for underscores.
_BUSY_WORDS: Final = ("rate limit", "too many", "throttl", "429")
_OF_ONE_ADDRESS: Final = ("number limit", "pair rate limit", "greylist")
_SLOWEST: Final = timedelta(seconds=2)
_QUICK_ENOUGH: Final = timedelta(seconds=0.5)


@dataclass(frozen=True, slots=True)
class BreakerRules:
    """Reasons for the figures: docs/decisions/0015-a-breaker-of-our-own.md."""

    quick: timedelta = timedelta(seconds=5)
    quick_calls: int = 20  # a breaker judges by no fewer calls in `quick`
    window: timedelta = timedelta(seconds=60)
    window_calls: int = 10
    least_bad: int = 5  # nor by fewer bad calls
    run_bad: int = 4  # but by so many, in seconds of three, where chance hardly brings them
    chance: float = 1e-6  # so seldom, at twice the provider's usual share
    failed_share: float = 0.2
    slow_share: float = 0.25
    busy_share: float = 0.1  # of "rate limited": the share is halved, nothing opens
    pause: timedelta = timedelta(minutes=5)  # who asks to wait so long takes nothing till then
    pause_max: timedelta = timedelta(hours=1)
    cool_down: timedelta = timedelta(seconds=20)  # doubled by each opening that follows soon
    cool_down_max: timedelta = timedelta(minutes=5)
    calm: timedelta = timedelta(minutes=10)  # closed for so long, the cool-down starts anew
    probes: int = 8  # good calls in a row, or it opens again
    steps: tuple[float, ...] = (0.1, 0.25, 0.5)  # of its weight; the next is all
    step: timedelta = timedelta(seconds=5)
    step_calls: int = 3  # good calls of a step; without any, ten times as long will do
    probing_share: float = 0.01  # of what its channel carries: for its probes it waits until then
    probe_lost: timedelta = timedelta(seconds=10)  # a probe of which nothing is heard is forgotten
    cohort: timedelta = timedelta(minutes=5)  # of business time, by when messages were sent
    mature: timedelta = timedelta(minutes=5)  # after its end a cohort is judged
    span: timedelta = timedelta(hours=24)  # older cohorts are forgotten
    told: int = 50  # messages of known fate by which delivery is judged
    told_again: int = 20  # as many that were sent since it opened, before its share grows
    gap: float = 0.2  # below what the channel's other providers deliver
    floor: float = 0.2  # where there is no other to compare with
    opened_for_delivery: timedelta = timedelta(minutes=10)  # the least cool-down then

    def as_numbers(self) -> Mapping[str, object]:
        """What the script reads: milliseconds of the machine clock, seconds of business time."""
        return {
            "quick": _ms(self.quick) // 1000,
            "quick_calls": self.quick_calls,
            "window": _ms(self.window) // 1000,
            "window_calls": self.window_calls,
            "least_bad": self.least_bad,
            "run_bad": self.run_bad,
            "sure": -math.log(self.chance),
            "failed": self.failed_share,
            "slow": self.slow_share,
            "busy": self.busy_share,
            "cool": _ms(self.cool_down),
            "cool_max": _ms(self.cool_down_max),
            "cool_delivery": _ms(self.opened_for_delivery),
            "pause": self.pause.total_seconds(),
            "pause_max": self.pause_max.total_seconds(),
            "calm": _ms(self.calm),
            "probes": self.probes,
            "probing": self.probing_share,
            "probe_lost": _ms(self.probe_lost),
            "steps": list(self.steps),
            "step": _ms(self.step),
            "step_calls": self.step_calls,
            "cohort": self.cohort.total_seconds(),
            "mature": self.mature.total_seconds(),
            "keep": 2 * _ms(self.span),
            "span": self.span.total_seconds(),
            "told": self.told,
            "told_again": self.told_again,
            "gap": self.gap,
            "floor": self.floor,
        }


def _ms(duration: timedelta) -> int:
    return round(duration.total_seconds() * 1000)


def slow_after(capabilities: Capabilities) -> float:
    """Seconds after which a call counts as slow: a quarter of its time-out, at most two, and never
    so little that our own machine's load looks like the provider's."""
    return max(min(capabilities.timeout / 4, _SLOWEST), _QUICK_ENOUGH).total_seconds()


def kind_of(outcome: Outcome | None, seconds: float, slow_s: float) -> Kind | None:
    """What one call says of its provider; None if it says nothing.

    A refusal for good is an answer: the address or the text was at fault. "Rate limited" asks for
    less and not for nothing.
    """
    match outcome:
        case None:
            return "s"
        case Accepted() | Permanent():
            return "s" if seconds >= slow_s else "o"
        case Transient(reason=reason):
            said = reason.lower().replace("_", " ")
            if any(word in said for word in _OF_ONE_ADDRESS):
                return None
            return "b" if any(word in said for word in _BUSY_WORDS) else "f"
        case Uncertain():
            return "f"
        case Unsent():
            return None


def asked_for(outcome: Outcome | None) -> float:
    """Seconds that a provider asks to be left alone; 0 if it asks for none."""
    wait = outcome.retry_after if isinstance(outcome, Transient) else None
    return 0.0 if wait is None else wait.total_seconds()
