"""Conditions of a policy: what they say, what they refuse, and that nothing else can happen."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from reminders.domain.customer import ContactHealth
from reminders.domain.errors import PolicyError
from reminders.domain.expression import FACTS, MAX_CHARACTERS, compile_condition, facts_of
from reminders.domain.tier import Tier
from tests.unit.domain.facts import at, bill, contacts, customer, payment

VALUES: dict[type, object] = {int: 0, str: "", bool: False}
NOTHING = {name: VALUES[kind] for name, kind in FACTS.items()}


def holds(text: str, **facts: object) -> bool:
    return compile_condition(text).holds(NOTHING | facts)


@pytest.mark.parametrize(
    ("text", "facts", "expected"),
    [
        ("amount_due > 0", {"amount_due": 1}, True),
        ("amount_due > 0", {"amount_due": 0}, False),
        ("0 < days_to_due <= 3", {"days_to_due": 3}, True),
        ("0 < days_to_due <= 3", {"days_to_due": 4}, False),
        ("tier in ['R2', 'R3'] and not promised", {"tier": "R3"}, True),
        ("tier in ['R2', 'R3'] and not promised", {"tier": "R3", "promised": True}, False),
        ("product not in ['card']", {"product": "bnpl"}, True),
        ("revolving == true", {"revolving": True}, True),
        ("tier >= 'R2' or has_sms", {"tier": "R1", "has_sms": True}, True),
        ("paid * 2 >= amount_due - 10", {"paid": 45, "amount_due": 100}, True),
        ("-days_to_due == days_overdue", {"days_to_due": -2, "days_overdue": 2}, True),
        ("amount_due / paid > 1", {"amount_due": 5, "paid": 0}, False),  # cannot be computed
        ("days_to_due in [-1, 1]", {"days_to_due": -1}, True),
        (" amount_due > 1\n and paid == 0 ", {"amount_due": 2}, True),
        ("group == '甲'", {"group": "甲"}, True),
    ],
)
def test_what_a_condition_says(text: str, facts: dict[str, object], expected: bool) -> None:
    assert holds(text, **facts) is expected


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("amount_deu > 0", "character 1: amount_deu is no fact: did you mean amount_due?"),
        ("paid > 0 and opted_out", "character 14: opted_out is no fact: known are"),
        ("amount_due", "this is a number, not a condition: compare it"),
        ("amount_due > '5'", "character 14: this is a text, and stands against a number"),
        ("tier in [1]", "character 10: this is a number, and stands against a text"),
        ("tier in 'R2'", "character 9: after in stands a list"),
        ("paid in [paid]", "a list holds only numbers and texts"),
        ("revolving > false", "true or false has no order"),
        ("not paid", "character 5: this is a number; here stands true or false"),
        ("paid is 0", "not with is"),
        ("9**9**9 > 0", "of sums only"),
        ("+paid > 0", "of signs only"),
        ("paid > 1e400", "a number up to"),
        ("len(tier) > 0", "character 1: known are names"),
        ("tier.upper() == 'R0'", "character 1: known are names"),
        ("tier[0] == 'R'", "character 1: known are names"),
        ("f'{tier}' == 'R0'", "character 1: known are names"),
        ("paid >", "not a condition at the end"),
        ("paid > > 1", "not a condition at character 8"),
        ("", "not a condition at"),
        ("'甲' == teir", "character 8: teir is no fact: did you mean tier?"),
        ("(" * 400 + "paid" + ")" * 400 + " > 0", "not a condition"),
        ("not " * 200 + "promised", "nested deeper than"),
        ("-" * 900 + "paid > 0", "nested"),
        ("paid > 0 or " * 100 + "promised", f"at most {MAX_CHARACTERS} characters"),
    ],
)
def test_what_is_refused_is_told_with_place_and_fix(text: str, says: str) -> None:
    with pytest.raises(PolicyError) as caught:
        compile_condition(text)
    assert says in str(caught.value)


SIGNS = "and or not in [ ] ( ) < == + - / * ** . , : __class__ lambda if else 1 0 1e9 'R2' true"
PIECES = st.sampled_from([*FACTS, *SIGNS.split(), "\\", "\0"])


@given(st.one_of(st.text(max_size=200), st.lists(PIECES, max_size=30).map(" ".join)))
@example("9**9**9")
@example("'\\d' == tier")
@example("1in [1]")
@example("\ud800 == tier")
@example("{" * 500)
def test_no_text_does_anything_but_hold_or_be_refused(text: str) -> None:
    try:
        condition = compile_condition(text)
    except PolicyError:
        return
    assert condition.holds(NOTHING) in (True, False)
    assert condition.names <= FACTS.keys()


NUMBERS = st.sampled_from(["amount_due", "paid", "-3", "7", "100", "0.5"])
SUMS = st.recursive(
    NUMBERS, lambda part: st.tuples(part, st.sampled_from("+-*/"), part).map(" ".join), max_leaves=5
).map(lambda text: f"({text})")
TESTS = st.tuples(SUMS, st.sampled_from(["<", "<=", "==", "!=", ">"]), SUMS).map(" ".join)
CONDITIONS = st.recursive(
    TESTS,
    lambda part: st.tuples(part, st.sampled_from(["and", "or"]), part).map(
        lambda each: f"(not {each[0]} {each[1]} {each[2]})"
    ),
    max_leaves=4,
)


@given(CONDITIONS, st.integers(0, 10**9), st.integers(0, 10**9))
def test_it_agrees_with_python(text: str, amount: int, paid: int) -> None:
    try:
        expected = eval(text, {}, {"amount_due": amount, "paid": paid})  # noqa: S307  (the oracle)
    except ZeroDivisionError:
        expected = False
    assert holds(text, amount_due=amount, paid=paid) is expected


def test_every_fact_has_a_value_of_its_type() -> None:
    known = customer(points=contacts(sms=ContactHealth.DEAD))
    held = facts_of(at(25), bill(payments=[payment("p", 40, at(1))]), known, Tier.R2, "a", True)
    assert held.keys() == FACTS.keys()
    assert all(type(held[name]) is kind for name, kind in FACTS.items())
    assert (held["paid"], held["balance"], held["minimum_left"]) == (40, 960, 60)
    assert (held["has_sms"], held["has_email"], held["tier"]) == (False, True, "R2")
    assert (held["days_to_due"], held["days_overdue"]) == (-1, 1)


def test_the_day_is_the_customers_own() -> None:
    late = datetime(2026, 3, 24, 17, 0, tzinfo=UTC)  # already the 25th, the due date, in Shanghai
    held = facts_of(late, bill(), customer(), Tier.R0, "", False)
    assert held["days_to_due"] == 0


def test_a_fact_that_is_not_given_is_named() -> None:
    with pytest.raises(PolicyError, match="the fact paid was not given"):
        compile_condition("paid > 0").holds({})
