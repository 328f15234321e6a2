"""Stages that no legal hour can hold, and stages that another one leaves no room."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

from reminders.domain.hours import Hours, is_open, opens_at
from reminders.domain.kinds import class_of
from reminders.domain.policy import Policy, Stage
from reminders.domain.rules import rules_of
from reminders.services.policy.findings import Finding, Rule, Severity, Subject

# A week of due dates, in a zone without daylight saving: holidays pass, weekdays do not.
_DUE = tuple(date(2026, 6, 1) + timedelta(days=day) for day in range(7))
_UTC = ("UTC",)


def stage_findings(subject: Subject) -> Iterator[Finding]:
    """A stage has an hour in which it may go out, of its own and before the next one."""
    stages = sorted(subject.policy.stages, key=_begins)
    for stage in stages:
        closed = list(_closed_in(subject, stage))
        yield from closed
        if all(each.severity is Severity.WARNING for each in closed):
            yield from _shadowed(subject, stage, stages)
    yield from _same_day(subject, stages)


def _closed_in(subject: Subject, stage: Stage) -> Iterator[Finding]:
    line = subject.stage_line(stage.name)
    for pack, place in subject.places().items():
        hours = _hours(subject.policy, stage, place)
        waits = [_waits(hours, stage, due_on) for due_on in _DUE]
        shown = _shown(hours)
        law = f"{pack or 'the policy'} allows {class_of(stage.kind)} {shown}"
        if all(wait is None for wait in waits):
            yield Finding(
                line, Rule.NO_LEGAL_HOUR,
                f"{stage.name}: no legal hour from {stage.at:%H:%M} to its end; {law}",
                f"move at into {shown}, or until past the next opening",
            )  # fmt: skip
            return
        if not is_open(replace(hours, closed_weekdays=frozenset()), _UTC, _at(stage, _DUE[0])):
            yield Finding(
                line, Rule.NO_LEGAL_HOUR,
                f"{stage.name}: {stage.at:%H:%M} is closed, so it goes out later; {law}",
                f"move at into {shown}", Severity.WARNING,
            )  # fmt: skip
            return


def _hours(policy: Policy, stage: Stage, place: str) -> Hours:
    hours = rules_of(policy, place, class_of(stage.kind)).hours
    return replace(hours, closed_days=frozenset(), blackouts=())


def _waits(hours: Hours, stage: Stage, due_on: date) -> timedelta | None:
    """How long the stage of a bill due then waits for an open hour of its use; None: no such."""
    begins = _at(stage, due_on)
    ends = datetime.combine(due_on + timedelta(days=stage.until_days), stage.until_at, UTC)
    opens = opens_at(hours, _UTC, begins)
    return None if opens is None or opens >= ends else opens - begins


def _at(stage: Stage, due_on: date) -> datetime:
    return datetime.combine(due_on + timedelta(days=stage.offset_days), stage.at, UTC)


def _shown(hours: Hours) -> str:
    spans = [
        f"{span.opens // 60:02}:{span.opens % 60:02}-{span.closes // 60:02}:{span.closes % 60:02}"
        for span in hours.spans
    ]
    return " and ".join(spans) or "never"


def _shadowed(subject: Subject, stage: Stage, stages: Sequence[Stage]) -> Iterator[Finding]:
    """The newest stage rules: one whose hour opens only when the next has begun is never sent."""
    later = [each for each in stages if _begins(each) > _begins(stage) and each.tiers & stage.tiers]
    if not later:
        return
    after = later[0]
    gap = _begins(after) - _begins(stage)
    for pack, place in subject.places().items():
        hours = _hours(subject.policy, stage, place)
        waits = [wait for due_on in _DUE if (wait := _waits(hours, stage, due_on)) is not None]
        if all(wait >= gap for wait in waits):
            law = pack or "the policy"
            yield Finding(
                subject.stage_line(stage.name), Rule.SHADOWED,
                f"{stage.name}: {after.name} begins before {law} first lets {stage.name} out",
                f"move {stage.name} into open hours, or take it out",
            )  # fmt: skip
            return


def _same_day(subject: Subject, stages: Sequence[Stage]) -> Iterator[Finding]:
    for stage, after in pairwise(stages):
        shared = stage.tiers & after.tiers
        told_apart = stage.when and after.when and stage.when != after.when
        if stage.offset_days == after.offset_days and shared and not told_apart:
            yield Finding(
                subject.stage_line(after.name), Rule.SAME_DAY,
                f"{after.name}: on the same day as {stage.name}, for {', '.join(sorted(shared))}",
                "take one out, move it to another day, or give them other tiers",
            )  # fmt: skip


def _begins(stage: Stage) -> timedelta:
    return timedelta(days=stage.offset_days, hours=stage.at.hour, minutes=stage.at.minute)
