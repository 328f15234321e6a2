"""When a provider is taken out and how it comes back, for every provider of the lender."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

# What is longer than a year is a slip of the pen; channels.breaker_settings has the same bounds.
Seconds = Annotated[float, Field(gt=0, le=31_536_000)]
Calls = Annotated[int, Field(ge=1, le=1_000_000_000)]
Share = Annotated[float, Field(gt=0, le=1)]


class Breaker(BaseModel):
    """`channels.breaker_rules.BreakerRules` by the same names and defaults; durations in seconds
    end `_s`. docs/providers/health.md says what each one does."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    quick_s: Seconds = 5
    quick_calls: Calls = 20
    window_s: Seconds = 60
    window_calls: Calls = 10
    least_bad: Calls = 5
    run_bad: Calls = 4
    chance: Share = 1e-6
    failed_share: Share = 0.2
    slow_share: Share = 0.25
    busy_share: Share = 0.1
    pause_s: Seconds = 300
    pause_max_s: Seconds = 3600
    cool_down_s: Seconds = 20
    cool_down_max_s: Seconds = 300
    calm_s: Seconds = 600
    probes: Calls = 8
    probe_lost_s: Seconds = 10
    steps: tuple[Share, ...] = (0.1, 0.25, 0.5)
    step_s: Seconds = 5
    step_calls: Calls = 3
    probing_share: Share = 0.01
    cohort_s: Seconds = 300
    mature_s: Seconds = 300
    span_s: Seconds = 86_400
    told: Calls = 50
    told_again: Calls = 20
    gap: Share = 0.2
    floor: Share = 0.2
    opened_for_delivery_s: Seconds = 600

    @model_validator(mode="after")
    def _fit(self) -> Self:
        rules = {
            "quick_s must be at most window_s": self.quick_s <= self.window_s,
            "cool_down_s must be at most cool_down_max_s": self.cool_down_s <= self.cool_down_max_s,
            "pause_s must be at most pause_max_s": self.pause_s <= self.pause_max_s,
            "steps must rise, and end below 1": bool(self.steps)
            and [*self.steps, 1.0] == sorted({*self.steps, 1.0}),
            "span_s must exceed cohort_s and mature_s": self.span_s > self.cohort_s + self.mature_s,
            "quick_s, window_s and cohort_s must be whole seconds": all(
                each == int(each) for each in (self.quick_s, self.window_s, self.cohort_s)
            ),
        }
        wrong = [line for line, holds in rules.items() if not holds]
        if wrong:
            raise ValueError("; ".join(wrong))
        return self
