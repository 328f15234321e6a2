"""The shape of a policy file. What it refuses cannot be carried out, whatever the packs say."""

from __future__ import annotations

from datetime import time
from typing import Annotated, Self

from pydantic import AfterValidator, Discriminator, Field, Tag, field_validator, model_validator

from reminders.domain.customer import ChannelName
from reminders.domain.errors import PolicyError
from reminders.domain.expression import compile_condition
from reminders.domain.kinds import MessageKind
from reminders.domain.policy import Confirm, Trigger, Urgency
from reminders.domain.tier import Tier
from reminders.services.policy.fields import Hour, Minutes, Moment, Name, Share, Strict, Whole
from reminders.services.risk.cards import CardModel

_ROUNDING = 1e-9
Jurisdiction = Annotated[str, Field(pattern=r"^([A-Z]{2}(-[A-Z0-9]{1,3})?)?$")]


class SelectionShape(Strict):
    """Which bills the policy is for; what is not named is not asked."""

    product: tuple[Annotated[str, Field(min_length=1)], ...] = ()
    currency: tuple[Annotated[str, Field(pattern=r"^[A-Z]{3}$")], ...] = ()
    jurisdiction: tuple[Jurisdiction, ...] = ()


class StageShape(Strict):
    """One moment of the policy."""

    name: Annotated[str, Field(min_length=1, max_length=32)]
    at: Moment
    until: Moment
    kind: MessageKind
    urgency: Urgency
    tiers: Annotated[tuple[Tier, ...], Field(min_length=1)]
    when: Annotated[str, Field(max_length=1000)] = ""

    @field_validator("when")
    @classmethod
    def _compiles(cls, value: str) -> str:
        if value:
            try:
                compile_condition(value)
            except PolicyError as error:
                raise ValueError(str(error)) from None
        return value

    @model_validator(mode="after")
    def _ends_after_it_begins(self) -> Self:
        if self.until <= self.at:
            raise ValueError(f"{self.name} ends before it begins: until must lie after at")
        return self


class RungShape(Strict):
    """One channel of a ladder."""

    channel: ChannelName
    confirm: Confirm
    confirm_within_minutes: Minutes


def _channels_differ(value: tuple[RungShape, ...]) -> tuple[RungShape, ...]:
    channels = [rung.channel for rung in value]
    if not channels:
        raise ValueError("a ladder needs one channel at least")
    if len(set(channels)) < len(channels):
        raise ValueError("a channel stands twice")
    return value


Ladder = Annotated[tuple[RungShape, ...], AfterValidator(_channels_differ)]


class LimitsShape(Strict):
    """The lender's own caps."""

    per_day: Annotated[Whole, Field(ge=1)] | None = None
    per_bill: Annotated[Whole, Field(ge=1)] | None = None


class QuietShape(Strict):
    """Local hours in which nothing is sent."""

    start: Hour
    end: Hour


class RetryShape(Strict):
    waits_minutes: Annotated[tuple[Minutes, ...], Field(max_length=10)]


class EventShape(Strict):
    """What is sent at once when something happens."""

    on: Trigger
    kind: MessageKind
    lasts_hours: Annotated[float, Field(gt=0, le=24 * 14)]
    urgency: Urgency = Urgency.NORMAL
    backup: bool = False


class SendTimeShape(Strict):
    """At which hour of a stage's day its first message goes, unless the customer's is known."""

    at: Hour
    tiers: Annotated[
        dict[Tier, Hour],
        Field(default_factory=dict, json_schema_extra={"additionalProperties": False}),
    ]
    leave_minutes: Annotated[Whole, Field(ge=0, le=24 * 60)] = 240


class ExperimentShape(Strict):
    """Holdout and groups; what is left of 1 is in none."""

    name: Name
    holdout: Share = 0.0
    groups: Annotated[
        dict[Name, Share],
        Field(default_factory=dict, json_schema_extra={"additionalProperties": False}),
    ]
    exclude: tuple[MessageKind, ...] = ()

    @model_validator(mode="after")
    def _within_one(self) -> Self:
        total = self.holdout + sum(self.groups.values())
        if total > 1 + _ROUNDING:
            raise ValueError(f"shares add up to {total:g}, more than 1: lower the groups' shares")
        if "holdout" in self.groups:
            raise ValueError("a group cannot be called holdout: give it another name")
        return self


class CardName(Strict):
    """A points card of its own file."""

    card: Name


def _kind_of_card(given: object) -> str:
    named = isinstance(given, CardName) or (isinstance(given, dict) and "card" in given)
    return NAMED if named else INLINE


NAMED, INLINE = "named", "inline"  # how a fault's place says which of the two was meant
Risk = Annotated[
    Annotated[CardName, Tag(NAMED)] | Annotated[CardModel, Tag(INLINE)],
    Discriminator(_kind_of_card),
]


class PolicyShape(Strict):
    """A whole policy file."""

    name: Name
    version: Annotated[Whole, Field(ge=1, le=2**31 - 1)]  # as the ledger keeps it
    stages: Annotated[tuple[StageShape, ...], Field(min_length=1)]
    ladders: dict[Tier, Ladder]
    quiet: QuietShape
    retry: RetryShape
    risk: Risk
    applies_to: SelectionShape = SelectionShape()
    limits: LimitsShape = LimitsShape()
    jitter_minutes: Annotated[Whole, Field(ge=0, le=180)] = 0
    send_time: SendTimeShape | None = None
    digest: bool = False
    choices: tuple[Annotated[Whole, Field(ge=-60, le=-1)], ...] = ()
    events: tuple[EventShape, ...] = ()
    experiment: ExperimentShape | None = None
    packs: Annotated[
        dict[Annotated[str, Field(pattern=r"^(\*|[A-Z]{2}(-[A-Z0-9]{1,3})?)$")], Name],
        Field(
            default_factory=dict,
            description='Jurisdiction, or "*" for every other, to the pack that rules there.',
            json_schema_extra={"additionalProperties": False},
        ),
    ]

    @field_validator("ladders")
    @classmethod
    def _one_for_each_tier(cls, value: dict[Tier, Ladder]) -> dict[Tier, Ladder]:
        missing = [tier for tier in Tier if tier not in value]
        if missing:
            raise ValueError(f"none for {', '.join(missing)}")
        return value

    @field_validator("stages")
    @classmethod
    def _stages_differ(cls, value: tuple[StageShape, ...]) -> tuple[StageShape, ...]:
        """Of two stages at one moment the first would end as it begins."""
        names: set[str] = set()
        moments: dict[tuple[int, time], str] = {}
        for stage in value:
            if stage.name in names:
                raise ValueError(f"{stage.name} stands twice")
            names.add(stage.name)
            other = moments.setdefault(stage.at, stage.name)
            if other != stage.name:
                raise ValueError(f"{other} and {stage.name} have one moment")
        return value

    @field_validator("events")
    @classmethod
    def _one_rule_each(cls, value: tuple[EventShape, ...]) -> tuple[EventShape, ...]:
        seen = [event.on for event in value]
        for trigger in seen:
            if seen.count(trigger) > 1:
                raise ValueError(f"{trigger} has two rules")
        return value
