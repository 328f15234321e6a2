"""An id carries its month and its customer there and back."""

from __future__ import annotations

from datetime import UTC, date, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reminders.domain.identity import (
    BUCKETS,
    bucket,
    customer_id,
    customer_in,
    make_id,
    month_in,
    month_of,
)

months = st.dates().map(month_of)
customers = st.integers(0, 2**60 - 1)


@given(months, customers, st.lists(st.text() | st.integers(), max_size=4))
def test_month_and_customer_come_back(month: int, customer: int, name: list[object]) -> None:
    made = make_id(month, customer, *name)
    assert (month_in(made), customer_in(made)) == (month, customer)
    assert made == make_id(month, customer, *name)
    assert UUID(str(made)) == made


@given(st.text())
def test_a_customers_number_fits_and_is_nobodys(ref: str) -> None:
    assert 1 <= customer_id(ref) < 2**60
    assert 0 <= bucket(customer_id(ref)) < BUCKETS


def test_numbers_are_the_same_on_every_machine() -> None:
    assert customer_id("C-000001") == 832724503902081009
    assert str(make_id(202603, 7, "B", "d0", 0)) == "20260300-0000-0000-0000-794ac8ea4b9c"


def test_names_are_told_apart_by_their_parts() -> None:
    ids = {make_id(202603, 7, *name) for name in [("a", "b"), ("ab",), ("a", "b", ""), ("b", "a")]}
    assert len(ids) == 4


@pytest.mark.parametrize("text", ["20261300", "20260000", "2026ab00", "ffffff00"])
def test_an_id_without_a_month_is_not_ours(text: str) -> None:
    with pytest.raises(ValueError, match=r"no month|invalid literal"):
        month_in(UUID(f"{text}-0000-0000-0000-000000000000"))


def test_months_of_days_and_instants() -> None:
    assert month_of(date(1, 1, 31)) == 101
    assert month_of(datetime(9999, 12, 31, tzinfo=UTC)) == 999912
