"""Allowed hours in one or more zones, against a walk minute by minute."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from reminders.domain.hours import Hours, Span, intersect, is_open, last_open, opens_at, spans
from tests.unit.domain.facts import local_times

MINUTE = timedelta(minutes=1)
WALK = timedelta(days=3)
DAYTIME = Hours(spans(time(8), time(21)))
ZONES = (
    "Asia/Taipei",
    "Asia/Kathmandu",  # 5:45
    "Europe/London",
    "America/New_York",
    "America/St_Johns",  # 3:30 behind
    "Australia/Lord_Howe",  # half an hour of daylight saving
    "Africa/Casablanca",  # two changes within five weeks
    "Pacific/Apia",  # had no 30 December 2011
)


def changes(zone: str) -> list[datetime]:
    """The hours of 2011 and of 2025 to 2027 before which the clocks of `zone` change."""
    place = ZoneInfo(zone)

    def between(first: datetime, last: datetime, step: timedelta) -> list[datetime]:
        moments = [first + step * count for count in range((last - first) // step + 1)]
        offsets = [moment.astimezone(place).utcoffset() for moment in moments]
        pairs = zip(moments[1:], offsets, offsets[1:], strict=False)
        return [moment for moment, before, after in pairs if before != after]

    day, hour = timedelta(days=1), timedelta(hours=1)
    years = [datetime(year, 1, 1, tzinfo=UTC) for year in (2011, 2025, 2026, 2027)]
    return [
        moment
        for year in years
        for later in between(year, year + 366 * day, day)
        for moment in between(later - day, later, hour)
    ]


CHANGES = {zone: changes(zone) for zone in ZONES}


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@lru_cache(maxsize=8)
def minutes(allowed: tuple[Span, ...]) -> frozenset[int]:
    return frozenset(m for span in allowed for m in range(span.opens, span.closes))


def open_by_the_wall(hours: Hours, zones: Sequence[str], now: datetime) -> bool:
    for zone in zones:
        wall = now.astimezone(ZoneInfo(zone))
        if wall.hour * 60 + wall.minute not in minutes(hours.spans):
            return False
        if wall.weekday() in hours.closed_weekdays or wall.date() in hours.closed_days:
            return False
    return not any(start <= now < end for start, end in hours.blackouts)


def whole_minute(moment: datetime) -> datetime:
    return moment.replace(second=0, microsecond=0)


def walk(hours: Hours, zones: Sequence[str], first: datetime, step: timedelta) -> datetime | None:
    """The first open one of the minutes from `first` on, in steps of a minute either way."""
    return next(
        (
            moment
            for moment in (first + step * count for count in range(WALK // MINUTE))
            if open_by_the_wall(hours, zones, moment)
        ),
        None,
    )


@st.composite
def near_a_change(draw: st.DrawFn) -> tuple[tuple[str, ...], datetime]:
    """One to three zones, and an instant within a day and a half of a clock change of the first."""
    zones = draw(st.lists(st.sampled_from(ZONES), min_size=1, max_size=3).map(tuple))
    around = CHANGES[zones[0]] or CHANGES["Europe/London"]
    return zones, draw(st.sampled_from(around)) + timedelta(
        seconds=draw(st.integers(-130_000, 130_000))
    )


@st.composite
def hours_near(draw: st.DrawFn, now: datetime) -> Hours:
    nearby = st.integers(-3, 3).map(lambda days: (now + timedelta(days=days)).date())
    dark = st.tuples(st.integers(-3 * 1440, 3 * 1440), st.integers(1, 2000)).map(
        lambda pair: (
            whole_minute(now) + pair[0] * MINUTE,
            whole_minute(now) + (pair[0] + pair[1]) * MINUTE,
        )
    )
    first = Hours(
        spans(draw(local_times), draw(local_times)),
        frozenset(draw(st.sets(st.integers(0, 6), max_size=2))),
        frozenset(draw(st.sets(nearby, max_size=2))),
        tuple(draw(st.lists(dark, max_size=2))),
    )
    if draw(st.booleans()):
        return first
    return intersect(first, Hours(spans(draw(local_times), draw(local_times))))


@pytest.mark.parametrize(
    ("opens", "closes", "expected"),
    [
        (time(8), time(21), (Span(480, 1260),)),
        (time(21), time(8), (Span(0, 480), Span(1260, 1440))),
        (time(8), time(0), (Span(480, 1440),)),
        (time(0), time(8), (Span(0, 480),)),
        (time(3), time(3), (Span(0, 1440),)),
        (time(8, 0, 1), time(9, 0, 59), (Span(481, 540),)),
        (time(8, 0, 1), time(8, 0, 59), ()),
    ],
)
def test_hours_over_midnight_are_two_spans(
    opens: time, closes: time, expected: tuple[Span, ...]
) -> None:
    assert spans(opens, closes) == expected


@given(local_times, local_times, local_times, local_times, st.integers(0, 1439))
def test_what_both_allow_is_what_each_allows(
    a_from: time, a_until: time, b_from: time, b_until: time, minute: int
) -> None:
    """I9: composition only tightens."""
    a, b = Hours(spans(a_from, a_until)), Hours(spans(b_from, b_until))
    now = datetime(2026, 5, 4, tzinfo=UTC) + minute * MINUTE
    both = intersect(a, b)
    assert is_open(both, ("UTC",), now) == (is_open(a, ("UTC",), now) and is_open(b, ("UTC",), now))
    assert intersect(b, a) == both
    assert list(both.spans) == sorted(both.spans)


def test_closed_days_and_blackouts_add_up() -> None:
    dark = (at("2026-05-04T10:00"), at("2026-05-04T12:00"))
    both = intersect(
        Hours(closed_weekdays=frozenset({6}), blackouts=(dark,)),
        Hours(closed_days=frozenset({date(2026, 5, 1)}), blackouts=(dark,)),
    )
    assert both == Hours(
        closed_weekdays=frozenset({6}), closed_days=frozenset({date(2026, 5, 1)}), blackouts=(dark,)
    )


@pytest.mark.parametrize(
    ("now", "hours", "zones", "expected"),
    [
        # 02:30 does not exist in New York on 8 March: the clock reads 03:00 and it is open.
        ("2026-03-08T06:30", (time(2, 30), time(5)), ("America/New_York",), "2026-03-08T07:00"),
        # 01:00 to 01:30 comes twice on 1 November, and the hours with it.
        ("2026-11-01T05:45", (time(1), time(1, 30)), ("America/New_York",), "2026-11-01T06:00"),
        # Samoa went from 29 to 31 December 2011; its Friday was left out.
        ("2011-12-30T09:00", (time(0), time(6)), ("Pacific/Apia",), "2011-12-30T10:00"),
        ("2026-05-04T16:00", (time(8), time(21)), ("Asia/Kathmandu",), "2026-05-05T02:15"),
        # Reg F: New York and Los Angeles at once: only from 08:00 in the west.
        (
            "2026-05-04T12:30",
            (time(8), time(21)),
            ("America/New_York", "America/Los_Angeles"),
            "2026-05-04T15:00",
        ),
        # Nine to five never comes at once in Taipei and in New York.
        ("2026-05-04T12:30", (time(9), time(17)), ("Asia/Taipei", "America/New_York"), None),
    ],
)
def test_the_first_opening_ahead(
    now: str, hours: tuple[time, time], zones: tuple[str, ...], expected: str | None
) -> None:
    found = opens_at(Hours(spans(*hours)), zones, at(now))
    assert found == (None if expected is None else at(expected))


@pytest.mark.parametrize(
    ("before", "hours", "zone", "expected"),
    [
        ("2026-05-04T22:00", (time(8), time(21)), "UTC", "2026-05-04T20:59"),
        ("2026-05-04T21:00", (time(8), time(21)), "UTC", "2026-05-04T20:59"),
        ("2026-05-04T08:01", (time(8), time(21)), "UTC", "2026-05-04T08:00"),
        ("2026-05-04T08:00", (time(8), time(21)), "UTC", "2026-05-03T20:59"),
        ("2026-05-04T16:00", (time(8), time(21)), "Asia/Kathmandu", "2026-05-04T15:14"),
        # 02:00 to 03:00 does not exist in New York on 8 March: it closed at 01:59.
        ("2026-03-08T12:00", (time(1), time(2, 30)), "America/New_York", "2026-03-08T06:59"),
        # On 1 November 01:00 to 02:00 comes twice: the later one, then the one before it.
        ("2026-11-01T12:00", (time(1), time(1, 30)), "America/New_York", "2026-11-01T06:29"),
        ("2026-11-01T06:40", (time(1, 45), time(2, 15)), "America/New_York", "2026-11-01T05:59"),
    ],
)
def test_the_last_opening_behind(
    before: str, hours: tuple[time, time], zone: str, expected: str
) -> None:
    allowed = Hours(spans(*hours))
    issued = at("2026-01-01T00:00")
    assert last_open(allowed, (zone,), at(before), issued) == at(expected)
    assert last_open(allowed, (zone,), at(before), at(expected)) == at(expected)
    assert last_open(allowed, (zone,), at(before), at(expected) + MINUTE) is None


def test_a_blackout_ends_before_its_end_and_begins_at_its_start() -> None:
    dark = (at("2026-05-04T10:00"), at("2026-05-04T12:00"))
    hours = Hours(spans(time(8), time(21)), blackouts=(dark,))
    assert opens_at(hours, ("UTC",), dark[0]) == dark[1]
    assert last_open(hours, ("UTC",), dark[1], at("2026-05-04T00:00")) == dark[0] - MINUTE
    assert is_open(hours, ("UTC",), dark[0] - timedelta.resolution)
    assert not is_open(hours, ("UTC",), dark[1] - timedelta.resolution)


def test_it_opens_with_the_first_minute_and_closes_with_the_last() -> None:
    for text, allowed in (("07:59", False), ("08:00", True), ("20:59", True), ("21:00", False)):
        assert is_open(DAYTIME, ("UTC",), at(f"2026-05-04T{text}")) is allowed
    assert not is_open(DAYTIME, ("UTC", "Asia/Kathmandu"), at("2026-05-04T15:15"))


@settings(deadline=None)  # the walk may take thousands of steps
@given(st.data(), near_a_change())
def test_the_first_opening_is_that_of_a_walk(
    data: st.DataObject, place: tuple[tuple[str, ...], datetime]
) -> None:
    """I2: open in all candidate zones, through gaps and overlaps."""
    zones, now = place
    hours = data.draw(hours_near(now))
    assert is_open(hours, zones, now) == open_by_the_wall(hours, zones, now)
    found = opens_at(hours, zones, now)
    if open_by_the_wall(hours, zones, now):
        assert found == now
        return
    expected = walk(hours, zones, whole_minute(now) + MINUTE, MINUTE)
    if expected is None:
        assert found is None or found > now + WALK - MINUTE
    else:
        assert found == expected


@settings(deadline=None)  # the walk may take thousands of steps
@given(st.data(), near_a_change())
def test_the_last_opening_is_that_of_a_walk(
    data: st.DataObject, place: tuple[tuple[str, ...], datetime]
) -> None:
    zones, before = place
    hours = data.draw(hours_near(before))
    not_before = before - timedelta(minutes=data.draw(st.sampled_from([0, 90, 1500, 4300])))
    latest = whole_minute(before - timedelta(microseconds=1))
    expected = walk(hours, zones, latest, -MINUTE)
    found = last_open(hours, zones, before, not_before)
    if expected is None:
        assert found is None or found < latest - WALK + 2 * MINUTE
    else:
        assert found == (expected if expected >= not_before else None)


@given(st.sampled_from(ZONES), st.integers(0, 3 * 86_400), st.booleans())
@example("America/New_York", 0, True)
@example("Asia/Taipei", 0, False)
def test_the_ends_of_the_calendar_are_safe(zone: str, seconds: int, early: bool) -> None:
    first, last = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
    away = timedelta(seconds=seconds)
    now = first + away if early else last - away
    found = opens_at(DAYTIME, (zone,), now)
    assert found is None or (found >= now and is_open(DAYTIME, (zone,), found))
    assert not early or found is not None
    latest = last_open(DAYTIME, (zone,), now, first)
    assert latest is None or (latest < now and is_open(DAYTIME, (zone,), latest))
    assert early or latest is not None


def test_no_known_zone_and_no_allowed_hour_are_never_open() -> None:
    now = at("2026-05-04T12:00")
    for hours, zones in ((DAYTIME, ()), (Hours(spans=()), ("UTC",))):
        assert not is_open(hours, zones, now)
        assert opens_at(hours, zones, now) is None
        assert last_open(hours, zones, now, now - WALK) is None
    weekless = Hours(closed_weekdays=frozenset(range(7)))
    assert opens_at(weekless, ("UTC",), now) is None
    assert last_open(weekless, ("UTC",), now, now - WALK) is None


def test_the_search_ends_after_forty_days() -> None:
    now = at("2026-05-04T12:00")
    dark = Hours(blackouts=((now, now + timedelta(days=39)),))
    assert opens_at(dark, ("UTC",), now) == now + timedelta(days=39)
    longer = Hours(blackouts=((now, now + timedelta(days=40)),))
    assert opens_at(longer, ("UTC",), now) is None
