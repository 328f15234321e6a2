"""What a provider answers never keeps its batch from being recorded."""

from __future__ import annotations

import pytest

from channels.storable import storable
from reminders.domain.outcome import Accepted, Outcome, Permanent, Transient, Uncertain, Unsent


@pytest.mark.parametrize("kind", [Accepted, Transient, Permanent, Uncertain, Unsent])
def test_what_no_database_takes_is_left_out(kind: type[Outcome]) -> None:
    assert storable(kind("a\0b\ud800c\udfff")) == kind("abc")
    usual = kind("号码 no\tline\nbreak 😀")
    assert storable(usual) == usual


def test_whatever_else_was_said_stays() -> None:
    refused = Permanent("\0gone", dead_contact=True)
    assert storable(refused) == Permanent("gone", dead_contact=True)
    assert storable(Accepted("r\0", ("device",))) == Accepted("r", ("device",))
