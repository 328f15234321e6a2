"""What a policy names beside itself: packs, from their files, and holidays, from libraries."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path

from reminders.domain.errors import PolicyError
from reminders.domain.policy import WorkCalendar
from reminders.domain.rules import ANY_JURISDICTION, HOUSE
from reminders.services.holidays_of import calendar_of


def pack_texts(folder: Path, names: Iterable[str]) -> dict[str, str]:
    """The texts of these packs and of the house's own, which joins every other; none without a
    name. Raises `PolicyError`, also where they are not there: a law is never left out in silence.
    """
    wanted = set(names)
    if not wanted:
        return {}
    if (folder / f"{HOUSE}.yaml").is_file():
        wanted.add(HOUSE)
    return {name: text_of(folder / f"{name}.yaml") for name in sorted(wanted)}


def text_of(path: Path) -> str:
    """A file's text. Raises `PolicyError`."""
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise PolicyError(f"{path}: cannot be read: {why}") from None


def calendars(jurisdictions: Iterable[str], this_year: int) -> Mapping[str, WorkCalendar]:
    """The holidays of last year to the year after next, where a library knows them."""
    years = tuple(range(this_year - 1, this_year + 3))
    found = {place: _calendar(place, years) for place in jurisdictions if place != ANY_JURISDICTION}
    return {place: calendar for place, calendar in found.items() if calendar is not None}


@cache
def _calendar(jurisdiction: str, years: tuple[int, ...]) -> WorkCalendar | None:
    """Kept: the libraries take long to import and to work a year out."""
    return calendar_of(jurisdiction, years)
