"""Policies as YAML: read, checked, and turned into the domain's own objects."""

from __future__ import annotations

import re
from collections.abc import Hashable
from datetime import time, timedelta
from pathlib import Path
from typing import Annotated, Any, Self

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from reminders.domain.customer import ChannelName
from reminders.domain.errors import PolicyError
from reminders.domain.kinds import MessageKind
from reminders.domain.policy import Confirm, Policy, QuietHours, RetryRule, Rung, Stage, Urgency
from reminders.domain.scorecard import Characteristic, Feature, RiskCard
from reminders.domain.tier import Tier

Minutes = Annotated[int, Field(ge=0, le=60 * 24 * 14)]


def _hour(value: object) -> object:
    """YAML reads a bare 10:00 as 600, and a number would pass for seconds since midnight."""
    if isinstance(value, str) and _HOUR.fullmatch(value):
        return value
    raise ValueError('write it in quotes as a local hour such as "10:00"')


_HOUR = re.compile(r"[0-2][0-9]:[0-5][0-9]")
Hour = Annotated[time, BeforeValidator(_hour)]
_MOMENT = re.compile(r"due_date(?: ([+-]) ([0-9]{1,3})d)? ([0-2][0-9]:[0-5][0-9])")


def _moment(value: object) -> object:
    """`due_date - 3d 10:00` as (days from the due date, local hour)."""
    found = _MOMENT.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise ValueError('write it as "due_date - 3d 10:00"')
    days = int(f"{found[1] or '+'}{found[2] or 0}")
    return days, time.fromisoformat(found[3])


Moment = Annotated[tuple[int, time], BeforeValidator(_moment)]


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class _Stage(_Strict):
    name: Annotated[str, Field(min_length=1, max_length=32)]
    at: Moment
    until: Moment
    kind: MessageKind
    urgency: Urgency
    tiers: Annotated[tuple[Tier, ...], Field(min_length=1)]


class _Rung(_Strict):
    channel: ChannelName
    confirm: Confirm
    confirm_within_minutes: Minutes


class _Quiet(_Strict):
    start: Hour
    end: Hour


class _Retry(_Strict):
    waits_minutes: Annotated[tuple[Minutes, ...], Field(max_length=10)]


class _Characteristic(_Strict):
    feature: Feature
    bins: Annotated[tuple[tuple[float, int], ...], Field(min_length=1)]
    missing: int = 0


class _Risk(_Strict):
    name: str
    version: Annotated[int, Field(ge=1)]
    characteristics: tuple[_Characteristic, ...]
    tiers: Annotated[tuple[tuple[int, Tier], ...], Field(min_length=1)]
    hysteresis: Annotated[int, Field(ge=0)] = 0
    base: int = 0


class _Policy(_Strict):
    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}$")]
    version: Annotated[int, Field(ge=1)]
    stages: Annotated[tuple[_Stage, ...], Field(min_length=1)]
    ladders: dict[Tier, Annotated[tuple[_Rung, ...], Field(min_length=1)]]
    quiet: _Quiet
    retry: _Retry
    risk: _Risk

    @model_validator(mode="after")
    def _whole(self) -> Self:
        missing = [tier for tier in Tier if tier not in self.ladders]
        if missing:
            raise ValueError(f"ladders: none for {', '.join(missing)}")
        names = [stage.name for stage in self.stages]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"stages: {name} stands twice")
        self._moments_differ()
        for tier, ladder in self.ladders.items():
            channels = [rung.channel for rung in ladder]
            if len(set(channels)) < len(channels):
                raise ValueError(f"ladders.{tier}: a channel stands twice")
        points = [least for least, _ in self.risk.tiers]
        if points[0] != 0 or points != sorted(set(points)):
            raise ValueError("risk.tiers: points must rise from 0")
        return self

    def _moments_differ(self) -> None:
        """Of two stages at one moment the first would end as it begins."""
        moments: dict[tuple[int, time], str] = {}
        for stage in self.stages:
            other = moments.setdefault(stage.at, stage.name)
            if other != stage.name:
                raise ValueError(f"stages: {other} and {stage.name} have one moment")


class _Loader(yaml.SafeLoader):
    """Refuses a key that stands twice, of which YAML silently keeps the last."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        names = [key.value for key, _ in node.value]
        for name in names:
            if names.count(name) > 1:
                line = node.start_mark.line + 1
                raise PolicyError(f"line {line}: {name} stands twice")
        return super().construct_mapping(node, deep)


def parse(text: str) -> Policy:
    """A policy from its YAML text. Raises `PolicyError` with one line per fault."""
    try:
        raw = yaml.load(text, _Loader)  # noqa: S506  (a SafeLoader)
    except yaml.YAMLError as error:
        raise PolicyError(f"not YAML: {str(error).splitlines()[0]}") from None
    try:
        given = _Policy.model_validate(raw)
    except ValidationError as error:
        lines = []
        for wrong in error.errors():
            where = ".".join(str(part) for part in wrong["loc"]) or "policy"
            lines.append(f"{where}: {wrong['msg'].removeprefix('Value error, ')}")
        raise PolicyError("\n".join(lines)) from None
    return _policy(given)


def read(path: Path) -> tuple[Policy, str]:
    """The policy in a file, and its text as it is frozen. Raises `PolicyError`."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise PolicyError(f"{path}: cannot be read: {error}") from None
    try:
        return parse(text), text
    except PolicyError as error:
        raise PolicyError(f"{path}: {error}") from None


def _policy(given: _Policy) -> Policy:
    return Policy(
        name=given.name,
        version=given.version,
        stages=tuple(
            Stage(
                name=stage.name,
                offset_days=stage.at[0],
                at=stage.at[1],
                until_days=stage.until[0],
                until_at=stage.until[1],
                kind=stage.kind,
                urgency=stage.urgency,
                tiers=frozenset(stage.tiers),
            )
            for stage in given.stages
        ),
        ladders={
            tier: tuple(
                Rung(rung.channel, rung.confirm, timedelta(minutes=rung.confirm_within_minutes))
                for rung in ladder
            )
            for tier, ladder in given.ladders.items()
        },
        quiet=QuietHours(given.quiet.start, given.quiet.end),
        retry=RetryRule(tuple(timedelta(minutes=wait) for wait in given.retry.waits_minutes)),
        risk=RiskCard(
            name=given.risk.name,
            version=given.risk.version,
            characteristics=tuple(
                Characteristic(each.feature, each.bins, each.missing)
                for each in given.risk.characteristics
            ),
            tiers=given.risk.tiers,
            hysteresis=given.risk.hysteresis,
            base=given.risk.base,
        ),
    )
