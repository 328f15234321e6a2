"""Replays a decision that was kept: the same brain on the same inputs must say the same."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from reminders.domain.decision import Check, Reason, decision_reason
from reminders.domain.policy import Policy
from reminders.ledger.history import Decided
from reminders.services import snapshot as inputs
from reminders.services.bill_history import BillHistory

# Written by the hand that carried the decision out: the text failed, others joined it, or some
# providers could not carry it.
_CARRYING_OUT = frozenset({"template", "digest", "provider"})


class Replay(StrEnum):
    """What a replay showed."""

    SAME = "same"
    DIFFERENT = "different"
    NO_INPUTS = "no_inputs"  # a release that kept none made it


def replay(made: Decided, policy_of: Callable[[str], Policy]) -> Replay:
    """Decide again on the inputs that were kept: outcome, reason and every check must agree.

    `policy_of` gives the policy of a label. Raises `ValueError` if the inputs cannot be read.
    """
    if not made.snapshot:
        return Replay.NO_INPUTS
    seen = inputs.load(made.snapshot)
    decision = inputs.decide_on(seen, policy_of(seen.policy))
    said = (type(decision).__name__.lower(), decision_reason(decision), decision.checks)
    outcome, reason, checks = made.outcome, made.reason, _judged(made.checks)
    if reason == Reason.CONTENT != said[1]:  # an older release asked the brain no further
        reason, outcome = said[1], "send"
    same = said == (outcome, reason, checks) and made.tier == seen.tier and made.at == seen.now
    return Replay.SAME if same else Replay.DIFFERENT


def _judged(checks: Sequence[Check]) -> tuple[Check, ...]:
    """The brain's own checks, without those of carrying its decision out."""
    if checks and checks[-1].rule in _CARRYING_OUT:
        return tuple(checks[:-1])
    return tuple(checks)


@dataclass(frozen=True, slots=True)
class Replayed:
    """One decision of a bill and what its replay showed."""

    stage: str
    made: Decided
    shown: Replay

    def words(self) -> str:
        """`2026-03-22 02:00:00Z d-3: defer quiet_hours: same`."""
        at = f"{self.made.at:%Y-%m-%d %H:%M:%S}Z"
        shown = self.shown.replace("_", " ")
        return f"{at}  {self.stage}  {self.made.outcome} {self.made.reason}: {shown}"

    def as_json(self) -> dict[str, str]:
        return {
            "stage": self.stage,
            "at": self.made.at.isoformat(),
            "outcome": self.made.outcome,
            "reason": self.made.reason,
            "replay": self.shown,
        }


def replayed(told: BillHistory, stage: str = "") -> list[Replayed]:
    """Every decision of a bill's stages (or of `stage`), replayed in order of stage and time."""
    return [
        Replayed(kept.reminder.stage, made, replay(made, lambda label: told.policies[label]))
        for kept in told.kept
        if stage in ("", kept.reminder.stage)
        for made in told.decisions.get(kept.reminder.reminder_id, ())
    ]
