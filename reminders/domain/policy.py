"""A lender's policy as data: stages, ladders per tier, quiet hours, retries, the points card."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import time, timedelta
from enum import StrEnum


class Tier(StrEnum):
    """How much attention a customer's bills call for."""

    R0 = "R0"  # self-managed
    R1 = "R1"  # standard
    R2 = "R2"  # elevated
    R3 = "R3"  # high


class Confirm(StrEnum):
    """What counts as success of a rung."""

    ACCEPTED = "accepted"
    DELIVERED = "delivered"
    READ = "read"


class MessageKind(StrEnum):
    PRE_DUE = "pre_due"
    DUE_TODAY = "due_today"
    OVERDUE = "overdue"


class Urgency(StrEnum):
    NORMAL = "normal"
    RAISED = "raised"
    HIGH = "high"


@dataclass(frozen=True, slots=True)
class Rung:
    """One channel of a ladder, what confirms it, and how long to wait for that."""

    channel: str
    confirm: Confirm
    confirm_within: timedelta


@dataclass(frozen=True, slots=True)
class Stage:
    """One moment of a policy: due date + `offset_days` at local time `at`, useful for `lasts`."""

    name: str
    offset_days: int
    at: time
    lasts: timedelta
    kind: MessageKind
    urgency: Urgency
    tiers: frozenset[Tier]


@dataclass(frozen=True, slots=True)
class QuietHours:
    """Local hours in which nothing is sent: from `start` (inclusive) to `end` (exclusive)."""

    start: time
    end: time


@dataclass(frozen=True, slots=True)
class RetryRule:
    """Waits between tries on one rung; as many retries as there are waits."""

    waits: tuple[timedelta, ...]


@dataclass(frozen=True, slots=True)
class RiskCard:
    """Points per observed fact and the least points of each tier."""

    no_history: int
    late: tuple[int, ...]  # by count of late bills in the window: 0, 1, 2, …; the last holds beyond
    overdue: tuple[tuple[int, int], ...]  # (days overdue from, points), ascending
    failed_payment: int
    on_time_streak: int
    tiers: tuple[tuple[int, Tier], ...]  # (points from, tier), ascending


@dataclass(frozen=True, slots=True)
class Policy:
    """One frozen version of a lender's policy."""

    name: str
    version: int
    stages: tuple[Stage, ...]
    ladders: Mapping[Tier, tuple[Rung, ...]]
    quiet: QuietHours
    retry: RetryRule
    risk: RiskCard

    @property
    def label(self) -> str:
        return f"{self.name}@{self.version}"

    def stage(self, name: str) -> Stage | None:
        return next((stage for stage in self.stages if stage.name == name), None)
