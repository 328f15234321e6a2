"""S4.24: what nobody did, and what one hand does to many, waits for a person."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reminders.services.preferences.alarm import (
    BULK,
    MOST_BY_ONE_HAND,
    NO_ACTOR,
    OWN_SOURCES,
    Asked,
    held_for,
)


def off(number: int, actor: str = "clerk-1", source: str = "", *, allowed: bool = False) -> Asked:
    return Asked(number, allowed, actor, source, f"/crm {actor}-{source}-{number}")


def many(count: int, actor: str = "clerk-1", source: str = "") -> list[Asked]:
    return [off(number, actor, source) for number in range(count)]


@pytest.mark.parametrize("actor", ["", "  "])
@pytest.mark.parametrize("allowed", [True, False])
def test_a_change_without_an_actor_waits(actor: str, allowed: bool) -> None:
    asked = off(1, actor, "upgrade", allowed=allowed)
    assert held_for([asked], {}) == {asked.event_key: NO_ACTOR}


def test_as_many_as_a_clerk_does_pass_and_one_more_holds_them_all() -> None:
    assert held_for(many(MOST_BY_ONE_HAND), {}) == {}
    held = held_for(many(MOST_BY_ONE_HAND + 1), {})
    assert set(held.values()) == {BULK}
    assert len(held) == MOST_BY_ONE_HAND + 1


def test_a_bulk_may_be_cut_into_batches() -> None:
    assert held_for(many(1), {"actor clerk-1": MOST_BY_ONE_HAND - 1}) == {}
    assert held_for(many(1), {"actor clerk-1": MOST_BY_ONE_HAND})


def test_a_bulk_under_many_names_is_one_by_its_source() -> None:
    asked = [off(number, f"bot-{number}", "upgrade") for number in range(MOST_BY_ONE_HAND + 1)]
    assert len(held_for(asked, {})) == len(asked)
    unnamed = [off(number, f"bot-{number}") for number in range(MOST_BY_ONE_HAND + 1)]
    assert held_for(unnamed, {}) == {}


def test_channels_and_kinds_of_one_customer_are_no_bulk() -> None:
    asked = [Asked(1, False, "clerk-1", "", f"/crm {n}") for n in range(100)]
    assert held_for(asked, {}) == {}


def test_switching_on_is_no_bulk() -> None:
    assert held_for([off(n, allowed=True) for n in range(100)], {}) == {}


def test_others_in_the_batch_of_a_bulk_pass() -> None:
    other = off(7, "clerk-2")
    assert other.event_key not in held_for([*many(100), other], {})


@given(st.lists(st.tuples(st.integers(1, 50), st.sampled_from(sorted(OWN_SOURCES)))))
def test_what_customers_do_themselves_is_never_held(acts: list[tuple[int, str]]) -> None:
    """STOP replies, mail's own links and the page, and what a producer says was the customer."""
    by_source = [off(customer, "", source) for customer, source in acts]
    by_actor = [off(customer, "customer", "app") for customer, _ in acts]
    crowd = [off(customer, "customer", "app") for customer in range(1_000)]
    assert held_for([*by_source, *by_actor, *crowd], {}) == {}
