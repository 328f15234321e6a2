"""When a rung is tried again follows from what was said, how often, when and until when."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from reminders.domain.outcome import Accepted, Outcome, Permanent, Transient, Uncertain, Unsent
from reminders.domain.policy import RetryRule
from reminders.domain.retrying import retry_at
from tests.unit.domain.facts import START, at

MINUTE = timedelta(minutes=1)
RULE = RetryRule((MINUTE, 5 * MINUTE, 15 * MINUTE))
END = at(1)


@pytest.mark.parametrize(
    ("outcome", "failures", "deadline", "expected"),
    [
        (Transient("busy"), 1, END, at(minutes=1)),
        (Transient("busy"), 2, END, at(minutes=5)),
        (Transient("busy"), 3, END, at(minutes=15)),
        (Transient("busy"), 4, END, None),
        (Transient("busy", 30 * MINUTE), 1, END, at(minutes=30)),
        (Transient("busy", timedelta(seconds=1)), 1, END, at(minutes=1)),
        (Transient("busy"), 1, at(minutes=1), None),
        (Transient("busy", 30 * MINUTE), 1, at(minutes=29), None),
        (Unsent("late"), 9, END, START),
        (Unsent("late"), 0, START, None),
        (Accepted("ref"), 0, END, None),
        (Permanent("no such number"), 1, END, None),
        (Uncertain("no answer"), 1, END, None),
    ],
)
def test_when(
    outcome: Outcome, failures: int, deadline: datetime, expected: datetime | None
) -> None:
    assert retry_at(outcome, failures, START, deadline, RULE) == expected


@given(
    st.none() | st.timedeltas(timedelta(0)), st.integers(1, 6), st.datetimes(timezones=st.just(UTC))
)
@example(timedelta.max, 1, datetime.max.replace(tzinfo=UTC))
def test_a_wish_lengthens_the_wait_and_never_past_the_deadline(
    asked: timedelta | None, failures: int, deadline: datetime
) -> None:
    again = retry_at(Transient("busy", asked), failures, START, deadline, RULE)
    if again is not None:
        assert START + RULE.waits[failures - 1] <= again < deadline
        assert asked is None or again >= START + asked
    assert again == retry_at(Transient("busy", asked), failures, START, deadline, RULE)


def test_a_rule_without_waits_never_retries() -> None:
    assert retry_at(Transient("busy"), 1, START, END, RetryRule(())) is None
