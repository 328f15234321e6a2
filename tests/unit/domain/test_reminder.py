"""A reminder ends in exactly one terminal state and stays so."""

from __future__ import annotations

from itertools import product

import pytest

from reminders.domain.errors import IllegalTransition
from reminders.domain.reminder import OPEN, REMINDER_TRANSITIONS, TERMINAL, ReminderState, move


def test_each_state_is_open_or_terminal_and_has_a_row() -> None:
    assert set(ReminderState) == OPEN | TERMINAL == set(REMINDER_TRANSITIONS)
    assert not OPEN & TERMINAL


@pytest.mark.parametrize(("current", "wanted"), list(product(ReminderState, repeat=2)))
def test_every_move(current: ReminderState, wanted: ReminderState) -> None:
    legal = current in OPEN and (
        wanted in TERMINAL or wanted is current or wanted is ReminderState.CONTACTING
    )
    if legal:
        assert move(current, wanted) is wanted
    else:
        with pytest.raises(IllegalTransition, match=f"from {current} to {wanted}"):
            move(current, wanted)
