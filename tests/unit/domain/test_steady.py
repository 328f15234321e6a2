"""A tier that is said to hold holds, so that a simulation may leave judging it anew (S6.1)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from reminders.domain.features import Behaviour, observe
from reminders.domain.risk import assess, tier_at, total
from reminders.domain.scorecard import Feature, RiskCard
from reminders.domain.standing import Found
from reminders.domain.steady import steady_until
from tests.unit.domain.behaviour import FULL_CARD, ZONE, behaviours, due, local, moments, months

# Without early warnings and hysteresis, which are never steady.
CARD = replace(
    FULL_CARD,
    hysteresis=0,
    characteristics=tuple(
        each for each in FULL_CARD.characteristics if each.feature is not Feature.ANOMALY
    ),
)
SHORT = replace(
    CARD,
    characteristics=tuple(
        each
        for each in CARD.characteristics
        if each.feature in (Feature.LATE_COUNT, Feature.FAILED_PAYMENTS)
    ),
)


def wanted(card: RiskCard) -> set[Feature]:
    return {each.feature for each in card.characteristics}


@given(behaviours, moments, st.floats(0, 1), st.sampled_from([CARD, SHORT]))
def test_what_is_steady_does_not_change(
    behaviour: Behaviour, at: datetime, share: float, card: RiskCard
) -> None:
    until = steady_until(behaviour, card, wanted(card), at)
    later = at + (min(until, at + timedelta(days=400)) - at) * share
    if later < until:
        now, then = (observe(behaviour, each, wanted(card))[0] for each in (at, later))
        assert total(card, now) == total(card, then)


@given(behaviours, moments, st.sampled_from([CARD, SHORT, FULL_CARD]))
def test_the_tier_alone_is_that_of_the_assessment(
    behaviour: Behaviour, at: datetime, card: RiskCard
) -> None:
    whole = assess(
        behaviour.bills,
        behaviour.failed_on,
        card,
        date.min,
        behaviour.zone,
        behaviour.inputs,
        behaviour.promises,
        at,
    )
    assert tier_at(behaviour, card, wanted(card), at) is whole.tier


def test_a_bill_that_is_paid_holds_until_its_due_date_is_over() -> None:
    behaviour = Behaviour(tuple(months({0: [(-48, 1000)]}, 1)), (), ZONE)
    at = local(due(0) - timedelta(days=1))
    assert steady_until(behaviour, CARD, wanted(CARD), at) == local(due(0) + timedelta(days=1), 0)


def test_what_is_past_due_holds_until_so_many_days_that_the_card_gives_other_points() -> None:
    behaviour = Behaviour(tuple(months({}, 1)), (), ZONE)
    day = due(0) + timedelta(days=4)
    until = local(due(0) + timedelta(days=8), 0)
    assert steady_until(behaviour, CARD, wanted(CARD), local(day)) == until
    assert steady_until(behaviour, SHORT, wanted(SHORT), local(day)) > until


def test_neither_hysteresis_nor_an_early_warning_is_steady() -> None:
    behaviour = Behaviour(tuple(months({}, 1)), (), ZONE)
    at = local(due(0))
    assert steady_until(behaviour, FULL_CARD, wanted(FULL_CARD), at) == at
    held = replace(CARD, hysteresis=10)
    assert steady_until(behaviour, held, wanted(held), at) == at


@given(behaviours, st.lists(moments, min_size=2, max_size=6), st.sampled_from([ZONE, "UTC"]))
def test_what_was_found_before_changes_no_answer(
    behaviour: Behaviour, instants: list[datetime], zone: str
) -> None:
    """Whatever the order of the instants, and where the zone has changed in between."""
    found: dict[str, Found] = {}
    for at in instants:
        for each in (ZONE, zone):
            known = replace(behaviour, zone=each, found=found)
            assert observe(known, at) == observe(replace(known, found=None), at)
