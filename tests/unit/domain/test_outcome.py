"""What is heard of an attempt, folded in any order, ends in one state."""

from __future__ import annotations

from itertools import permutations, product

import pytest

from reminders.domain.errors import IllegalTransition
from reminders.domain.outcome import ATTEMPT_TRANSITIONS, AttemptState, merge, move

S = AttemptState
RECEIPTS = (S.ACCEPTED, S.UNDELIVERED, S.DELIVERED, S.READ)
OUTCOMES = (S.ACCEPTED, S.FAILED, S.UNCERTAIN)


def fold(start: AttemptState, heard: tuple[AttemptState, ...]) -> AttemptState:
    for each in heard:
        start = merge(start, each)
    return start


@pytest.mark.parametrize("start", [S.SUBMITTED, S.UNCERTAIN, S.ACCEPTED, S.FAILED])
@pytest.mark.parametrize("size", [1, 2, 3, 4])
def test_receipts_converge_in_any_order_and_number(start: AttemptState, size: int) -> None:
    for heard in product(RECEIPTS, repeat=size):
        ends = {fold(start, order) for order in permutations(heard)}
        assert len(ends) == 1, heard
        assert fold(start, heard + heard) in ends


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_receipts_before_and_after_their_attempt_is_recorded_end_alike(
    outcome: AttemptState,
) -> None:
    for size in (1, 2, 3):
        for heard in product(RECEIPTS, repeat=size):
            ends = {fold(S.SUBMITTED, order) for order in permutations((outcome, *heard))}
            assert len(ends) == 1, (outcome, heard)


def test_the_table_holds_every_state() -> None:
    assert set(ATTEMPT_TRANSITIONS) == set(AttemptState)


@pytest.mark.parametrize(("current", "wanted"), list(product(AttemptState, repeat=2)))
def test_a_move_is_in_the_table_or_refused(current: AttemptState, wanted: AttemptState) -> None:
    if wanted in ATTEMPT_TRANSITIONS[current]:
        assert move(current, wanted) is merge(current, wanted) is wanted
    else:
        assert merge(current, wanted) is current
        with pytest.raises(IllegalTransition, match=f"from {current} to {wanted}"):
            move(current, wanted)


def test_nothing_takes_back_what_the_customer_got() -> None:
    for state in AttemptState:
        assert merge(S.ACTED, state) is S.ACTED
        assert merge(S.READ, state) in {S.READ, S.ACTED}
        assert merge(S.DELIVERED, state) in {S.DELIVERED, S.READ, S.ACTED}
        assert merge(S.RELEASED, state) is S.RELEASED
