"""Early warnings: what sets each off, from when until when, and that no order of facts matters."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reminders.domain.bill import BillPosition, Payment, positions
from reminders.domain.customer import RiskInput
from reminders.domain.features import Behaviour, observe
from reminders.domain.scorecard import Feature
from reminders.domain.warning import LASTS, EarlyWarning, WarningKind, warnings
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

EVENING = -4.0  # 20:00 on the day before the due date
OPEN = due(4)
ISSUED = local(OPEN - timedelta(days=13))
Paid = Mapping[int, Iterable[tuple[float, int]]]


def told(
    paid: Paid, now: datetime, count: int = 5, inputs: Iterable[RiskInput] = ()
) -> tuple[EarlyWarning, ...]:
    return warnings(months(paid, count), inputs, now, ZONE)


def habit(*hours: float) -> dict[int, list[tuple[float, int]]]:
    return {n: [(hour, 1000)] for n, hour in enumerate(hours)}


def test_a_usual_payer_is_late_for_them_three_hours_after_their_hour() -> None:
    """S1.19: known ahead, as soon as the bill is, and to the instant."""
    (ahead,) = told(habit(-5, EVENING, -4.5, -6), ISSUED)
    assert ahead.kind is WarningKind.LATE_FOR_THEM
    assert ahead.bill_id == "B4"
    assert ahead.at == local(OPEN, EVENING + 3)
    assert ahead.until == local(OPEN, 24)
    assert ahead.words == "nothing by 2026-05-14 23:00, though 4 bills in a row were paid by then"
    assert not ahead.in_force(ahead.at - timedelta(microseconds=1))
    assert ahead.in_force(ahead.at)
    assert not ahead.in_force(ahead.until)


def test_the_instant_stays_the_same_as_it_comes_and_the_warning_ends_with_the_day() -> None:
    paid = habit(-5, EVENING, -4.5, -6)
    (ahead,) = told(paid, ISSUED)
    assert told(paid, ahead.at + timedelta(hours=1)) == (ahead,)
    assert told(paid, ahead.until) == ()


@pytest.mark.parametrize(
    "paid",
    [
        habit(-5, EVENING),  # too few
        habit(-5, -60, EVENING, -5),  # no habit: more than two days apart
        habit(-5, EVENING, -5, 30),  # the last was late
        habit(-5, 30, EVENING, -5),  # two in a row only
        habit(23, 23, 22, 23),  # they pay in the last hour: the day ends first
        {**habit(-5, EVENING, -5, -5), 4: [(-200, 100)]},  # the minimum is met
    ],
)
def test_no_habit_no_warning(paid: Paid) -> None:
    assert told(paid, local(OPEN, -2)) == ()


def test_a_part_of_the_minimum_is_not_what_they_usually_pay() -> None:
    assert told({**habit(-5, EVENING, -5, -5), 4: [(-200, 99)]}, local(OPEN, -2))


def test_a_payment_that_was_taken_back_brings_the_warning_back() -> None:
    back_at = local(OPEN, -2)
    versions = [
        version(1, terms(due_on=due(n), issued_at=local(due(n) - timedelta(14))), f"B{n}")
        for n in range(5)
    ]
    payments = [
        Payment(f"P{n}", f"B{n}", 1000, "TWD", local(due(n), EVENING), back_at if n == 4 else None)
        for n in range(5)
    ]
    bills = positions(versions, payments).values()
    assert warnings(bills, (), back_at - timedelta(minutes=1), ZONE) == ()
    assert warnings(bills, (), back_at, ZONE)


def test_the_habit_is_one_of_the_wall() -> None:
    """Winter evenings in New York teach an hour of the wall that holds in summer."""
    zone = "America/New_York"
    dues = [date(2026, 1, 5), date(2026, 2, 5), date(2026, 3, 5), date(2026, 4, 5)]
    versions = [
        version(1, terms(due_on=day, issued_at=datetime(2025, 12, 1, tzinfo=UTC)), f"B{n}")
        for n, day in enumerate(dues)
    ]
    payments = [  # 18:00 in winter
        Payment(f"P{n}", f"B{n}", 1000, "TWD", datetime(day.year, day.month, 4, 23, tzinfo=UTC))
        for n, day in enumerate(dues[:3])
    ]
    bills = positions(versions, payments).values()
    (ahead,) = warnings(bills, (), datetime(2026, 4, 1, tzinfo=UTC), zone)
    assert ahead.at == datetime(2026, 4, 5, 1, tzinfo=UTC)  # 21:00 on the 4th in summer


def rising(amounts: dict[int, int], inputs: Iterable[RiskInput] = ()) -> list[EarlyWarning]:
    paid: Paid = {n: [(-200, amounts.get(n, 1000))] for n in range(4)}
    bills = months(paid, 5, amounts=amounts)
    found = warnings(bills, inputs, ISSUED, ZONE)
    return [each for each in found if each.kind is not WarningKind.LATE_FOR_THEM]


def test_a_sudden_rise_of_the_balance() -> None:
    """S2.11: from the instant the bill is issued until it is due."""
    (found,) = rising({4: 2100})
    assert (found.kind, found.bill_id) == (WarningKind.BALANCE_RISE, "B4")
    assert found.at == local(OPEN - timedelta(days=14), 0)
    assert found.until == local(OPEN, 24)
    assert "2.1 times" in found.words


@pytest.mark.parametrize("amounts", [{4: 2000}, {1: 0, 2: 0, 3: 0, 4: 500}, {0: 5000, 4: 2100}])
def test_no_sudden_rise(amounts: dict[int, int]) -> None:
    assert rising(amounts) == []


def test_too_few_older_bills_show_no_rise() -> None:
    bills = months({}, 3, amounts={2: 9000})
    assert warnings(bills, (), local(due(2) - timedelta(days=13)), ZONE) == ()


def test_a_sudden_rise_of_utilisation() -> None:
    limit = given_input(Feature.CREDIT_LIMIT, 20, local(due(0)))
    (found,) = rising({4: 1900}, [limit])
    assert found.kind is WarningKind.UTILISATION_RISE
    assert found.words == "95% of the credit limit is used, 50% before"
    assert rising({4: 1700}, [limit]) == []
    assert rising(dict.fromkeys(range(5), 1900), [limit]) == []


def test_a_rise_of_utilisation_that_the_lender_reports() -> None:
    seen = [
        given_input(Feature.UTILISATION, value, local(due(0) + timedelta(days=day)))
        for day, value in enumerate((0.3, 0.4, 0.95))
    ]
    (found,) = warnings((), seen, local(due(1)), ZONE)
    assert (found.kind, found.at) == (WarningKind.UTILISATION_RISE, seen[-1].observed_at)
    assert warnings((), seen[:2], local(due(1)), ZONE) == ()
    assert warnings((), seen, seen[-1].observed_at + LASTS, ZONE) == ()


PART = [(-9.0, 400)]
FULL = [(-9.0, 1000)]
LITTLE = [(-9.0, 50)]


@pytest.mark.parametrize(
    ("paid", "warned"),
    [
        ({0: FULL, 1: PART, 2: PART, 3: PART}, True),
        ({0: LITTLE, 1: LITTLE, 2: LITTLE, 3: LITTLE}, True),
        ({0: PART, 1: PART, 2: PART, 3: PART}, False),  # they always pay a part
        ({0: FULL, 1: FULL, 2: PART, 3: PART}, False),  # two are no string
        ({0: FULL, 1: PART, 2: PART, 3: FULL}, False),  # it is over
        ({0: FULL, 1: PART, 2: PART}, False),  # nothing at all is another matter
    ],
)
def test_a_string_of_partial_payments(paid: Paid, warned: bool) -> None:
    found = [
        each
        for each in told(paid, ISSUED + timedelta(days=5))
        if each.kind is WarningKind.PARTIAL_PAYMENTS
    ]
    assert bool(found) is warned
    if 0 in paid and list(paid[0]) == FULL and warned:
        (one,) = found
        assert (one.at, one.until) == (local(due(3), 24), local(due(3), 24) + LASTS)


def test_an_anomaly_that_the_lender_reports_until_it_takes_it_back() -> None:
    at = local(due(0))
    reported = given_input(Feature.ANOMALY, 1, at, "fraud-desk")
    (found,) = warnings((), [reported], at, ZONE)
    assert (found.kind, found.bill_id, found.at) == (WarningKind.LENDER, "", at)
    assert found.until == at + LASTS
    assert warnings((), [reported], at - timedelta(seconds=1), ZONE) == ()
    assert warnings((), [reported], at + LASTS, ZONE) == ()
    over = given_input(Feature.ANOMALY, 0, at + timedelta(days=2))
    assert warnings((), [reported, over], at + timedelta(days=3), ZONE) == ()


def test_of_two_reports_at_one_instant_the_same_one_counts_in_any_order() -> None:
    at = local(due(0))
    both = [given_input(Feature.ANOMALY, value, at, "desk") for value in (0, 1)]
    assert warnings((), both, at, ZONE) == warnings((), both[::-1], at, ZONE)


def test_a_reported_anomaly_speaks_of_the_open_bill_that_is_due_first() -> None:
    reported = given_input(Feature.ANOMALY, 1, local(due(1)))
    (found,) = told({0: FULL}, local(due(1)), 3, [reported])
    assert found.bill_id == "B1"


@given(behaviours, moments, st.randoms(use_true_random=False))
def test_the_order_of_arrival_is_irrelevant(
    behaviour: Behaviour, at: datetime, random: Random
) -> None:
    bills = random.sample(list(behaviour.bills), len(behaviour.bills))
    inputs = random.sample(list(behaviour.inputs), len(behaviour.inputs))
    assert warnings(bills, inputs, at, ZONE) == warnings(
        behaviour.bills, behaviour.inputs, at, ZONE
    )


@given(behaviours, moments)
def test_the_input_is_1_while_one_is_in_force(behaviour: Behaviour, at: datetime) -> None:
    found = warnings(behaviour.bills, behaviour.inputs, at, behaviour.zone)
    known, _ = observe(behaviour, at)
    assert known[Feature.ANOMALY] == int(any(each.in_force(at) for each in found))
    assert all(each.at < each.until and each.until > at for each in found)
    bills = {bill.bill_id: bill for bill in behaviour.bills}
    assert all(not each.bill_id or not bills[each.bill_id].cancelled for each in found)


@st.composite
def _payers(draw: st.DrawFn) -> tuple[list[BillPosition], datetime]:
    """Three to six bills paid at much the same hour, and one more that is open."""
    count = draw(st.integers(3, 6))
    base = draw(st.integers(-240, 10))
    hours = draw(st.lists(st.integers(0, 30), min_size=count, max_size=count))
    paid = {n: [(float(base + hour), 1000)] for n, hour in enumerate(hours)}
    return months(paid, count + 1), local(due(count) - timedelta(days=13), 12)


@given(_payers(), st.integers(0, 100))
def test_what_is_foreseen_is_what_comes(
    payer: tuple[list[BillPosition], datetime], share: int
) -> None:
    """The future instant that is told when the bill comes is the one at which it holds, at
    whatever moment until then the same facts are looked at."""
    bills, now = payer
    for foreseen in warnings(bills, (), now, ZONE):
        later = now + (foreseen.at - now) * (share / 100)
        if later < foreseen.until:
            assert foreseen in warnings(bills, (), later, ZONE)
        assert observe(Behaviour(bills, (), ZONE), foreseen.at)[0][Feature.ANOMALY] == 1
