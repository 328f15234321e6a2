"""The places of a backlog: urgent ones first, nobody after its end, as many in time as can be."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from itertools import accumulate, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reminders.services.backlog import Place, Turn, allot

NOW = datetime(2026, 3, 3, 10, tzinfo=UTC)
BACKLOGS = st.lists(
    st.tuples(st.integers(1, 400), st.floats(1, 20_000)), min_size=1, max_size=12
).map(lambda groups: sorted(groups, key=lambda group: group[1]))
WITHIN = st.floats(1, 1800)
PACES = st.floats(0.05, 50)


def last_useful(ends_s: float) -> float:
    """A minute before the end, or a tenth of the time: claim, gate and call take some."""
    return ends_s - min(60.0, ends_s / 10)


def most_in_time(groups: list[tuple[int, float]], pace: float) -> int:
    """One after the other at full pace, the nearest end first: no order brings more in time."""
    gone = 0
    for count, ends_s in groups:
        gone += min(count, max(0, math.floor(last_useful(ends_s) * pace + 1e-6) - gone))
    return gone


@given(BACKLOGS, WITHIN, PACES)
def test_nobody_who_can_go_in_time_is_put_after_its_end(
    groups: list[tuple[int, float]], within: float, pace: float
) -> None:
    turns = allot(groups, within, pace)
    for (count, ends_s), turn in zip(groups, turns, strict=True):
        assert 0 <= turn.fits <= count
        assert turn.ends_s <= last_useful(ends_s) + 1e-3 or turn.fits == 0
    assert sum(turn.fits for turn in turns) >= most_in_time(groups, pace)


@given(BACKLOGS, WITHIN, PACES)
def test_the_nearest_end_goes_first_and_none_faster_than_pacing(
    groups: list[tuple[int, float]], within: float, pace: float
) -> None:
    turns = allot(groups, within, pace)
    assert turns[0].begins_s == 0
    for before, after in pairwise(turns):
        assert after.begins_s == before.ends_s
    for turn in turns:
        assert turn.ends_s - turn.begins_s >= turn.fits / pace - 1e-6


@given(BACKLOGS, WITHIN)
def test_a_backlog_takes_no_longer_than_it_is_given_and_hurries_for_nobody_else(
    groups: list[tuple[int, float]], within: float
) -> None:
    turns = allot(groups, within)
    assert turns[-1].ends_s <= within + 1e-6
    sums = list(accumulate(count for count, _ in groups))
    if all(ends_s / 2 >= within for _, ends_s in groups):
        even = [within * gone / sums[-1] for gone in sums]
        assert [turn.ends_s for turn in turns] == pytest.approx(even)


def test_what_closes_soon_makes_those_before_it_faster_and_the_rest_stays_slow() -> None:
    turns = allot([(60, 600.0), (60, 80_000.0)], 1800.0)
    assert turns == [Turn(60, 0.0, 300.0), Turn(60, 300.0, 1800.0)]


def test_what_cannot_go_in_time_has_its_end_as_its_place() -> None:
    (turn,) = allot([(100, 100.0)], 1800.0, 0.5)
    assert turn.fits == 45  # half a one a second in ninety seconds
    place = Place(100, NOW, NOW + timedelta(seconds=100), turn)
    places = [place.next() for _ in range(100)]
    assert places[44] == NOW + timedelta(seconds=88)
    assert set(places[45:]) == {NOW + timedelta(seconds=100)}


def test_a_transaction_that_is_done_again_finds_the_same_places() -> None:
    place = Place(4, NOW, NOW + timedelta(hours=1), Turn(4, 0.0, 60.0))
    first = [place.next() for _ in range(4)]
    assert [place.next() for _ in range(4)] == first
    assert [(at - NOW).total_seconds() for at in first] == [0, 15, 30, 45]
