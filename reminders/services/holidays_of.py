"""The public holidays of a country, or of a part of it, from libraries that keep them."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable
from datetime import date, timedelta
from functools import cache
from importlib import import_module

import structlog

from reminders.domain.policy import WorkCalendar

log = structlog.get_logger(__name__)

# EU bodies and many lenders write these; the libraries know only the ISO 3166 codes.
_ISO = {"UK": "GB", "EL": "GR"}
# Of a customer somewhere in the United Kingdom, the holidays of each part may apply.
_PARTS = {"GB": ("ENG", "WLS", "SCT", "NIR")}


def calendar_of(jurisdiction: str, years: Iterable[int]) -> WorkCalendar | None:
    """The holidays of `jurisdiction` ("US", "US-CA") from the first of `years` to the last.

    None where no library knows the place, or without a year. Weekends are not among them, but
    holidays on a weekend are. `known_until` is the last day before the first year that is not known
    for sure: its days are then the ones that can be worked out (China announces its own each
    November), or none, and a warning is logged once.
    """
    wanted = sorted(set(years))
    country, _, part = jurisdiction.partition("-")
    country = _ISO.get(country, country)
    if not wanted or not _supported(country):
        return None
    span = range(wanted[0], wanted[-1] + 1)
    found = {year: _year(country, part, year) for year in span}
    closed = frozenset(day for days, _sure in found.values() for day in days)
    unknown = next((year for year, (_days, sure) in found.items() if not sure), None)
    if unknown is None:
        return WorkCalendar(closed, date(span[-1], 12, 31))
    known_until = date(unknown, 1, 1) - timedelta(days=1)
    _warn(jurisdiction, known_until)
    return WorkCalendar(closed, known_until)


@cache
def _warn(jurisdiction: str, known_until: date) -> None:
    """Once per process: a policy is read again for each activation and each check."""
    log.warning("holidays.unknown", jurisdiction=jurisdiction, known_until=known_until.isoformat())


@cache
def _year(country: str, part: str, year: int) -> tuple[frozenset[date], bool]:
    """The holidays of one year, and whether they are all known."""
    if country != "CN":
        return _computed(country, part, year)
    try:
        return frozenset(_announced_in_china(date(year, 1, 1), date(year, 12, 31))), True
    except NotImplementedError:  # the library ends with the years that have been announced
        return _computed(country, "", year)[0], False


# Imported when asked for: the libraries take a tenth of a second, which every command would pay.
def _announced_in_china(first: date, last: date) -> Iterable[date]:
    # `import_module`: chinese_calendar carries no types.
    found: Callable[..., Iterable[date]] = import_module("chinese_calendar").get_holidays
    return found(first, last, include_weekends=False)


def _supported(country: str) -> bool:
    from holidays import list_supported_countries

    return country in list_supported_countries(include_aliases=False)


def _computed(country: str, part: str, year: int) -> tuple[frozenset[date], bool]:
    from holidays import country_holidays, list_supported_countries

    parts = list_supported_countries(include_aliases=False)[country]
    subdivisions: tuple[str | None, ...] = _PARTS.get(country, (None,))
    if part in parts:
        subdivisions = (part,)
    with warnings.catch_warnings(record=True) as uncertain:  # "available only from … to …"
        warnings.simplefilter("always")
        known = [country_holidays(country, subdiv=name, years=year) for name in subdivisions]
    inside = all(given.start_year <= year <= given.end_year for given in known)
    return frozenset(day for given in known for day in given), inside and not uncertain
