"""The wall clock is the zone's own, however its distance from UTC is kept."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from reminders.domain.wall import wall

ZONES = (
    "Asia/Taipei",
    "America/New_York",
    "Europe/London",
    "Africa/Casablanca",  # changes its clocks twice within a month, around Ramadan
    "Australia/Lord_Howe",
    "Pacific/Kiritimati",
)
instants = st.integers(0, 90 * 365 * 24 * 60 * 60).map(
    lambda seconds: datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
)


def shown(at: datetime) -> datetime:
    return at.replace(tzinfo=None)


@settings(max_examples=100)
@given(now=instants, zone=st.sampled_from(ZONES))
@example(now=datetime(2026, 3, 8, 7, tzinfo=UTC), zone="America/New_York")
@example(now=datetime(2026, 3, 8, 6, 59, 59, tzinfo=UTC), zone="America/New_York")
@example(now=datetime(2030, 1, 31, 23, 30, tzinfo=UTC), zone="Africa/Casablanca")
def test_it_is_the_wall_of_the_zone(now: datetime, zone: str) -> None:
    assert shown(wall(now, zone)) == shown(now.astimezone(ZoneInfo(zone)))


@pytest.mark.parametrize("zone", ZONES)
def test_each_hour_of_a_year_in_turn_is_the_zones(zone: str) -> None:
    asked = ZoneInfo(zone)
    now = datetime(2026, 1, 1, tzinfo=UTC)
    for _ in range(365 * 4):
        assert shown(wall(now, zone)) == shown(now.astimezone(asked))
        now += timedelta(hours=6)


def test_where_the_calendar_ends_it_is_that_of_utc() -> None:
    first, last = datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, tzinfo=UTC)
    assert shown(wall(last, "Asia/Taipei")) == shown(last)
    assert shown(wall(first, "America/New_York")) == shown(first)
    assert shown(wall(last, "America/New_York")) == shown(last) - timedelta(hours=5)


def test_an_instant_in_another_zone_is_read_as_the_same_instant() -> None:
    now = datetime(2026, 7, 1, 12, tzinfo=UTC)
    found = wall(now.astimezone(ZoneInfo("Asia/Tokyo")), "Europe/London")
    assert found.isoformat() == "2026-07-01T13:00:00+01:00"
