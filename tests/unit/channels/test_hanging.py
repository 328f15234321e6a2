"""A firewall that drops all that is sent: no call ever begins, and none ever fails."""

from __future__ import annotations

from channels.contract import Channel
from channels.fleet import Fleet
from channels.hanging import FORGOTTEN_S, VAIN_S, Hanging
from channels.health import Call
from reminders.domain.outcome import Accepted, Outcome, Unsent
from tests.unit.channels.test_fleet import Known, Provider, Purse

VAIN = Unsent("no connection in time")


class Times:
    """Calls of one provider, at instants of a clock that a test moves; connections take 5 s."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.hanging = Hanging({"a": 5.0}, lambda: self.now)

    def after(self, seconds: float, outcome: Outcome | None = VAIN, took: float = 1.0) -> bool:
        """Whether the call that is over so many seconds later is told of as a slow one."""
        self.now += seconds
        told = self.hanging.told(Call("a", "", outcome, took))
        assert told.outcome in (outcome, None)
        return told.outcome is None


def test_calls_that_wait_in_vain_for_longer_than_a_connection_takes_are_slow() -> None:
    times = Times()
    assert [times.after(1) for _ in range(7)] == [False] * 4 + [True] * 3


def test_a_relay_that_greets_late_but_in_time_is_not_blamed() -> None:
    times = Times()
    for _ in range(20):
        assert not any(times.after(1) for _ in range(4))
        times.after(1, Accepted("ref"))


def test_what_never_began_for_our_own_lateness_says_nothing() -> None:
    times = Times()
    assert not any(times.after(1, took=VAIN_S / 2) for _ in range(20))


def test_what_was_long_ago_is_forgotten() -> None:
    times = Times()
    assert not times.after(1)
    assert not times.after(FORGOTTEN_S + 1)
    assert [times.after(1) for _ in range(4)] == [False, False, False, True]


def test_the_fleet_tells_of_it() -> None:
    known = Known({})
    fleet = Fleet([_hanging()], Purse({}), known)
    fleet.note([Call("a", "", VAIN, 6.0), Call("a", "", VAIN, 0.0)])
    assert [each.outcome for each in known.noted] == [None, VAIN]


def _hanging() -> Channel:
    return Provider("a")  # type: ignore[return-value]  # no calls are made
