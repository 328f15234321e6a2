"""The short way to positions, one fact more, ends where the long way through all facts does."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import example, given
from hypothesis import strategies as st

from reminders.domain.bill import BillPosition, BillVersion, Payment, positions
from reminders.domain.bill_steps import with_bill, with_payment
from tests.unit.domain.facts import at, histories, paid_in, payment, terms, version

JANUARY = version(1, terms(), "A", "a")
FEBRUARY = version(1, terms(supersedes="A", issued_at=at(30)), "B", "b")


def same(found: dict[str, BillPosition], whole: dict[str, BillPosition]) -> bool:
    """Equal, and in one order: plans are made in it."""
    return found == whole and list(found) == list(whole)


@given(histories, paid_in, st.integers(0, 5))
@example([JANUARY, FEBRUARY], [payment("p", 40, at(31), "A")], 0)
def test_one_payment_more(versions: list[BillVersion], payments: list[Payment], place: int) -> None:
    for added in payments[place : place + 1]:
        others = [each for each in payments if each is not added]
        found = with_payment(positions(versions, others), added)
        assert found is None or same(found, positions(versions, [*others, added]))


@given(histories, paid_in)
@example([JANUARY, FEBRUARY], [payment("p", 40, at(1), "A")])
@example([JANUARY, FEBRUARY], [payment("p", 40, at(31), "A")])
@example([JANUARY, FEBRUARY], [payment("p", 40, at(1), "B")])
@example([version(1, terms(supersedes="B"), "A"), FEBRUARY], [])
def test_one_bill_more(versions: list[BillVersion], payments: list[Payment]) -> None:
    if versions:
        *others, added = versions
        found = with_bill(positions(others, payments), added, others, payments)
        assert found is None or same(found, positions(versions, payments))


def test_the_usual_month_goes_the_short_way() -> None:
    """A statement, money on it, and the next statement with what is left of it."""
    known = with_bill({}, JANUARY, [], [])
    assert known is not None
    paid = payment("p", 40, at(1), "A")
    known = with_payment(known, paid)
    assert known is not None
    assert known["A"].paid == 40
    known = with_bill(known, FEBRUARY, [JANUARY], [paid])
    assert known == positions([JANUARY, FEBRUARY], [paid])


def test_what_needs_all_facts_is_not_said() -> None:
    assert with_payment({}, payment("p", 40, at(1))) is None
    known = positions([JANUARY], ())
    assert with_payment(known, payment("p", 40, at(1), "A", reversed_at=at(2))) is None
    assert with_bill(known, replace(JANUARY, version=2), [JANUARY], []) is None
    late = payment("p", 40, at(31), "A")
    assert with_bill(positions([JANUARY], [late]), FEBRUARY, [JANUARY], [late]) is None
