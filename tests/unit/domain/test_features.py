"""What is known of a customer: each input from facts alone, whatever their order."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reminders.domain.bill import BillPosition, Payment, positions
from reminders.domain.customer import Promise
from reminders.domain.features import Behaviour, features, last_moment, observe
from reminders.domain.scorecard import Feature
from tests.unit.domain.behaviour import (
    ZONE,
    behaviours,
    due,
    given_input,
    local,
    moments,
    months,
)
from tests.unit.domain.facts import terms, version

ON_TIME = [(10.0, 1000)]
EARLY = [(-40.0, 1000)]
LATE = [(24 * 10.0, 1000)]
TODAY = due(5) - timedelta(days=10)  # five bills have fallen due, a sixth is issued


def seen(
    paid: dict[int, list[tuple[float, int]]], amounts: dict[int, int] | None = None
) -> dict[Feature, float]:
    return features(months(paid, 6, amounts=amounts), (), TODAY, ZONE)


def test_the_closed_list_of_inputs() -> None:
    """S1.6: neither opting out, nor who somebody is, nor other people can be an input."""
    assert {each.value for each in Feature} == {
        "repayment_status",
        "late_count",
        "worst_days_past_due",
        "days_past_due",
        "worst_months_late",
        "months_late_mean",
        "amount_ratio",
        "utilisation",
        "pay_ratio",
        "pay_ratio_recent",
        "unpaid_share",
        "full_share",
        "credit_limit",
        "credit_left",
        "least_payment",
        "bill_amount",
        "payment_amount",
        "balance_change",
        "early_count",
        "on_time_streak",
        "bills_known",
        "autopay",
        "failed_payments",
        "broken_promises",
        "lender_score",
        "anomaly",
    }


@pytest.mark.parametrize(
    ("paid", "known"),
    [
        (
            dict.fromkeys(range(5), ON_TIME),
            {
                Feature.REPAYMENT_STATUS: -1,
                Feature.LATE_COUNT: 0,
                Feature.WORST_DAYS_PAST_DUE: 0,
                Feature.DAYS_PAST_DUE: 0,
                Feature.MONTHS_LATE_MEAN: 0,
                Feature.AMOUNT_RATIO: 1,
                Feature.PAY_RATIO: 1,
                Feature.PAY_RATIO_RECENT: 1,
                Feature.UNPAID_SHARE: 0,
                Feature.FULL_SHARE: 1,
                Feature.BILL_AMOUNT: 10,
                Feature.PAYMENT_AMOUNT: 10,
                Feature.LEAST_PAYMENT: 10,
                Feature.BALANCE_CHANGE: 1,
                Feature.EARLY_COUNT: 0,
                Feature.ON_TIME_STREAK: 5,
                Feature.BILLS_KNOWN: 5,
            },
        ),
        (
            {0: EARLY, 1: LATE, 2: EARLY, 3: [(9.0, 100)]},
            {
                Feature.REPAYMENT_STATUS: 1,
                Feature.LATE_COUNT: 2,
                Feature.WORST_DAYS_PAST_DUE: 20,
                Feature.DAYS_PAST_DUE: 20,
                Feature.MONTHS_LATE_MEAN: 0.4,
                Feature.AMOUNT_RATIO: pytest.approx(5000 / 3100),
                Feature.PAY_RATIO: 0.62,
                Feature.PAY_RATIO_RECENT: 0,
                Feature.LEAST_PAYMENT: 0,
                Feature.UNPAID_SHARE: 0.2,
                Feature.FULL_SHARE: 0.6,
                Feature.EARLY_COUNT: 2,
                Feature.ON_TIME_STREAK: 0,
            },
        ),
        (
            {0: ON_TIME, 1: ON_TIME},
            {
                Feature.REPAYMENT_STATUS: 3,
                Feature.MONTHS_LATE_MEAN: 1.2,
                Feature.WORST_DAYS_PAST_DUE: 80,
                Feature.DAYS_PAST_DUE: 80,
            },
        ),
        ({4: [(9.0, 100)]}, {Feature.REPAYMENT_STATUS: 0, Feature.ON_TIME_STREAK: 1}),
        ({}, {Feature.REPAYMENT_STATUS: 5, Feature.PAY_RATIO: 0, Feature.UNPAID_SHARE: 1}),
    ],
)
def test_each_input_from_billing(
    paid: dict[int, list[tuple[float, int]]], known: dict[Feature, float]
) -> None:
    """S5.5, S5.6: how often and how long late, and how much is owed."""
    found = seen(paid)
    assert {feature: found.get(feature) for feature in known} == known


def test_what_was_made_good_before_the_next_due_date_is_one_month_late() -> None:
    found = seen({0: LATE, 1: LATE, 2: LATE, 3: LATE, 4: LATE})
    assert found[Feature.REPAYMENT_STATUS] == 1
    assert found[Feature.WORST_DAYS_PAST_DUE] == 10


def test_nothing_is_made_up_for_who_is_new() -> None:
    assert features((), (), TODAY, ZONE) == {
        Feature.BILLS_KNOWN: 0,
        Feature.DAYS_PAST_DUE: 0,
        Feature.FAILED_PAYMENTS: 0,
        Feature.BROKEN_PROMISES: 0,
        Feature.ANOMALY: 0,
    }


def test_the_newest_bill_against_the_others() -> None:
    found = seen({n: [(9.0, 500)] for n in range(5)}, amounts={5: 3000})
    assert found[Feature.AMOUNT_RATIO] == 6
    assert found[Feature.BALANCE_CHANGE] == 3
    assert found[Feature.BILL_AMOUNT] == 30


def test_utilisation_of_the_limit_the_lender_told() -> None:
    told = [
        given_input(Feature.CREDIT_LIMIT, 20, local(due(0))),
        given_input(Feature.CREDIT_LIMIT, 40, local(due(1))),
        given_input(Feature.CREDIT_LIMIT, 1, local(TODAY + timedelta(days=1))),
    ]
    found = features(months(dict.fromkeys(range(5), ON_TIME), 6), (), TODAY, ZONE, told)
    assert found[Feature.CREDIT_LIMIT] == 40
    assert found[Feature.UTILISATION] == 0.25
    assert found[Feature.CREDIT_LEFT] == 30


def test_major_units_are_those_of_the_currency() -> None:
    for currency, amount in (("JPY", 1000), ("TWD", 10), ("KWD", 1)):
        held = terms(1000, due_on=due(0), currency=currency, issued_at=local(due(0), -99))
        bills = positions([version(1, held)], []).values()
        assert features(bills, (), due(0), ZONE)[Feature.BILL_AMOUNT] == amount


def test_the_lender_fills_in_what_billing_does_not_show() -> None:
    told = [
        given_input(feature, 3, local(due(0)))
        for feature in (Feature.AUTOPAY, Feature.LENDER_SCORE, Feature.LATE_COUNT)
    ]
    alone = features((), (), TODAY, ZONE, told)
    assert alone[Feature.LATE_COUNT] == alone[Feature.AUTOPAY] == alone[Feature.LENDER_SCORE] == 3
    assert features(months({}, 6), (), TODAY, ZONE, told)[Feature.LATE_COUNT] == 5


def test_of_two_observations_at_one_instant_the_same_one_counts_in_any_order() -> None:
    told = [given_input(Feature.LENDER_SCORE, value, local(due(0))) for value in (500, 700)]
    for order in (told, told[::-1]):
        assert features((), (), TODAY, ZONE, order)[Feature.LENDER_SCORE] == 700


@pytest.mark.parametrize(("days", "count"), [(0, 1), (30, 1), (31, 0), (-1, 0)])
def test_failed_payments_of_thirty_days(days: int, count: int) -> None:
    found = features((), [TODAY - timedelta(days=days)], TODAY, ZONE)
    assert found[Feature.FAILED_PAYMENTS] == count


PROMISED = due(0) + timedelta(days=5)


@pytest.mark.parametrize(
    ("paid", "today", "broken"),
    [
        ([], PROMISED, 0),
        ([], PROMISED + timedelta(days=1), 1),
        ([], PROMISED + timedelta(days=60), 1),
        ([], PROMISED + timedelta(days=61), 0),
        ([(24 * 5 + 23.5, 300)], PROMISED + timedelta(days=1), 0),
        ([(24 * 6 + 0.5, 300)], PROMISED + timedelta(days=1), 1),
        ([(24 * 5.0, 299)], PROMISED + timedelta(days=1), 1),
        ([(-24.0, 300)], PROMISED + timedelta(days=1), 1),  # before the promise was made
        ([(-24.0, 1000)], PROMISED + timedelta(days=1), 0),  # nothing was left to pay
    ],
)
def test_a_promise_is_broken_when_its_day_is_over(
    paid: list[tuple[float, int]], today: date, broken: int
) -> None:
    promise = Promise("W", "B0", 300, PROMISED, local(due(0), 1))
    found = features(months({0: paid}, 1), (), today, ZONE, promises=[promise])
    assert found[Feature.BROKEN_PROMISES] == broken


def test_a_promise_kept_on_the_statement_that_took_over() -> None:
    newer = terms(2000, 100, due(1), supersedes="B0", issued_at=local(PROMISED, 1))
    versions = [version(1, terms(due_on=due(0)), "B0"), version(2, newer, "B1")]
    promise = Promise("W", "B0", 300, PROMISED, local(due(0), 1))
    for amount, broken in ((300, 0), (200, 1)):
        paid = Payment("P", "B0", amount, "TWD", local(PROMISED, 12))
        bills = positions(versions, [paid]).values()
        found = features(bills, (), PROMISED + timedelta(days=1), ZONE, promises=[promise])
        assert found[Feature.BROKEN_PROMISES] == broken


def test_a_promise_on_a_bill_that_is_not_known_breaks_nothing() -> None:
    promise = Promise("W", "B9", 300, PROMISED, local(due(0), 1))
    found = features((), (), PROMISED + timedelta(days=1), ZONE, promises=[promise])
    assert found[Feature.BROKEN_PROMISES] == 0


def test_months_behind_through_statements_that_took_over() -> None:
    versions = [
        version(
            n + 1,
            terms(
                due_on=due(n),
                supersedes=f"B{n - 1}" if n else None,
                issued_at=local(due(n) - timedelta(days=14)),
            ),
            f"B{n}",
        )
        for n in range(3)
    ]
    found = features(positions(versions, []).values(), (), due(2) + timedelta(days=1), ZONE)
    assert found[Feature.REPAYMENT_STATUS] == 3
    assert found[Feature.DAYS_PAST_DUE] == 1  # of the statement that stands


@given(behaviours, moments, st.randoms(use_true_random=False))
def test_the_order_of_arrival_is_irrelevant(
    behaviour: Behaviour, at: datetime, random: Random
) -> None:
    """S1.13, S3.12: the same facts give the same inputs, in whatever order they came."""
    mixed = Behaviour(
        random.sample(list(behaviour.bills), len(behaviour.bills)),
        random.sample(list(behaviour.failed_on), len(behaviour.failed_on)),
        behaviour.zone,
        random.sample(list(behaviour.inputs), len(behaviour.inputs)),
        random.sample(list(behaviour.promises), len(behaviour.promises)),
    )
    assert observe(mixed, at) == observe(behaviour, at)


@given(st.permutations(range(6)), st.lists(st.integers(-60, 900), min_size=6, max_size=6))
def test_bills_are_read_in_the_order_of_their_due_dates(order: list[int], hours: list[int]) -> None:
    bills = months({n: [(float(hour), 100 * n)] for n, hour in enumerate(hours)}, 6)
    assert features([bills[n] for n in order], (), due(6), ZONE) == features(
        bills, (), due(6), ZONE
    )


@given(st.integers(0, 5), st.integers(-60, 900))
def test_a_payment_counts_from_its_own_instant(number: int, hour: int) -> None:
    """S5.13: not a moment sooner, whatever is known by now."""
    paid = months({number: [(float(hour), 1000)]}, 6)
    at = local(due(number), hour)
    before = at - timedelta(microseconds=1)
    none = Behaviour(months({}, 6), (), ZONE)
    assert observe(Behaviour(paid, (), ZONE), before) == observe(none, before)
    if at >= local(due(number) + timedelta(days=1), 0):  # the bill has fallen due
        known, _ = observe(Behaviour(paid, (), ZONE), at)
        assert known[Feature.PAY_RATIO] > 0


def test_a_promise_counts_from_when_it_was_made() -> None:
    late = Promise("W", "B0", 300, PROMISED, local(PROMISED + timedelta(days=3)))
    for days, broken in ((2, 0), (3, 1)):
        today = PROMISED + timedelta(days=days)
        found = features(months({}, 1), (), today, ZONE, promises=[late])
        assert found[Feature.BROKEN_PROMISES] == broken


@given(behaviours, moments)
def test_what_comes_later_changes_nothing_of_before(behaviour: Behaviour, at: datetime) -> None:
    """Facts that take effect after `at` may as well not be there."""
    today = (at + timedelta(hours=8)).date()
    early = Behaviour(
        [_until(bill, at) for bill in behaviour.bills],
        [day for day in behaviour.failed_on if day <= today],
        behaviour.zone,
        [each for each in behaviour.inputs if each.observed_at <= at],
        [each for each in behaviour.promises if each.made_at <= at],
    )
    assert observe(early, at) == observe(behaviour, at)


def _until(bill: BillPosition, at: datetime) -> BillPosition:
    payments = [
        replace(
            each,
            reversed_at=each.reversed_at if each.reversed_at and each.reversed_at <= at else None,
        )
        for each in bill.payments
        if each.paid_at <= at
    ]
    return replace(bill, payments=tuple(payments))


@given(behaviours, moments)
def test_groups_that_are_not_wanted_change_nothing_else(behaviour: Behaviour, at: datetime) -> None:
    every, _ = observe(behaviour, at)
    for feature in Feature:
        assert observe(behaviour, at, {feature})[0].get(feature) == every.get(feature)


def test_the_day_ends_where_the_customer_lives() -> None:
    assert last_moment(due(0), ZONE) < local(due(0) + timedelta(days=1), 0)
    assert last_moment(due(0), ZONE) > local(due(0), 23.99)
