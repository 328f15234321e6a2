"""Public holidays of the countries we serve, and what happens in a year nobody has announced."""

from __future__ import annotations

import subprocess
import sys
from datetime import date

import pytest
from structlog.testing import capture_logs

from reminders.services import holidays_of
from reminders.services.holidays_of import calendar_of

EU = [
    *("AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU"),
    *("IE", "IT", "LT", "LU", "LV", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK"),
]


@pytest.mark.parametrize(
    ("place", "holiday", "working"),
    [
        ("CN", date(2026, 2, 23), date(2026, 2, 24)),  # the last day of the Spring Festival
        ("CN", date(2026, 10, 7), date(2026, 10, 10)),  # a Saturday that is worked
        ("TW", date(2026, 2, 27), date(2026, 2, 26)),  # Peace Memorial Day, moved
        ("US", date(2026, 11, 26), date(2026, 11, 27)),
        ("US-CA", date(2026, 3, 31), date(2026, 3, 30)),  # Cesar Chavez Day
        ("GB", date(2026, 4, 6), date(2026, 4, 7)),  # Easter Monday: not in Scotland
        ("UK", date(2026, 12, 28), date(2026, 12, 29)),  # Boxing Day, in lieu
        ("IN", date(2026, 1, 26), date(2026, 1, 27)),
        ("DE", date(2026, 10, 3), date(2026, 10, 2)),  # on a Saturday
        ("DE-BY", date(2026, 1, 6), date(2026, 1, 7)),
        ("EL", date(2026, 3, 25), date(2026, 3, 24)),
    ],
)
def test_a_holiday_and_the_day_beside_it(place: str, holiday: date, working: date) -> None:
    calendar = calendar_of(place, [2026])
    assert calendar is not None
    assert holiday in calendar.closed
    assert working not in calendar.closed
    assert calendar.known_until == date(2026, 12, 31)


@pytest.mark.parametrize("place", [*EU, "TW", "US", "GB", "IN"])
def test_every_country_is_known_for_both_years(place: str) -> None:
    calendar = calendar_of(place, [2027, 2026])
    assert calendar is not None
    assert calendar.known_until == date(2027, 12, 31)
    assert {day.year for day in calendar.closed} == {2026, 2027}
    assert 12 <= len(calendar.closed) <= 50  # a weekend alone would make it a hundred


def test_a_year_that_china_has_not_announced_is_worked_out_and_told_once() -> None:
    holidays_of._warn.cache_clear()
    with capture_logs() as logs:
        calendar = calendar_of("CN", [2026, 2040])
        again = calendar_of("CN", [2026, 2040])
    assert calendar is not None
    assert calendar == again
    assert date(2026, 12, 31) <= calendar.known_until < date(2040, 1, 1)
    assert calendar.known_until in {date(year, 12, 31) for year in range(2026, 2040)}
    assert date(2040, 10, 1) in calendar.closed
    assert [(log["event"], log["jurisdiction"], log["log_level"]) for log in logs] == [
        ("holidays.unknown", "CN", "warning")
    ]


def test_a_year_beyond_what_a_library_knows_is_not_held_for_known() -> None:
    """The lunar holidays of India are listed to 2035; no country is beyond 2100."""
    india = calendar_of("IN", range(2034, 2038))
    assert india is not None
    assert india.known_until == date(2035, 12, 31)
    germany = calendar_of("DE", [2100, 2101])
    assert germany is not None
    assert germany.known_until == date(2100, 12, 31)
    assert {day.year for day in germany.closed} == {2100}


@pytest.mark.parametrize("place", ["", "*", "ZZ", "EU", "cn"])
def test_an_unknown_country_has_no_calendar(place: str) -> None:
    assert calendar_of(place, [2026]) is None


def test_an_unknown_part_has_the_holidays_of_its_country() -> None:
    assert calendar_of("DE-QQ", [2026]) == calendar_of("DE", [2026])
    assert calendar_of("CN-GD", [2026]) == calendar_of("CN", [2026])


def test_years_between_are_known_too() -> None:
    assert calendar_of("DE", [2028, 2026]) == calendar_of("DE", [2026, 2027, 2028])
    assert calendar_of("DE", []) is None


def test_the_libraries_are_imported_only_when_asked() -> None:
    code = (
        "import sys, reminders.services.holidays_of\n"
        "sys.exit(bool({'holidays', 'chinese_calendar'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], check=False)  # noqa: S603 our own words
    assert done.returncode == 0
