"""The policy's stages, hours and points, read from its YAML once more, by other code."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import yaml


@dataclass(frozen=True, slots=True)
class StageRule:
    name: str
    offset_days: int
    at: time
    lasts: timedelta
    kind: str
    tiers: frozenset[str]


@dataclass(frozen=True, slots=True)
class Points:
    no_history: int
    late: tuple[int, ...]
    overdue: tuple[tuple[int, int], ...]
    failed_payment: int
    on_time_streak: int
    tiers: tuple[tuple[int, str], ...]


@dataclass(frozen=True, slots=True)
class StageWindow:
    """A stage of one bill: when it begins and when it is past use."""

    rule: StageRule
    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Rules:
    stages: tuple[StageRule, ...]
    tiers: frozenset[str]
    quiet_start: time
    quiet_end: time
    points: Points
    _windows: dict[tuple[date, str], tuple[StageWindow, ...]] = field(
        default_factory=dict, init=False, compare=False, repr=False
    )

    def windows(self, due_on: date, zone: str) -> tuple[StageWindow, ...]:
        """Every stage of a bill due on that day, in order of time; computed once."""
        found = self._windows.get((due_on, zone))
        if found is None:
            found = self._windows[due_on, zone] = _windows(self.stages, due_on, zone)
        return found

    def stage_at(self, due_on: date, zone: str, at: datetime) -> StageWindow | None:
        """The stage whose time has come last; None before the first."""
        for window in reversed(self.windows(due_on, zone)):
            if window.start <= at:
                return window
        return None

    def quiet(self, at: datetime, zone: str) -> bool:
        wall = at.astimezone(ZoneInfo(zone)).time()
        if self.quiet_start <= self.quiet_end:
            return self.quiet_start <= wall < self.quiet_end
        return wall >= self.quiet_start or wall < self.quiet_end


def _windows(stages: tuple[StageRule, ...], due_on: date, zone: str) -> tuple[StageWindow, ...]:
    begins = sorted(
        ((_begin(rule, due_on, zone), rule) for rule in stages),
        key=lambda pair: (pair[0], pair[1].name),
    )
    ends = [start for start, _ in begins[1:]] + [datetime.max.replace(tzinfo=UTC)]
    return tuple(
        StageWindow(rule, start, min(start + rule.lasts, end))
        for (start, rule), end in zip(begins, ends, strict=True)
    )


def _begin(rule: StageRule, due_on: date, zone: str) -> datetime:
    day = due_on + timedelta(days=rule.offset_days)
    return datetime.combine(day, rule.at, ZoneInfo(zone)).astimezone(UTC)


def read_rules(path: Path) -> Rules:
    raw: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))  # Any: YAML
    risk = raw["risk"]
    return Rules(
        stages=tuple(_stage(stage) for stage in raw["stages"]),
        tiers=frozenset(raw["ladders"]),
        quiet_start=time.fromisoformat(raw["quiet"]["start"]),
        quiet_end=time.fromisoformat(raw["quiet"]["end"]),
        points=Points(
            risk["no_history"],
            tuple(risk["late"]),
            tuple((days, points) for days, points in risk["overdue"]),
            risk["failed_payment"],
            risk["on_time_streak"],
            tuple((points, tier) for points, tier in risk["tiers"]),
        ),
    )


def _stage(raw: dict[str, Any]) -> StageRule:
    return StageRule(
        raw["name"],
        raw["offset_days"],
        time.fromisoformat(raw["at"]),
        timedelta(hours=raw["lasts_hours"]),
        raw["kind"],
        frozenset(raw["tiers"]),
    )
