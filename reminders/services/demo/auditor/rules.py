"""The policy read from its YAML once more, by other code: stages, choices, points, and the law."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

from reminders.services.demo.auditor.law import Law, Place, read_law
from reminders.services.demo.auditor.points import Card, read_card
from reminders.services.demo.auditor.stages import StageRule, StageWindow, windows_of
from reminders.services.demo.auditor.written import read_yaml

_MOMENT = re.compile(r"due_date(?:\s*([+-])\s*(\d+)d)?\s+(\d\d:\d\d)")
_SLACK = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Rules:
    """`choices`: the days from due that a customer may choose. `down_the_ladder`: how long the
    slowest ladder may need to come to its last channel, retries and jitter included."""

    stages: tuple[StageRule, ...]
    tiers: frozenset[str]
    choices: frozenset[int]
    at_once: timedelta
    down_the_ladder: timedelta
    holdout: tuple[str, float, frozenset[str]]
    card: Card
    law: Law
    everywhere: frozenset[str] = frozenset()  # channels that are in every tier's ladder
    _windows: dict[tuple[date, datetime, Place], tuple[StageWindow, ...]] = field(
        default_factory=dict, init=False, compare=False, repr=False
    )

    def windows(self, due_on: date, issued_at: datetime, place: Place) -> tuple[StageWindow, ...]:
        """Every stage of a bill due on that day, in order of time; computed once."""
        key = due_on, issued_at, place
        found = self._windows.get(key)
        if found is None:
            found = self._windows[key] = windows_of(self.stages, *key, self.law)
        return found

    def stage_at(
        self, due_on: date, issued_at: datetime, place: Place, at: datetime
    ) -> StageWindow | None:
        """The stage whose time has come last; None before the first."""
        for window in reversed(self.windows(due_on, issued_at, place)):
            if window.start <= at:
                return window
        return None

    def held_out(self, customer: str, kind: str) -> bool:
        """True if an experiment keeps this customer without messages of the kind."""
        name, share, excluded = self.holdout
        if not share or kind in excluded:
            return False
        drawn = sha256(f"{name}\0{customer}".encode()).digest()[:8]
        return int.from_bytes(drawn) < share * 256**8

    def wanted_days(self, chosen: frozenset[int]) -> frozenset[int]:
        """The customer's own days for pre-due stages; empty where they leave no stage."""
        pre_due = {stage.days for stage in self.stages if stage.kind == "pre_due"}
        return chosen & self.choices & pre_due


def read_rules(path: Path, holidays: Path | None = None) -> Rules:
    """The policy in `path`, the packs and cards in the folders beside its own.

    `holidays`: JSON, jurisdiction → days, as frozen with the policy in force; none without it.
    """
    raw: dict[str, Any] = read_yaml(path)  # Any: YAML
    beside = path.resolve().parent.parent
    jitter = timedelta(minutes=raw.get("jitter_minutes", 0))
    experiment = raw.get("experiment") or {}
    return Rules(
        stages=tuple(_stage(stage) for stage in raw["stages"]),
        tiers=frozenset(raw["ladders"]),
        choices=frozenset(raw.get("choices", ())),
        at_once=_SLACK + jitter,
        down_the_ladder=_SLACK + jitter + _longest(raw),
        holdout=(
            experiment.get("name", ""),
            experiment.get("holdout", 0.0),
            frozenset(experiment.get("exclude", ())),
        ),
        card=read_card(raw["risk"], beside / "cards"),
        law=read_law(raw, beside / "packs", holidays),
        everywhere=frozenset.intersection(
            *(frozenset(rung["channel"] for rung in ladder) for ladder in raw["ladders"].values())
        ),
    )


def _stage(raw: dict[str, Any]) -> StageRule:  # Any: YAML
    days, at = _moment(raw["at"])
    until_days, until_at = _moment(raw["until"])
    return StageRule(
        raw["name"],
        days,
        at,
        until_days,
        until_at,
        raw["kind"],
        frozenset(raw["tiers"]),
        bool(raw.get("when")),
    )


def _moment(text: str) -> tuple[int, time]:
    found = _MOMENT.fullmatch(text)
    if found is None:
        raise ValueError(f"{text!r} is no moment of a stage")
    days = int(found[2] or 0)
    return -days if found[1] == "-" else days, time.fromisoformat(found[3])


def _longest(raw: dict[str, Any]) -> timedelta:  # Any: YAML
    """Until the last rung of the slowest ladder, with every retry on each of them."""
    retries = sum(raw["retry"]["waits_minutes"])
    minutes = 0
    for ladder in raw["ladders"].values():
        waits = [rung["confirm_within_minutes"] for rung in ladder]
        minutes = max(minutes, sum(waits[:-1]) + len(waits) * retries)
    return timedelta(minutes=minutes)
