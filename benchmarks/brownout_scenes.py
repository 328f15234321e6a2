"""What the providers of a brown-out meet, for how long, and what is to be seen of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta

from benchmarks.brownout_providers import Spell, Trouble
from benchmarks.brownout_system import LADDER, SMS, Ladder
from channels.breaker_rules import BreakerRules

SWITCH_S = 10.0  # within which new messages are to leave by the other provider
Bad = tuple[Trouble, float] | None
_USUAL = BreakerRules()


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds of traffic before, in and after the bad time, and messages a second."""

    before_s: float = 20.0
    bad_s: float = 60.0
    after_s: float = 80.0
    rate: float = 25.0

    @property
    def whole_s(self) -> float:
        return self.before_s + self.bad_s + self.after_s

    def spell(self, trouble: Trouble, share: float) -> Spell:
        return Spell(trouble, self.before_s, self.before_s + self.bad_s, share)


@dataclass(frozen=True, slots=True)
class Scene:
    """One bad time. `carried_by` is the figure that has to be 99 % of what is new `switch_s`
    after it begins; "" where nothing else can carry it."""

    first: Bad
    second: Bad = None
    carried_by: str = "by_the_other"
    switch_s: float = SWITCH_S
    timing: Timing = Timing()
    part: float = 1.0  # of the rate that is asked for: a long scene need not be a crowded one
    ladder: Ladder = LADDER
    rules: BreakerRules = _USUAL

    def at(self, timing: Timing) -> Scene:
        """The same scene at another time."""
        return replace(self, timing=timing)

    def with_rate(self, rate: float) -> Scene:
        """The same scene with its part of so many messages a second."""
        return self.at(replace(self.timing, rate=rate * self.part))


# Silence is known once the wait for receipts is over and the cohort too: here a minute and ten
# seconds, in place of hours and five minutes.
_AWAITED_S, _COHORT_S = 60.0, 10.0
_QUICK_COHORTS = BreakerRules(
    cohort=timedelta(seconds=_COHORT_S),
    mature=timedelta(seconds=_COHORT_S),
    opened_for_delivery=timedelta(seconds=120),
)
_SOON = ({**SMS, "confirm_within_minutes": 1}, *LADDER[1:])

SCENES: dict[str, Scene] = {
    "failing": Scene((Trouble.FAILING, 0.4)),
    "slow": Scene((Trouble.SLOW, 0.4)),
    "silent": Scene(
        (Trouble.SILENT, 1.0),
        switch_s=_AWAITED_S + 2 * _COHORT_S + SWITCH_S,
        timing=Timing(bad_s=180, after_s=140),
        part=0.5,
        ladder=_SOON,
        rules=_QUICK_COHORTS,
    ),
    "all down": Scene((Trouble.DOWN, 1.0), (Trouble.DOWN, 1.0), carried_by="by_mail"),
    # No other channel: all of it waits for the providers, long enough for an incident to open.
    "both back": Scene(
        (Trouble.DOWN, 1.0),
        (Trouble.DOWN, 1.0),
        carried_by="",
        timing=Timing(bad_s=100, after_s=230),
        part=0.4,
        ladder=(SMS,),
    ),
}
