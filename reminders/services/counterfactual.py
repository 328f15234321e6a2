"""What would have been decided but for the rule that decided: the same brain on changed inputs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from reminders.domain.decision import Decision, Send, decision_reason
from reminders.domain.policy import Policy
from reminders.services.lifting import Lifted, lift
from reminders.services.snapshot import Snapshot, decide_on

_MOST = 6  # things that may stand in one message's way, one behind the other


@dataclass(frozen=True, slots=True)
class Otherwise:
    """What `decide` returned once `lifted` were out of the way, one after another.

    The first of them is the rule that decided. The decision is a `Send`, or says what stands in
    the way of a message all the same.
    """

    lifted: tuple[Lifted, ...]
    decision: Decision
    at: datetime


def counterfactual(
    snapshot: Snapshot, policy: Policy, decision: Decision | None = None
) -> Otherwise | None:
    """What would have happened to a message that was not sent; None where nothing is to be said.

    `decision` is what was decided, where that is more than the brain says of the snapshot. A rule
    behind the deciding one is lifted too, until the message goes or nothing more can be lifted.
    """
    found = decide_on(snapshot, policy) if decision is None else decision
    lifted: list[Lifted] = []
    met: set[tuple[str, str]] = set()
    while len(lifted) < _MOST:
        step = lift(snapshot, policy, found)
        if step is None or (step.rule, step.subject) in met:
            break
        met.add((step.rule, step.subject))
        snapshot, policy = step.snapshot, step.policy
        lifted.append(step)
        found = decide_on(snapshot, policy)
    if not lifted:
        return None
    return Otherwise(tuple(lifted), found, snapshot.now)


def gone(otherwise: Otherwise) -> bool:
    """True if the message would have gone."""
    return isinstance(otherwise.decision, Send)


def still(otherwise: Otherwise) -> str:
    """The reason that remains where it would not."""
    return decision_reason(otherwise.decision)
