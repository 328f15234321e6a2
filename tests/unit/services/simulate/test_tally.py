"""A message that was held back counts under the rule that held it."""

from __future__ import annotations

from reminders.domain.decision import Check, Defer, Reason
from reminders.services.simulate.tally import Tally
from tests.unit.services.simulate.history import utc

OPEN = Check("open", "10 left", True)
CAP = Check("caps.sms", "house-day: 2 of 2, until 2026-03-18 00:00:00Z", False, "house")
OPTED = Check("opt-out.email", "opted out", False)


def test_a_cap_is_named_although_another_channel_was_barred_after_it() -> None:
    tally = Tally()
    tally.decided(Defer(utc("2026-03-18"), Reason.CAP, (OPEN, CAP, OPTED)))
    assert tally.held == {("defer", Reason.CAP, "caps.sms house-day", "house"): 1}


def test_waiting_is_no_rule_that_holds_back() -> None:
    tally = Tally()
    waits = Check("waiting", "confirmation", False)
    tally.decided(Defer(utc("2026-03-18"), Reason.WAITING, (OPEN, waits)))
    assert not tally.held
    assert tally.decisions == 1


def test_counts_of_two_parts_add_up() -> None:
    parts = [Tally(), Tally()]
    for part in parts:
        part.decided(Defer(utc("2026-03-18"), Reason.CAP, (CAP,)))
        part.customers += 1
    parts[0].add(parts[1])
    assert (parts[0].decisions, parts[0].customers) == (2, 2)
    assert list(parts[0].held.values()) == [2]
