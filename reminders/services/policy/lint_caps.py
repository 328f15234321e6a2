"""Stages that caps would suppress even if all goes well: one message, on the first channel."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from reminders.domain.compliance import Cap, Count, Mark, Scope, Window
from reminders.domain.kinds import class_of
from reminders.domain.policy import Policy, Stage
from reminders.domain.rules import ANY_JURISDICTION, PER_BILL, PER_DAY, rules_of
from reminders.domain.tier import Tier
from reminders.services.policy.findings import Finding, Rule, Severity, Subject


@dataclass(frozen=True, slots=True)
class _Sent:
    at: timedelta  # from the start of the due day
    stage: Stage


def cap_findings(subject: Subject) -> Iterator[Finding]:
    """Each cap that a tier's stages must exceed, with the stages that would be suppressed.

    Conditional stages are left out, since they need not happen. Where the policy is for many
    countries, what only the law of one suppresses is a warning.
    """
    policy = subject.policy
    told: set[str] = set()
    for place in subject.places().values():
        found: dict[Cap, dict[str, set[Tier]]] = defaultdict(lambda: defaultdict(set))
        for tier in Tier:
            for cap, stage in _suppressed(policy, tier, place):
                found[cap][stage.name].add(tier)
        for cap, stages in found.items():
            if cap.cap_id not in told:
                told.add(cap.cap_id)
                yield _finding(subject, place, cap, stages)


def _finding(subject: Subject, place: str, cap: Cap, stages: dict[str, set[Tier]]) -> Finding:
    named = ", ".join(
        f"{name} ({', '.join(sorted(tiers))})" for name, tiers in sorted(stages.items())
    )
    own = cap.cap_id in (PER_DAY, PER_BILL)
    everyone = own or place in ("", ANY_JURISDICTION) or len(subject.places()) == 1
    cite = cap.source.cite if cap.source.mark is not Mark.HOUSE else "a house figure"
    lines = [subject.stage_line(name) for name in stages]
    return Finding(
        min(lines), Rule.OVER_CAP,
        f"{cap.cap_id} allows {cap.limit} {_window(cap)} ({cite}); suppressed would be {named}",
        "raise limits" if own else "spread the stages, drop some, or give the place its own policy",
        Severity.ERROR if everyone else Severity.WARNING,
    )  # fmt: skip


def _window(cap: Cap) -> str:
    match cap.window:
        case Window.LOCAL_DAY:
            return "a day" if cap.length == 1 else f"in {cap.length} days"
        case Window.ROLLING:
            return f"in {cap.length} hours"
        case _:
            return "a bill"


def _suppressed(policy: Policy, tier: Tier, place: str) -> Iterator[tuple[Cap, Stage]]:
    channel = policy.ladders[tier][0].channel
    sent: dict[Cap, list[_Sent]] = defaultdict(list)
    for stage in sorted(policy.stages, key=_at):
        if tier not in stage.tiers or stage.when:
            continue
        message_class = class_of(stage.kind)
        caps = [
            cap
            for cap in rules_of(policy, place, message_class).caps
            if cap.applies(channel, message_class) and _counts(cap)
        ]
        one = _Sent(_at(stage), stage)
        over = [cap for cap in caps if _used(cap, sent[cap], one) >= cap.limit]
        for cap in over:
            yield cap, stage
        if not over:
            for cap in caps:
                sent[cap].append(one)


def _counts(cap: Cap) -> bool:
    return (
        cap.count is Count.ATTEMPT
        and cap.window is not Window.AFTER
        and Scope.LENDER not in cap.scope
    )


def _used(cap: Cap, sent: list[_Sent], one: _Sent) -> int:
    match cap.window:
        case Window.LOCAL_DAY:
            first = one.at.days - cap.length + 1
            return sum(1 for each in sent if each.at.days >= first)
        case Window.ROLLING:
            return sum(1 for each in sent if one.at - each.at < timedelta(hours=cap.length))
        case _:
            return len(sent)


def _at(stage: Stage) -> timedelta:
    return timedelta(days=stage.offset_days, hours=stage.at.hour, minutes=stage.at.minute)
