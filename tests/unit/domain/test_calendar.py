"""Local hours through clock changes, midnight and the ends of the calendar."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from reminders.domain.calendar import instant, local_day, shift
from reminders.domain.policy import QuietHours
from tests.unit.domain.facts import local_times, zones
from tests.unit.domain.quiet_hours import allowed_from

NIGHT = QuietHours(time(21), time(8))
moments = st.integers(0, 30 * 366 * 24 * 60).map(
    lambda minutes: datetime(2005, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
)


def quiet_at(now: datetime, zone: str, quiet: QuietHours) -> bool:
    wall = now.astimezone(ZoneInfo(zone)).time()
    if quiet.start <= quiet.end:
        return quiet.start <= wall < quiet.end
    return wall >= quiet.start or wall < quiet.end


@pytest.mark.parametrize(
    ("day", "at", "zone", "expected"),
    [
        (date(2026, 3, 8), time(2, 30), "America/New_York", "2026-03-08T07:30"),  # skipped: 03:30
        (
            date(2026, 11, 1),
            time(1, 30),
            "America/New_York",
            "2026-11-01T05:30",
        ),  # twice: the first
        (date(2026, 2, 28), time(10), "Asia/Kathmandu", "2026-02-28T04:15"),
        (date(9999, 12, 31), time(23), "Pacific/Kiritimati", "9999-12-31T09:00"),
    ],
)
def test_local_time_as_an_instant(day: date, at: time, zone: str, expected: str) -> None:
    assert instant(day, at, zone) == datetime.fromisoformat(expected).replace(tzinfo=UTC)


def test_beyond_the_calendar_there_is_no_instant() -> None:
    assert instant(date(9999, 12, 31), time(20), "America/New_York") is None
    assert instant(date(1, 1, 1), time(5), "Asia/Taipei") is None
    assert shift(date(9999, 12, 31), 1) is None
    assert shift(date(1, 1, 1), -1) is None
    assert shift(date(2024, 2, 28), 1) == date(2024, 2, 29)


def test_the_local_day_is_the_one_on_the_wall() -> None:
    now = datetime(2026, 3, 1, 12, tzinfo=UTC)
    assert local_day(now, "Pacific/Kiritimati") == date(2026, 3, 2)
    assert local_day(now, "Pacific/Pago_Pago") == date(2026, 3, 1)


@pytest.mark.parametrize(
    ("wall", "opens"),
    [
        ("2026-03-01T20:59", "2026-03-01T20:59"),
        ("2026-03-01T21:00", "2026-03-02T08:00"),
        ("2026-03-01T23:59", "2026-03-02T08:00"),
        ("2026-03-02T00:00", "2026-03-02T08:00"),
        ("2026-03-02T07:59", "2026-03-02T08:00"),
        ("2026-03-02T08:00", "2026-03-02T08:00"),
    ],
)
def test_the_night_goes_over_midnight(wall: str, opens: str) -> None:
    taipei = ZoneInfo("Asia/Taipei")
    now = datetime.fromisoformat(wall).replace(tzinfo=taipei)
    assert allowed_from(now, "Asia/Taipei", NIGHT) == datetime.fromisoformat(opens).replace(
        tzinfo=taipei
    )


def test_hours_within_one_day_and_none_at_all() -> None:
    noon = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)
    assert allowed_from(noon, "UTC", QuietHours(time(12), time(14))).hour == 14
    assert allowed_from(noon, "UTC", QuietHours(time(12), time(12))) == noon


@given(moments, zones, local_times, local_times)
@example(datetime(2026, 11, 1, 6, 15, tzinfo=UTC), "America/New_York", time(0, 45), time(1, 30))
@example(datetime(2026, 3, 8, 6, 0, tzinfo=UTC), "America/New_York", time(3, 0), time(2, 30))
def test_what_is_allowed_is_not_quiet_and_not_past(
    now: datetime, zone: str, start: time, end: time
) -> None:
    quiet = QuietHours(start, end)
    opens = allowed_from(now, zone, quiet)
    assert opens >= now
    assert not quiet_at(opens, zone, quiet) or start == end
    assert allowed_from(opens, zone, quiet) == opens
    if not quiet_at(now, zone, quiet):
        assert opens == now
    assert opens - now <= timedelta(days=3)
