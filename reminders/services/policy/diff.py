"""What changes from one policy to another, in a policy's own words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import time, timedelta

from reminders.domain.policy import Policy, Rung, Stage
from reminders.domain.tier import Tier


@dataclass(frozen=True, slots=True)
class Change:
    """One difference; "" stands for what is not there."""

    what: str
    before: str
    after: str


def diff(before: Policy, after: Policy) -> list[Change]:
    """Every difference that can change a decision; names and versions alone are none."""
    return [
        *_stages(before, after),
        *_mapped("ladder of ", _ladders(before), _ladders(after)),
        *_mapped("event ", _events(before), _events(after)),
        *_mapped("pack of ", before.pack_of, after.pack_of),
        *_mapped("version of pack ", _packs(before), _packs(after)),
        *_mapped("", _settings(before), _settings(after)),
    ]


def _stages(before: Policy, after: Policy) -> Iterator[Change]:
    for stage in _both(_names(before), _names(after)):
        was, now = before.stage(stage), after.stage(stage)
        if was is None or now is None:
            yield Change(f"stage {stage}", _stage(was), _stage(now))
        else:
            yield from _mapped(f"{stage}: ", _parts(was), _parts(now))


def _names(policy: Policy) -> list[str]:
    return [stage.name for stage in policy.stages]


def _stage(stage: Stage | None) -> str:
    return "" if stage is None else ", ".join(value for value in _parts(stage).values() if value)


def _parts(stage: Stage) -> dict[str, str]:
    return {
        "at": _moment(stage.offset_days, stage.at),
        "until": _moment(stage.until_days, stage.until_at),
        "kind": stage.kind,
        "urgency": stage.urgency,
        "tiers": " ".join(sorted(stage.tiers)),
        "when": stage.when,
    }


def _moment(days: int, at: time) -> str:
    return f"due_date {'-' if days < 0 else '+'} {abs(days)}d {at:%H:%M}"


def _ladders(policy: Policy) -> dict[str, str]:
    return {tier: " > ".join(map(_rung, policy.ladders[tier])) for tier in Tier}


def _rung(rung: Rung) -> str:
    return f"{rung.channel} {rung.confirm} {_minutes(rung.confirm_within)}"


def _minutes(span: timedelta) -> str:
    return f"{span // timedelta(minutes=1)}m"


def _events(policy: Policy) -> dict[str, str]:
    return {
        rule.on: f"{rule.kind}, {_minutes(rule.lasts)}, {rule.urgency}"
        + (", backup" if rule.backup else "")
        for rule in policy.events
    }


def _packs(policy: Policy) -> dict[str, str]:
    return {name: pack.version for name, pack in policy.packs.items()}


def _send_time(policy: Policy) -> str:
    found = policy.send_time
    if found is None:
        return ""
    tiers = "".join(f" {tier} {at:%H:%M}" for tier, at in sorted(found.tiers.items()))
    return f"{found.at:%H:%M}{tiers}, {_minutes(found.leave)} left"


def _settings(policy: Policy) -> dict[str, str]:
    applies, experiment = policy.applies_to, policy.experiment
    shares = () if experiment is None else (("holdout", experiment.holdout), *experiment.groups)
    return {
        "applies to product": " ".join(sorted(applies.products)),
        "applies to currency": " ".join(sorted(applies.currencies)),
        "applies to jurisdiction": " ".join(sorted(applies.jurisdictions)),
        "limit per day": _number(policy.limits.per_day),
        "limit per bill": _number(policy.limits.per_bill),
        "quiet": f"{policy.quiet.start:%H:%M}-{policy.quiet.end:%H:%M}",
        "retry waits": " ".join(map(_minutes, policy.retry.waits)),
        "jitter": _minutes(policy.jitter),
        "send time": _send_time(policy),
        "digest": "yes" if policy.digest else "no",
        "choices": " ".join(map(str, sorted(policy.choices))),
        "experiment": ""
        if experiment is None
        else f"{experiment.name}: " + ", ".join(f"{name} {share:g}" for name, share in shares),
        "outside the experiment": ""
        if experiment is None
        else " ".join(sorted(experiment.exclude)),
        "risk card": f"{policy.risk.name}@{policy.risk.version}",
        "risk tiers": ", ".join(f"{tier} from {least}" for least, tier in policy.risk.tiers),
        "risk points": "; ".join(
            f"{each.feature} {' '.join(f'{low:g}:{points:+d}' for low, points in each.bins)}"
            for each in policy.risk.characteristics
        ),
        "risk hysteresis": str(policy.risk.hysteresis),
    }


def _number(limit: int | None) -> str:
    return "none" if limit is None else str(limit)


def _mapped(prefix: str, before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[Change]:
    for key in _both(before, after):
        was, now = before.get(key, ""), after.get(key, "")
        if was != now:
            yield Change(f"{prefix}{key}", str(was), str(now))


def _both(before: Iterable[str], after: Iterable[str]) -> list[str]:
    """The names of both in order: those of `before`, then what is new."""
    return list(dict.fromkeys((*before, *after)))
