"""A bill's position follows from its facts alone, whatever the order in which they came."""

from __future__ import annotations

from datetime import timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reminders.domain.bill import BillVersion, Payment, Phase, positions, unallocated
from tests.unit.domain.facts import (
    DUE_ON,
    at,
    bill,
    histories,
    paid_in,
    payment,
    terms,
    version,
)

Facts = tuple[list[BillVersion], list[Payment]]


@given(histories, paid_in, st.randoms(use_true_random=False))
def test_any_order_of_the_facts_gives_the_same_positions(
    versions: list[BillVersion], payments: list[Payment], random: Random
) -> None:
    shuffled = list(versions), list(payments)
    for facts in shuffled:
        random.shuffle(facts)
    assert positions(*shuffled) == positions(versions, payments)


@given(histories, paid_in)
def test_money_is_neither_lost_nor_counted_twice(
    versions: list[BillVersion], payments: list[Payment]
) -> None:
    known = positions(versions, payments)
    allocated = [paid for position in known.values() for paid in position.payments]
    assert len({paid.payment_id for paid in allocated}) == len(allocated)
    together = [*allocated, *unallocated(payments, known)]
    assert sorted(together, key=lambda paid: paid.payment_id) == sorted(
        payments, key=lambda paid: paid.payment_id
    )
    for position in known.values():
        assert position.balance == max(0, position.terms.amount_due - position.paid)
        assert position.settled == (position.balance == 0)
        assert position.minimum_left <= position.balance


@given(histories, st.integers(0, 8))
def test_the_epoch_never_falls_as_versions_arrive(versions: list[BillVersion], cut: int) -> None:
    before, after = positions(versions[:cut], ()), positions(versions, ())
    for bill_id, position in before.items():
        assert after[bill_id].epoch >= position.epoch


@given(paid_in, st.integers(0, 6))
def test_the_epoch_never_falls_as_payments_are_reversed(payments: list[Payment], cut: int) -> None:
    versions = [version(1, terms()), version(1, terms(), "A")]
    before = positions(versions, payments[:cut])
    after = positions(versions, payments)
    for bill_id, position in before.items():
        assert after[bill_id].epoch >= position.epoch


def test_a_payment_counts_that_came_before_its_bill() -> None:
    early = payment("P", 400, at(1))
    assert positions([], [early]) == {}
    assert unallocated([early], {}) == (early,)
    assert bill(payments=[early]).balance == 600


def test_an_old_version_after_a_new_one_changes_nothing() -> None:
    new = version(2, terms(800))
    assert bill([new, version(1, terms(1000))]).terms == new.terms
    assert bill([new, version(1, terms(1000))]).version == 2


def test_two_events_that_claim_one_version_are_told_apart_by_time_and_id() -> None:
    first, second = version(1, terms(1000), event="a"), version(1, terms(900), event="b")
    assert bill([second, first]).terms.amount_due == 900


def test_settled_needs_the_amount_and_overdue_the_minimum() -> None:
    part = bill(payments=[payment("P", 100, at(1))])
    assert (part.balance, part.minimum_left, part.settled) == (900, 0, False)
    whole = bill(payments=[payment("P", 100, at(1)), payment("Q", 1100, at(2))])
    assert (whole.paid, whole.balance, whole.settled) == (1200, 0, True)


@pytest.mark.parametrize(
    ("days", "phase"),
    [
        (-8, Phase.FUTURE),
        (-7, Phase.UPCOMING),
        (-1, Phase.UPCOMING),
        (0, Phase.DUE_TODAY),
        (1, Phase.OVERDUE),
        (400, Phase.OVERDUE),
    ],
)
def test_the_phase_follows_the_local_day(days: int, phase: Phase) -> None:
    assert bill().phase(DUE_ON + timedelta(days=days)) is phase


def test_settled_and_closed_are_phases_whatever_the_day() -> None:
    assert bill(payments=[payment("P", 1000, at(1))]).phase(DUE_ON) is Phase.SETTLED
    assert bill([version(1, terms()), version(2, None)]).phase(DUE_ON) is Phase.CLOSED


def test_a_reversal_takes_the_payment_back_and_starts_the_plan_anew() -> None:
    paid = payment("P", 1000, at(1))
    taken_back = payment("P", 1000, at(1), reversed_at=at(2))
    assert (bill(payments=[paid]).settled, bill(payments=[paid]).epoch) == (True, 0)
    assert (bill(payments=[taken_back]).balance, bill(payments=[taken_back]).epoch) == (1000, 1)


@pytest.mark.parametrize(
    ("history", "epoch"),
    [
        ([terms(), terms()], 0),
        ([terms(1000), terms(900)], 0),
        ([terms(1000), terms(1100)], 1),
        ([terms(minimum=100), terms(minimum=200)], 1),
        ([terms(), terms(due_on=DUE_ON + timedelta(days=1))], 1),
        ([terms(), None], 0),
        ([terms(), None, terms()], 1),
        ([terms(), None, terms(), None, terms()], 2),
        ([None, terms()], 1),
    ],
)
def test_what_starts_a_plan_anew(history: list[None], epoch: int) -> None:
    numbered = [version(number, held) for number, held in enumerate(history, 1)]
    assert bill(numbered).epoch == epoch


def test_a_cancelled_bill_is_closed_until_it_comes_back() -> None:
    history = [version(1, terms()), version(2, None)]
    assert bill(history).cancelled
    assert positions([version(2, None)], []) == {}
    assert not bill([*history, version(3, terms())]).closed


def chain(*, until: int = 3) -> list[BillVersion]:
    """Statements A ← B ← C, a month apart, each containing the rest of the one before."""
    return [
        version(1, terms(1000), "A"),
        version(1, terms(1500, supersedes="A", issued_at=at(30)), "B"),
        version(1, terms(2000, supersedes="B", issued_at=at(60)), "C"),
    ][:until]


@pytest.mark.parametrize(("day", "reduced"), [(1, "A"), (29, "A"), (31, "B"), (61, "C"), (90, "C")])
def test_a_payment_reduces_the_statement_that_was_out_when_it_was_made(
    day: int, reduced: str
) -> None:
    known = positions(chain(), [payment("P", 400, at(day), "A")])
    assert [name for name, position in known.items() if position.paid] == [reduced]
    assert known["A"].superseded_by == "B"
    assert known["B"].superseded_by == "C"
    assert not known["C"].closed


def test_supersession_in_a_circle_ends() -> None:
    circle = [
        version(1, terms(supersedes="B", issued_at=at(1)), "A"),
        version(1, terms(supersedes="A", issued_at=at(2)), "B"),
    ]
    known = positions(circle, [payment("P", 400, at(3), "A")])
    assert known["A"].closed
    assert known["B"].closed
    assert sum(position.paid for position in known.values()) == 400


def test_a_bill_comes_back_when_the_one_that_contained_it_is_cancelled() -> None:
    facts = [*chain(until=2), version(2, None, "B")]
    known = positions(facts, [payment("P", 400, at(31), "A")])
    assert (known["A"].superseded_by, known["A"].epoch, known["A"].balance) == (None, 1, 600)


def test_a_bill_comes_back_when_the_newer_one_no_longer_contains_it() -> None:
    facts = [*chain(until=2), version(2, terms(500, issued_at=at(30)), "B")]
    known = positions(facts, [])
    assert (known["A"].superseded_by, known["A"].epoch) == (None, 1)


def test_a_statement_that_is_cancelled_twice_reinstates_the_older_one_twice() -> None:
    again = terms(1500, supersedes="A", issued_at=at(30))
    facts = [*chain(until=2), version(2, None, "B"), version(3, again, "B"), version(4, None, "B")]
    assert [positions(facts[:end], [])["A"].epoch for end in (2, 3, 4, 5)] == [0, 1, 1, 2]


def test_money_in_another_currency_is_credit_outside_every_bill() -> None:
    foreign = payment("P", 400, at(1), currency="USD")
    known = positions([version(1, terms())], [foreign])
    assert known["B"].paid == 0
    assert unallocated([foreign], known) == (foreign,)
