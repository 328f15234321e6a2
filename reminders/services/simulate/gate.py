"""Whether a candidate policy may be put in force: thresholds held against a backtest."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from reminders.domain.policy import Policy
from reminders.services.simulate.engine import simulate
from reminders.services.simulate.fates import Model
from reminders.services.simulate.people import Source
from reminders.services.simulate.report import report
from reminders.services.simulate.timeline import Window

Figures = dict[str, Any]  # Any: JSON


@dataclass(frozen=True, slots=True)
class Thresholds:
    """What a backtest may not exceed; None: not asked. Increases are shares of the live policy's
    (0.1 = 10 % more), `min_reached_before_due` is a share of the bills open on their due date."""

    max_messages_increase: float | None = None
    max_cost_increase: float | None = None
    max_cap_hits: int | None = None
    min_reached_before_due: float | None = None
    max_no_longer_reached: int | None = None


def check(
    candidate: Policy,
    live: Policy | None,
    thresholds: Thresholds,
    source: Source,
    *,
    model: Model,
    window: Window | None = None,
    processes: int = 1,
) -> list[str]:
    """Play both policies over `source`; what speaks against the candidate, one line each.

    Without a live policy the thresholds that compare with it are not asked. Raises `BadInput`
    where the source or the model cannot be used.
    """
    policies = (candidate,) if live is None else (candidate, live)
    told = report(simulate(source, policies, model, window, processes))
    return failures(told, thresholds)


def failures(told: Figures, thresholds: Thresholds) -> list[str]:
    """What a report's figures say against its candidate, in words; empty if nothing."""
    return [*_of_itself(told["candidate"], thresholds), *_beside_live(told, thresholds)]


def _of_itself(candidate: Figures, thresholds: Thresholds) -> Iterator[str]:
    most, least = thresholds.max_cap_hits, thresholds.min_reached_before_due
    if most is not None and candidate["cap_hits"] > most:
        yield f"{candidate['cap_hits']:,} messages meet a cap; at most {most:,} may"
    if least is not None and candidate["reached_before_due"] < least:
        yield (
            f"{candidate['reached_before_due']:.2%} of the bills open on their due date are reached"
            f" before it; at least {least:.2%} must be"
        )


def _beside_live(told: Figures, thresholds: Thresholds) -> Iterator[str]:
    if "live" not in told:
        return
    candidate, live, difference = told["candidate"], told["live"], told["difference"]
    asked = (
        ("messages", "messages", thresholds.max_messages_increase),
        ("cost_minor", "cost", thresholds.max_cost_increase),
    )
    for name, word, most in asked:
        if most is not None and candidate[name] > live[name] * (1 + most):
            more = f"{candidate[name] / live[name] - 1:.1%} more" if live[name] else "more"
            yield (
                f"{word}: {candidate[name]:,} instead of {live[name]:,}, {more};"
                f" at most {most:.1%} more may be"
            )
    lost, allowed = difference["customers_no_longer_reached"], thresholds.max_no_longer_reached
    if allowed is not None and lost > allowed:
        some = ", ".join(difference["no_longer_reached"][:5])
        yield f"{lost:,} customers are no longer reached ({some}); at most {allowed:,} may be"
