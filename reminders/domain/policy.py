"""A lender's policy as data: stages, ladders per tier, limits, event rules, packs, the points card.

Times of a stage are `due_date ± n d` on the customer's wall; nothing counts from an earlier run.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, time, timedelta
from enum import StrEnum

from reminders.domain.compliance import Pack
from reminders.domain.kinds import MessageKind
from reminders.domain.scorecard import RiskCard
from reminders.domain.tier import Tier


class Confirm(StrEnum):
    """What counts as success of a rung."""

    ACCEPTED = "accepted"
    DELIVERED = "delivered"
    READ = "read"
    ACTED = "acted"  # a click, a key pressed, an answer, a task done; a payment ends it anyway


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
    """One moment of a policy: from due date + `offset_days` at `at` until due date +
    `until_days` at `until_at`, all local. `when` is a condition (`domain.expression`), or ""."""

    name: str
    offset_days: int
    at: time
    until_days: int
    until_at: time
    kind: MessageKind
    urgency: Urgency
    tiers: frozenset[Tier]
    when: str = ""


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
class Selection:
    """Which bills a policy is for; an empty set means every one."""

    products: frozenset[str] = frozenset()
    currencies: frozenset[str] = frozenset()
    jurisdictions: frozenset[str] = frozenset()

    def covers(self, product: str, currency: str, jurisdiction: str) -> bool:
        """True if a bill of this product and currency, of a customer there, is covered."""
        return (
            (not self.products or product in self.products)
            and (not self.currencies or currency in self.currencies)
            and (not self.jurisdictions or jurisdiction in self.jurisdictions)
        )

    @property
    def narrowness(self) -> int:
        """How many of the three are named: of two policies that cover, the narrower one rules."""
        return sum(1 for named in (self.products, self.currencies, self.jurisdictions) if named)


@dataclass(frozen=True, slots=True)
class Limits:
    """The lender's own caps on contacts per customer and local day, and per bill; None: none."""

    per_day: int | None = None
    per_bill: int | None = None


@dataclass(frozen=True, slots=True)
class SendTime:
    """At which hour of a stage's day its first message goes: the customer's own where it is
    learned, else the tier's, else `at` (S3.14). `leave`: what must then be left of its use, so
    that further channels can still be tried. Hours of the law hold."""

    at: time
    tiers: Mapping[Tier, time] = field(default_factory=dict)
    leave: timedelta = timedelta(hours=4)


class Trigger(StrEnum):
    """What an event rule answers to."""

    ANOMALY = "anomaly"
    OPT_OUT = "opt_out"
    PAYMENT = "payment"
    PROMISE_BROKEN = "promise_broken"
    CONTACT_DEAD = "contact_dead"


@dataclass(frozen=True, slots=True)
class EventRule:
    """At once on a trigger: a message of `kind`, useful for `lasts`. `backup`: not by the first
    channel of the tier's ladder but by those after it. Hours, caps and opt-outs hold."""

    on: Trigger
    kind: MessageKind
    lasts: timedelta
    urgency: Urgency = Urgency.NORMAL
    backup: bool = False

    @property
    def stage(self) -> str:
        """The name of the stage that such a reminder has."""
        return f"on-{self.on}"


@dataclass(frozen=True, slots=True)
class Experiment:
    """Holdout and groups, sticky by customer. Shares are of 1; never applied to `exclude` nor to
    what the law orders."""

    name: str
    holdout: float = 0.0
    groups: tuple[tuple[str, float], ...] = ()
    exclude: frozenset[MessageKind] = frozenset()


@dataclass(frozen=True, slots=True)
class WorkCalendar:
    """The public holidays of a country, for the days that are known: what follows is not."""

    closed: frozenset[date]
    known_until: date


@dataclass(frozen=True, slots=True, eq=False)
class Policy:
    """One frozen version of a lender's policy, with the packs, card and calendars it rests on.

    Compared by identity, so that what is derived from it (rules, conditions) can be kept by it.
    """

    name: str
    version: int
    stages: tuple[Stage, ...]
    ladders: Mapping[Tier, tuple[Rung, ...]]
    quiet: QuietHours
    retry: RetryRule
    risk: RiskCard
    applies_to: Selection = Selection()
    limits: Limits = Limits()
    jitter: timedelta = timedelta(0)
    send_time: SendTime | None = None  # None: the stage's own moment
    digest: bool = False
    choices: frozenset[int] = frozenset()  # offsets (days) of pre-due stages a customer may choose
    events: tuple[EventRule, ...] = ()
    experiment: Experiment | None = None
    packs: Mapping[str, Pack] = field(default_factory=dict)  # by name
    pack_of: Mapping[str, str] = field(default_factory=dict)  # jurisdiction (or "*") → pack's name
    calendars: Mapping[str, WorkCalendar] = field(default_factory=dict)  # by jurisdiction

    @property
    def label(self) -> str:
        return f"{self.name}@{self.version}"

    def stage(self, name: str) -> Stage | None:
        for stage in self.stages:  # no `next(...)`: this runs for every decision
            if stage.name == name:
                return stage
        return None

    def event_rule(self, stage: str) -> EventRule | None:
        """The event rule behind a stage's name, if it is one of an event."""
        if not self.events:
            return None
        return next((rule for rule in self.events if rule.stage == stage), None)
