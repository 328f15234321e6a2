"""Points add up from facts, whatever their order; each tier can be reached."""

from __future__ import annotations

from datetime import date, timedelta
from inspect import signature
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reminders.domain.bill import BillPosition, BillVersion, Payment, positions
from reminders.domain.risk import Assessment, assess, met_on_time
from reminders.domain.tier import Tier
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
        ([past(n, on_time=True) for n in (1, 2, 3)], (), 0, Tier.R0),
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
    assert found.points == max(0, sum(line.points for line in found.lines))
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
    assert list(signature(assess).parameters) == ["bills", "failed_on", "card", "today", "zone"]


def test_the_due_date_ends_where_the_customer_lives() -> None:
    late_evening = at(24, minutes=60 * 22)  # 26 March 08:00 in Taipei, still the 25th in New York
    paid = bill(payments=[payment("P", 1000, late_evening)])
    assert not met_on_time(paid, "Asia/Taipei")
    assert met_on_time(paid, "America/New_York")


def test_what_was_taken_back_was_not_met() -> None:
    taken = bill(payments=[payment("P", 1000, at(1), reversed_at=at(2))])
    assert not met_on_time(taken, ZONE)
