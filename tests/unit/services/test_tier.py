"""What is said of a tier holds: the sum, and what would change it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from reminders.cli.tier import explanation
from reminders.domain.features import Behaviour
from reminders.domain.risk import assess
from reminders.domain.scorecard import Feature, RiskCard
from reminders.domain.tier import Tier
from reminders.domain.warning import warnings
from reminders.services.tier import Tiered, as_json, changes, held, sum_of, thresholds
from tests.unit.domain.behaviour import (
    FULL_CARD,
    ZONE,
    behaviours,
    card,
    due,
    given_input,
    local,
    moments,
)


def tiered(behaviour: Behaviour, rows: RiskCard, at: datetime) -> Tiered:
    found = assess(
        behaviour.bills,
        behaviour.failed_on,
        rows,
        at.date(),
        behaviour.zone,
        behaviour.inputs,
        behaviour.promises,
        at,
    )
    ahead = warnings(behaviour.bills, behaviour.inputs, at, behaviour.zone)
    return Tiered("C-1", behaviour.zone, at, "default@1", rows, found, ahead)


@given(behaviours, moments, st.integers(0, 20))
def test_what_is_printed_adds_up(behaviour: Behaviour, at: datetime, hysteresis: int) -> None:
    told = tiered(behaviour, replace(FULL_CARD, hysteresis=hysteresis), at)
    assert sum_of(told.assessment.lines) == told.assessment.points
    shown = [line.plain for line in explanation(told)]
    numbers = [int(line.split()[0]) for line in shown if line.startswith("  ")]
    assert sum(numbers[:-1]) == numbers[-1] == told.assessment.points
    assert sum(line["points"] for line in as_json(told)["lines"]) == told.assessment.points


def scored(points: list[int], hysteresis: int) -> Tiered:
    """A customer who had these points, one after the other, a day apart."""
    rows = card(
        (Feature.LENDER_SCORE, tuple((float(n), n) for n in range(-20, 121))),
        hysteresis=hysteresis,
    )
    told = tuple(
        given_input(Feature.LENDER_SCORE, float(each), local(due(0) + timedelta(days=day)))
        for day, each in enumerate(points)
    )
    return tiered(Behaviour((), (), ZONE, told), rows, local(due(0) + timedelta(days=30)))


@given(st.lists(st.integers(0, 100), min_size=1, max_size=4), st.integers(0, 8))
def test_what_would_change_the_tier_does(points: list[int], hysteresis: int) -> None:
    told = scored(points, hysteresis)
    for change in changes(told):
        number, _, more, _, tier = change.split()
        step = int(number) if more == "more" else -int(number)
        assert scored([*points, points[-1] + step], hysteresis).assessment.tier == tier
        nearly = step - (1 if step > 0 else -1)
        assert scored([*points, points[-1] + nearly], hysteresis).assessment.tier == (
            told.assessment.tier
        )


def test_in_words() -> None:
    told = scored([66, 61], 5)
    assert changes(told) == ["1 point fewer for R2"]
    assert held(told) == "the points alone give R2: R3 was reached 2026-01-15 12:00 and is held"
    assert thresholds(told.card) == (
        "R0 from 0, R1 from 15, R2 from 40, R3 from 65;"
        " a tier is held until 5 points below its threshold"
    )
    assert changes(scored([50], 0)) == ["15 points more for R3", "11 points fewer for R1"]
    assert held(scored([50], 0)) == ""
    assert scored([50], 0).assessment.tier is Tier.R2
