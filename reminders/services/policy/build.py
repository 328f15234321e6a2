"""A policy's checked shape, with its packs, card and calendars, as the domain's own object."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from datetime import timedelta
from typing import Any

from pydantic import TypeAdapter, ValidationError

from reminders.domain.compliance import Pack
from reminders.domain.errors import PolicyError
from reminders.domain.policy import (
    EventRule,
    Experiment,
    Limits,
    Policy,
    QuietHours,
    RetryRule,
    Rung,
    Selection,
    SendTime,
    Stage,
    WorkCalendar,
)
from reminders.domain.scorecard import RiskCard
from reminders.domain.tier import Tier
from reminders.services.policy.shape import (
    INLINE,
    NAMED,
    ExperimentShape,
    PolicyShape,
    SelectionShape,
    SendTimeShape,
    StageShape,
)
from reminders.services.policy.yaml_text import Place

_LAX = TypeAdapter(int)


def shape_of(data: object) -> PolicyShape:
    """The shape of a policy's data. Raises `PolicyError` with one line per fault."""
    try:
        return PolicyShape.model_validate(data)
    except ValidationError as error:
        raise PolicyError("\n".join(_told(error))) from None


def frozen_shape_of(data: object) -> PolicyShape:
    """As `shape_of`, of what stands under a label. Until it was refused, 360.0, "360" and true were
    whole numbers: a plan that rests on such a text must stay readable, and mean what it meant."""
    try:
        return PolicyShape.model_validate(data)
    except ValidationError as error:
        for wrong in error.errors():
            if wrong["type"] == "int_type":
                _make_whole(data, place_of(wrong["loc"]))
    return shape_of(data)


def _make_whole(data: object, place: Place) -> None:
    inner: Any = data  # any of YAML's own types
    for part in place[:-1]:
        inner = inner[part]
    with suppress(ValidationError):
        inner[place[-1]] = _LAX.validate_python(inner[place[-1]])


def place_of(loc: tuple[int | str, ...]) -> Place:
    """Where in the YAML a fault lies."""
    return tuple(part for part in loc if part not in (NAMED, INLINE) and part != "[key]")


def _told(error: ValidationError) -> list[str]:
    told = []
    for wrong in error.errors():
        where = ".".join(map(str, place_of(wrong["loc"]))) or "policy"
        told.append(f"{where}: {wrong['msg'].removeprefix('Value error, ')}")
    return told


def build(
    given: PolicyShape,
    risk: RiskCard,
    packs: Mapping[str, Pack],
    calendars: Mapping[str, WorkCalendar],
) -> Policy:
    """The policy. Without packs it rests on none: its mapping to packs is then empty too."""
    return Policy(
        name=given.name,
        version=given.version,
        stages=tuple(_stage(stage) for stage in given.stages),
        ladders=_ladders(given),
        quiet=QuietHours(given.quiet.start, given.quiet.end),
        retry=RetryRule(tuple(timedelta(minutes=wait) for wait in given.retry.waits_minutes)),
        risk=risk,
        applies_to=_selection(given.applies_to),
        limits=Limits(given.limits.per_day, given.limits.per_bill),
        jitter=timedelta(minutes=given.jitter_minutes),
        send_time=_send_time(given.send_time),
        digest=given.digest,
        choices=frozenset(given.choices),
        events=tuple(
            EventRule(
                each.on, each.kind, timedelta(hours=each.lasts_hours), each.urgency, each.backup
            )
            for each in given.events
        ),
        experiment=_experiment(given.experiment),
        packs=dict(packs),
        pack_of={place: name for place, name in given.packs.items() if name in packs},
        calendars=dict(calendars),
    )


def _send_time(given: SendTimeShape | None) -> SendTime | None:
    if given is None:
        return None
    return SendTime(given.at, dict(given.tiers), timedelta(minutes=given.leave_minutes))


def _stage(stage: StageShape) -> Stage:
    return Stage(
        name=stage.name,
        offset_days=stage.at[0],
        at=stage.at[1],
        until_days=stage.until[0],
        until_at=stage.until[1],
        kind=stage.kind,
        urgency=stage.urgency,
        tiers=frozenset(stage.tiers),
        when=stage.when,
    )


def _ladders(given: PolicyShape) -> dict[Tier, tuple[Rung, ...]]:
    return {
        tier: tuple(
            Rung(rung.channel, rung.confirm, timedelta(minutes=rung.confirm_within_minutes))
            for rung in ladder
        )
        for tier, ladder in given.ladders.items()
    }


def _selection(given: SelectionShape) -> Selection:
    return Selection(
        frozenset(given.product), frozenset(given.currency), frozenset(given.jurisdiction)
    )


def _experiment(given: ExperimentShape | None) -> Experiment | None:
    if given is None:
        return None
    groups = tuple(given.groups.items())
    return Experiment(given.name, given.holdout, groups, frozenset(given.exclude))
