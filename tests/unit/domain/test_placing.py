"""Where a stage goes whose hour is closed: later while that is of use, else earlier, else told."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reminders.domain.hours import Hours, is_open, spans
from reminders.domain.placing import Placed, place
from tests.unit.domain.facts import local_times, zones

MINUTE = timedelta(minutes=1)
DAYTIME = Hours(spans(time(8), time(21)))
MORNING = Hours(spans(time(9), time(12)))
MAY_DAY = Hours(spans(time(8), time(21)), closed_days=frozenset({date(2026, 5, 1)}))
WEEKEND = Hours(spans(time(8), time(21)), closed_weekdays=frozenset({5, 6}))


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


ISSUED = at("2026-04-10T00:00")


@pytest.mark.parametrize(
    ("nominal", "ends", "hours", "expected", "moved"),
    [
        ("2026-05-04T10:00", "2026-05-05T10:00", DAYTIME, "2026-05-04T10:00", ""),
        ("2026-05-04T06:00", "2026-05-05T10:00", DAYTIME, "2026-05-04T08:00", "later"),
        # Exactly an hour is left, then a minute less: it goes the evening before.
        ("2026-05-04T06:00", "2026-05-04T09:00", DAYTIME, "2026-05-04T08:00", "later"),
        ("2026-05-04T06:00", "2026-05-04T08:59", DAYTIME, "2026-05-03T20:30", "earlier"),
        # It would end on the holiday: it goes on the last working evening.
        ("2026-05-01T10:00", "2026-05-02T08:00", MAY_DAY, "2026-04-30T20:30", "earlier"),
        ("2026-05-01T10:00", "2026-05-02T10:00", MAY_DAY, "2026-05-02T08:00", "later"),
        ("2026-05-02T10:00", "2026-05-03T10:00", WEEKEND, "2026-05-01T20:30", "earlier"),
        # After the hours of that very day: the same day's closing, with half an hour to go.
        ("2026-05-04T13:00", "2026-05-05T09:00", MORNING, "2026-05-04T11:30", "earlier"),
    ],
)
def test_a_deadline_is_solved_backwards(
    nominal: str, ends: str, hours: Hours, expected: str, moved: str
) -> None:
    assert place(at(nominal), at(ends), ISSUED, hours, ("UTC",)) == Placed(at(expected), moved)


def test_it_never_moves_to_before_the_bill() -> None:
    nominal, ends = at("2026-05-04T06:00"), at("2026-05-04T07:00")
    issued = at("2026-05-03T20:45")
    # Too little is left for half an hour: the most of what there is.
    assert place(nominal, ends, issued, DAYTIME, ("UTC",)) == Placed(issued, "earlier")
    assert place(nominal, ends, at("2026-05-03T21:00"), DAYTIME, ("UTC",)) is None


def test_without_an_earlier_hour_a_short_one_is_better_than_none() -> None:
    nominal, issued = at("2026-05-04T06:00"), at("2026-05-04T05:00")
    placed = place(nominal, at("2026-05-04T08:05"), issued, DAYTIME, ("UTC",))
    assert placed == Placed(at("2026-05-04T08:00"), "later")
    assert place(nominal, at("2026-05-04T08:00"), issued, DAYTIME, ("UTC",)) is None


def test_openings_too_short_for_the_margin_are_passed_over() -> None:
    night = (at("2026-05-03T08:20"), at("2026-05-04T07:00"))
    hours = Hours(spans(time(8), time(21)), blackouts=(night,))
    nominal, ends = at("2026-05-04T06:00"), at("2026-05-04T07:00")
    assert place(nominal, ends, ISSUED, hours, ("UTC",)) == Placed(
        at("2026-05-02T20:30"), "earlier"
    )
    # Where each is too short, the last one, from its start.
    short = Hours(spans(time(8), time(8, 20)))
    assert place(nominal, ends, ISSUED, short, ("UTC",)) == Placed(
        at("2026-05-03T08:00"), "earlier"
    )


def test_all_zones_are_suited_or_it_is_told() -> None:
    """S3.14: inside the legal window; Reg F: hours that suit every place."""
    nominal, ends = at("2026-05-04T12:00"), at("2026-05-05T12:00")
    coasts = ("America/New_York", "America/Los_Angeles")
    assert place(nominal, ends, ISSUED, DAYTIME, coasts) == Placed(at("2026-05-04T15:00"), "later")
    office = Hours(spans(time(9), time(17)))
    assert place(nominal, ends, ISSUED, office, ("Asia/Taipei", "America/New_York")) is None
    assert place(nominal, ends, ISSUED, DAYTIME, ()) is None
    assert place(nominal, nominal, ISSUED, DAYTIME, ("UTC",)) is None


@settings(deadline=None)
@given(
    st.integers(0, 400 * 24 * 60),
    st.integers(-60, 4 * 24 * 60),
    st.integers(0, 5 * 24 * 60),
    st.lists(zones, min_size=1, max_size=2),
    local_times,
    local_times,
    st.sets(st.integers(0, 6), max_size=4),
)
def test_what_is_placed_is_open_and_before_its_end(
    minute: int,
    lasts: int,
    known_for: int,
    places: list[str],
    opens: time,
    closes: time,
    closed: set[int],
) -> None:
    """I2, and nothing that could be sent is told as impossible."""
    nominal = at("2026-01-01T00:00") + minute * MINUTE
    ends, not_before = nominal + lasts * MINUTE, nominal - known_for * MINUTE
    hours = Hours(spans(opens, closes), frozenset(closed))
    placed = place(nominal, ends, not_before, hours, places)
    moments = (not_before + MINUTE * count for count in range(known_for + lasts))
    if placed is None:
        assert nominal >= ends or not any(is_open(hours, places, moment) for moment in moments)
        return
    assert is_open(hours, places, placed.at)
    assert not_before <= placed.at < ends
    order = (placed.at > nominal) - (placed.at < nominal)
    assert placed.moved == {0: "", 1: "later", -1: "earlier"}[order]
