"""Which versions are in force at an instant, by the acts that were kept."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from reminders.ledger.policies import Act, Activation


def in_force(acts: Iterable[Activation], now: datetime) -> dict[str, Activation]:
    """By policy name, the act that rules at `now`: the last to start, of several the last done."""
    ruling: dict[str, Activation] = {}
    for act in sorted(acts, key=_order):
        if act.starts_at <= now:
            ruling[act.name] = act
    return {name: act for name, act in ruling.items() if act.act is not Act.WITHDRAW}


def ahead(acts: Iterable[Activation], now: datetime) -> list[Activation]:
    """Acts that start later, in the order of their start, without those taken back before it."""
    last: dict[tuple[str, datetime], Activation] = {}
    for act in acts:
        if act.starts_at > now:
            last[act.name, act.starts_at] = act
    return sorted(last.values(), key=_order)


def newest(acts: Sequence[Activation], name: str, now: datetime) -> Activation | None:
    """The act that a rollback takes back: the next one ahead that is no rollback, else the one in
    force."""
    waiting = [act for act in ahead(acts, now) if act.name == name and act.act is Act.ACTIVATE]
    return waiting[0] if waiting else in_force(acts, now).get(name)


def version_before(acts: Iterable[Activation], target: Activation) -> int | None:
    """The version to which a rollback of `target` returns; None if there was none before.

    Rolled back twice, a policy is two versions back: a rollback is no step of its own.
    """
    steps: list[int] = []
    for act in sorted(acts, key=_order):
        if act.name != target.name or _order(act) > _order(target):
            continue
        match act.act:
            case Act.ROLLBACK:
                steps = steps[: _last(steps, act.version) + 1] or [act.version]
            case Act.WITHDRAW:
                steps = []
            case _:
                steps.append(act.version)
    earlier = [version for version in steps if version != target.version]
    return earlier[-1] if earlier else None


def _last(steps: Sequence[int], version: int) -> int:
    return max((at for at, each in enumerate(steps) if each == version), default=-1)


def _order(act: Activation) -> tuple[datetime, int]:
    return act.starts_at, act.number
