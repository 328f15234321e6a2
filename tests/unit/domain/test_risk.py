"""Points add up from facts, whatever their order; each tier can be reached."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from inspect import signature
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reminders.domain.bill import BillPosition, BillVersion, Payment, positions
from reminders.domain.features import Behaviour, observe
from reminders.domain.risk import Assessment, Points, assess, met_on_time, points_of, score, total
from reminders.domain.scorecard import Characteristic, Feature, RiskCard
from reminders.domain.tier import Tier
from reminders.domain.turning import CHANGES, turning_points
from reminders.domain.warning import LASTS
from tests.unit.domain.behaviour import (
    FULL_CARD,
    TIERS,
    behaviours,
    card,
    due,
    given_input,
    local,
    moments,
    months,
)
from tests.unit.domain.facts import (
    at,
    bill,
    default_policy,
    histories,
    paid_in,
    payment,
    terms,
    version,
)

TODAY = date(2026, 3, 20)
ZONE = "Asia/Taipei"


def past(months: int, *, on_time: bool) -> BillPosition:
    """A bill that was due so many months ago and was paid in full, in time or a day late."""
    due_on = TODAY - timedelta(days=30 * months)
    paid_at = at(-30 * months + (10 if on_time else 30))
    name = f"M{months}"
    versions = [version(1, terms(due_on=due_on, issued_at=at(-400)), name)]
    return positions(versions, [payment(f"P{months}", 1000, paid_at, name)])[name]


def owed(days: int) -> BillPosition:
    return bill([version(1, terms(due_on=TODAY - timedelta(days=days), issued_at=at(-400)))])


def judge(*bills: BillPosition, failed: tuple[date, ...] = ()) -> Assessment:
    return assess(bills, failed, default_policy().risk, TODAY, ZONE)


@pytest.mark.parametrize(
    ("bills", "failed", "points", "tier"),
    [
        ([], (), 20, Tier.R1),
        ([past(1, on_time=True)], (), 0, Tier.R0),
        ([past(n, on_time=True) for n in (1, 2, 3)], (), -10, Tier.R0),
        ([past(1, on_time=False)], (), 15, Tier.R1),
        ([past(1, on_time=True)], (TODAY,), 10, Tier.R1),
        ([past(n, on_time=False) for n in (1, 2)], (TODAY,), 40, Tier.R2),
        ([owed(1)], (), 30, Tier.R1),
        ([owed(8)], (), 45, Tier.R2),
        ([owed(30), past(2, on_time=False)], (), 75, Tier.R3),
        ([past(n, on_time=False) for n in range(1, 9)], (), 45, Tier.R2),
        ([past(4, on_time=False), *(past(n, on_time=True) for n in (1, 2, 3))], (), 5, Tier.R0),
        ([past(14, on_time=False)], (), 20, Tier.R1),
        ([], (TODAY - timedelta(days=31),), 20, Tier.R1),
    ],
)
def test_points_and_tier(
    bills: list[BillPosition], failed: tuple[date, ...], points: int, tier: Tier
) -> None:
    found = judge(*bills, failed=failed)
    assert (found.points, found.tier) == (points, tier)
    assert found.points == sum(line.points for line in found.lines)
    assert all(line.fact and line.points for line in found.lines)


@given(
    histories,
    paid_in,
    st.lists(st.dates(TODAY - timedelta(days=60), TODAY + timedelta(days=9)), max_size=3),
    st.randoms(use_true_random=False),
)
def test_the_order_of_facts_is_irrelevant(
    versions: list[BillVersion], payments: list[Payment], failed: list[date], random: Random
) -> None:
    today = date(2026, 4, 20)
    card = default_policy().risk
    first = assess(positions(versions, payments).values(), failed, card, today, ZONE)
    for facts in (versions, payments, failed):
        random.shuffle(facts)
    bills = list(positions(versions, payments).values())
    random.shuffle(bills)
    assert assess(bills, failed, card, today, ZONE) == first


def test_a_cancelled_bill_is_not_held_against_anyone() -> None:
    due_on = TODAY - timedelta(days=40)
    cancelled = bill([version(1, terms(due_on=due_on)), version(2, None)])
    assert judge(cancelled).points == judge().points


def test_opting_out_and_who_the_customer_is_are_no_input() -> None:
    """S1.6: there is no place to put them."""
    assert list(signature(assess).parameters) == [
        "bills",
        "failed_on",
        "card",
        "today",
        "zone",
        "inputs",
        "promises",
        "now",
    ]


def test_the_due_date_ends_where_the_customer_lives() -> None:
    late_evening = at(24, minutes=60 * 22)  # 26 March 08:00 in Taipei, still the 25th in New York
    paid = bill(payments=[payment("P", 1000, late_evening)])
    assert not met_on_time(paid, "Asia/Taipei")
    assert met_on_time(paid, "America/New_York")


def test_what_was_taken_back_was_not_met() -> None:
    taken = bill(payments=[payment("P", 1000, at(1), reversed_at=at(2))])
    assert not met_on_time(taken, ZONE)


def judged(behaviour: Behaviour, held_to: RiskCard, at: datetime) -> Assessment:
    return assess(
        behaviour.bills,
        behaviour.failed_on,
        held_to,
        at.date(),
        behaviour.zone,
        behaviour.inputs,
        behaviour.promises,
        at,
    )


@given(behaviours, moments, st.integers(0, 30))
def test_the_lines_add_up(behaviour: Behaviour, at: datetime, hysteresis: int) -> None:
    found = judged(behaviour, replace(FULL_CARD, hysteresis=hysteresis), at)
    assert sum(line.points for line in found.lines) == found.points
    assert all(line.fact and line.source and line.points for line in found.lines)
    assert "{" not in "".join(line.fact for line in found.lines)


@given(behaviours, moments, st.integers(0, 30), st.randoms(use_true_random=False))
def test_the_order_of_arrival_is_irrelevant_with_hysteresis(
    behaviour: Behaviour, at: datetime, hysteresis: int, random: Random
) -> None:
    """S3.12: a fold over facts by the time of their effect, not of their arrival."""
    mixed = Behaviour(
        random.sample(list(behaviour.bills), len(behaviour.bills)),
        random.sample(list(behaviour.failed_on), len(behaviour.failed_on)),
        behaviour.zone,
        random.sample(list(behaviour.inputs), len(behaviour.inputs)),
        random.sample(list(behaviour.promises), len(behaviour.promises)),
    )
    held_to = replace(FULL_CARD, hysteresis=hysteresis)
    assert judged(mixed, held_to, at) == judged(behaviour, held_to, at)


@given(st.sampled_from(FULL_CARD.characteristics), st.integers(0, 400), st.integers(0, 60))
def test_a_tier_is_monotone_in_the_points_of_each_input(
    one: Characteristic, value: int, more: int
) -> None:
    """S5.13: with more points for the same input nobody gets less attention."""
    raised = replace(one, bins=tuple((least, points + more) for least, points in one.bins))
    low, high = (
        score(replace(FULL_CARD, characteristics=(each,)), {one.feature: value / 4})
        for each in (one, raised)
    )
    assert high.points == low.points + more
    assert list(Tier).index(high.tier) >= list(Tier).index(low.tier)


@pytest.mark.parametrize(
    ("value", "points"), [(-1, 0), (0, 0), (0.99, 0), (1, 10), (2, 20), (99, 20), (None, 7)]
)
def test_bins_begin_at_their_lower_bound(value: float | None, points: int) -> None:
    rows = Characteristic(Feature.LATE_COUNT, ((0, 0), (1, 10), (2, 20)), missing=7)
    assert points_of(rows, value) == points


def test_lines_in_words_and_where_they_come_from() -> None:
    """S1.12: every input with its provenance."""
    rows = card(
        (Feature.LATE_COUNT, ((0, 0), (2, 20))),
        (Feature.LENDER_SCORE, ((0, 10), (600, 0))),
        (Feature.CREDIT_LIMIT, ((0, 1),)),
        base=5,
    )
    told = given_input(Feature.LENDER_SCORE, 512, local(due(0)), "bureau-link")
    paid = {n: [(9.0, 1000)] for n in (0, 3)}
    found = assess(months(paid, 4), (), rows, due(3) + timedelta(days=1), ZONE, [told])
    assert [(line.points, line.fact, line.source) for line in found.lines] == [
        (5, "every customer of this card", "card"),
        (20, "2 late in 12 months", "billing"),
        (10, "lender score 512", "lender score from bureau-link at 2026-01-15 04:00 UTC"),
    ]
    assert found.unknown == (Feature.CREDIT_LIMIT,)
    assert Points(Feature.CREDIT_LIMIT, None, 3).fact == "credit limit unknown"


PAST_DUE = card((Feature.DAYS_PAST_DUE, ((0, 0), (1, 20), (3, 37), (5, 40), (9, 65))))
SCORE = (Feature.LENDER_SCORE, ((0, 65), (1, 61), (2, 60), (3, 41), (4, 36), (5, 35), (6, 0)))


def scored(values: list[float], hysteresis: int) -> Assessment:
    """The tier after the lender observed these values, a day apart."""
    told = [
        given_input(Feature.LENDER_SCORE, value, local(due(0) + timedelta(days=day)))
        for day, value in enumerate(values)
    ]
    today = due(0) + timedelta(days=len(values))
    return assess((), (), card(SCORE, hysteresis=hysteresis), today, ZONE, told)


@pytest.mark.parametrize(
    ("values", "hysteresis", "tier"),
    [
        ([0], 5, Tier.R3),
        ([0, 1], 5, Tier.R3),  # 61: held
        ([0, 1], 4, Tier.R2),  # 4 below
        ([0, 2], 5, Tier.R2),  # 60: exactly 5 below
        ([0, 2, 1], 5, Tier.R2),  # it fell, and 61 does not reach R3 again
        ([0, 2, 1, 0], 5, Tier.R3),  # a rise is at once
        ([1], 5, Tier.R2),  # never reached
        ([0, 4], 5, Tier.R2),  # 36: out of R3, and R2 is held too
        ([0, 5], 5, Tier.R1),
        ([0, 4, 6], 5, Tier.R0),
        ([6, 0], 5, Tier.R3),
        ([0, 1], 0, Tier.R2),
        ([0, 1, 1, 1, 1, 1, 1], 5, Tier.R3),
    ],
)
def test_a_tier_falls_only_far_enough_below_its_threshold(
    values: list[float], hysteresis: int, tier: Tier
) -> None:
    assert scored(values, hysteresis).tier is tier


def test_a_held_tier_says_since_when() -> None:
    found = scored([0, 1], 5)
    assert (found.tier, found.earned, found.points) == (Tier.R3, Tier.R2, 61)
    assert found.held_from == local(due(0))
    assert scored([0], 5).held_from is None


def test_a_tier_that_was_reached_between_two_facts_is_held() -> None:
    """Days past due grew to R3 with no fact changing, and then the minimum was paid."""
    held_to = replace(PAST_DUE, hysteresis=66)
    paid = months({0: [(24 * 10.0, 1000)]}, 1)
    found = assess(paid, (), held_to, due(0) + timedelta(days=12), ZONE)
    assert (found.points, found.tier) == (0, Tier.R3)
    sooner = months({0: [(24 * 6.0, 1000)]}, 1)
    assert assess(sooner, (), held_to, due(0) + timedelta(days=12), ZONE).tier is Tier.R2


def test_a_tier_that_a_payment_kept_down_until_it_was_taken_back_is_held() -> None:
    """The payment's return made it R3 at once; that it was paid again soon lowers it by too
    little. Only the instant of the return, of all, shows the points that were reached."""
    held_to = replace(PAST_DUE, hysteresis=66)
    versions = [version(1, terms(due_on=due(0), issued_at=local(due(0), -99)), "B0")]
    back_at = local(due(0), 24 * 10.0)
    payments = [
        payment("P1", 1000, local(due(0), 9.0), "B0", reversed_at=back_at),
        payment("P2", 1000, back_at, "B0"),
    ]
    paid_anew = [payments[0], replace(payments[1], paid_at=back_at + timedelta(minutes=1))]
    today = due(0) + timedelta(days=12)
    for paid, tier in ((payments, Tier.R0), (paid_anew, Tier.R3)):
        bills = positions(versions, paid).values()
        assert assess(bills, (), held_to, today, ZONE).tier is tier


def test_a_tier_reached_by_an_early_warning_between_two_facts_is_held() -> None:
    """S1.13: the anomaly re-tiers, and hysteresis holds what it reached."""
    rows = card((Feature.ANOMALY, ((0, 0), (1, 15))), hysteresis=16)
    paid = {n: [(-40.0, 1000)] for n in range(3)} | {3: [(9.0, 1000)]}
    for days, tier in ((-3, Tier.R0), (3, Tier.R1)):
        found = assess(months(paid, 4), (), rows, due(3) + timedelta(days=days), ZONE)
        assert (found.points, found.tier) == (0, tier)


def test_an_anomaly_that_lapses_lowers_the_tier_for_good() -> None:
    """After a month it is over: what was reached before that is not held through it."""
    rows = card(
        (Feature.ANOMALY, ((0, 0), (1, 15))),
        (Feature.FAILED_PAYMENTS, ((0, 0), (1, 12))),
        hysteresis=5,
    )
    told = [given_input(Feature.ANOMALY, 1, local(due(0)))]
    failed_on = due(0) + LASTS + timedelta(days=1)
    found = assess((), [failed_on], rows, failed_on, ZONE, told)
    assert (found.points, found.tier, found.earned) == (12, Tier.R0, Tier.R0)


def test_a_payment_lowers_the_tier_at_once_without_hysteresis() -> None:
    """S5.13: the tier follows behaviour, up and down."""
    bills = months({0: [(24 * 10.0, 1000)]}, 1)
    day = due(0) + timedelta(days=10)
    before, after = local(day, -0.1), local(day, 0.1)
    tiers = [assess(bills, (), PAST_DUE, day, ZONE, now=each).tier for each in (before, after)]
    assert tiers == [Tier.R3, Tier.R0]


def folded(behaviour: Behaviour, held_to: RiskCard, at: datetime) -> Tier:
    """The tier by going forward through time in small steps, holding it as it is defined."""
    features = {each.feature for each in held_to.characteristics}
    changes = turning_points(behaviour, at)
    steps = {each for change in changes for each in (change, change - timedelta(microseconds=1))}
    steps |= {min(changes, default=at) + timedelta(hours=12 * n) for n in range(125)}
    held = 0
    for step in sorted(each for each in steps | {at} if min(changes, default=at) <= each <= at):
        points = total(held_to, observe(behaviour, step, features)[0])
        while held and points <= held_to.tiers[held][0] - max(1, held_to.hysteresis):
            held -= 1
        while held + 1 < len(held_to.tiers) and points >= held_to.tiers[held + 1][0]:
            held += 1
    return held_to.tiers[held][1]


@given(behaviours, moments, st.sampled_from([1, 5, 12, 20]))
def test_hysteresis_is_a_fold_over_facts(
    behaviour: Behaviour, at: datetime, hysteresis: int
) -> None:
    """It never lets a tier fall early and never blocks a rise; no stored tier is read."""
    held_to = replace(FULL_CARD, hysteresis=hysteresis)
    found = judged(behaviour, held_to, at)
    order = list(Tier)
    assert order.index(found.tier) >= order.index(judged(behaviour, FULL_CARD, at).tier)
    least = {tier: least for least, tier in TIERS}[found.tier]
    assert found.tier is Tier.R0 or found.points > least - hysteresis
    if len(turning_points(behaviour, at)) < CHANGES:
        assert found.tier is folded(behaviour, held_to, at)


def test_looking_back_is_bounded() -> None:
    values = [0.0] + [1.0] * (CHANGES - 1)
    assert scored(values, 5).tier is Tier.R3
    assert scored([*values, 1.0], 5).tier is Tier.R2
