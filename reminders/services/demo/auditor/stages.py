"""When each stage of a bill is to be heard: at its hour, or moved to where the law lets it be.

Minutes are tried one by one: slow, and with nothing in common with the arithmetic it checks.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from reminders.services.demo.auditor.law import Law, Place

_MINUTE = timedelta(minutes=1)
_USEFUL = timedelta(hours=1)  # what a later hour must leave of a stage to be waited for
_MARGIN = 30  # minutes before a closing hour that an earlier place keeps


@dataclass(frozen=True, slots=True)
class StageRule:
    """A moment of the policy, in days from due and local hours. `asks`: it has a condition."""

    name: str
    days: int
    at: time
    until_days: int
    until_at: time
    kind: str
    tiers: frozenset[str]
    asks: bool = False


@dataclass(frozen=True, slots=True)
class StageWindow:
    """A stage of one bill: when it begins and when it is past use. `fits`: an hour is allowed."""

    rule: StageRule
    start: datetime
    end: datetime
    fits: bool = True


def windows_of(
    stages: Sequence[StageRule], due_on: date, issued_at: datetime, place: Place, law: Law
) -> tuple[StageWindow, ...]:
    """Every stage that was not over when the bill came, in order of time."""
    zone = place.zones[0]
    nominal = sorted(
        ((_on(due_on, rule.days, rule.at, zone), rule) for rule in stages),
        key=lambda pair: (pair[0], pair[1].days, pair[1].name),
    )
    found = []
    for index, (at, rule) in enumerate(nominal):
        end = _on(due_on, rule.until_days, rule.until_at, zone)
        if index + 1 < len(nominal):
            end = min(end, nominal[index + 1][0])
        if end <= issued_at:
            continue
        floor = max(issued_at, nominal[index - 1][0]) if index else issued_at
        if rule.kind == "overdue":
            floor = max(floor, _on(due_on, 1, time(), zone))
        placed = _placed(at, end, floor, _opener(law, place, rule.kind))
        found.append(StageWindow(rule, placed or at, end, placed is not None))
    return tuple(_in_turn(found))


def _in_turn(windows: Sequence[StageWindow]) -> list[StageWindow]:
    """A stage is past use where the next one was put, if that comes first."""
    ended = [
        replace(window, end=after.start)
        if after.fits and window.start < after.start < window.end
        else window
        for window, after in pairwise(windows)
    ]
    return [*ended, *windows[-1:]]


def _opener(law: Law, place: Place, kind: str) -> Callable[[datetime], bool]:
    return lambda at: law.is_open(place, kind, at)


def _placed(
    nominal: datetime, end: datetime, floor: datetime, is_open: Callable[[datetime], bool]
) -> datetime | None:
    """Its hour, else the next one that leaves it of use, else one before it, else any after."""
    if nominal >= end:
        return None
    later: datetime | None = nominal
    while later is not None and not is_open(later):
        later = later + _MINUTE if later + _MINUTE < end else None
    if later is not None and (later == nominal or end - later >= _USEFUL):
        return later
    return _earlier(nominal, floor, is_open) or later


def _earlier(
    nominal: datetime, floor: datetime, is_open: Callable[[datetime], bool]
) -> datetime | None:
    """Half an hour before the last closing; where no opening is so long, the last one's start."""
    start_of_last: datetime | None = None
    length, at = 0, nominal - _MINUTE
    while at >= floor:
        if is_open(at):
            length += 1
            if length == _MARGIN:
                return at
        elif length:
            start_of_last = start_of_last or at + _MINUTE
            length = 0
        at -= _MINUTE
    return start_of_last or (at + _MINUTE if length else None)


def _on(due_on: date, days: int, at: time, zone: str) -> datetime:
    day = due_on + timedelta(days=days)
    return datetime.combine(day, at, ZoneInfo(zone)).astimezone(UTC)
