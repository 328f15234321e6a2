"""Why: the checks behind each stage's last decision, the tier's points, and what happens next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from reminders.domain.decision import Reason, Satisfy, Send, decision_reason
from reminders.domain.errors import PolicyError
from reminders.domain.reminder import OPEN
from reminders.ledger.history import Decided
from reminders.ledger.reminders import Kept
from reminders.services import wording
from reminders.services.bill_history import BillHistory
from reminders.services.timeline import foreseen

_RULES: Mapping[str, str] = {
    "open": "still to pay",
    "holds": "no hold",
    "due": "due by now",
    "tier": "meant for this tier",
    "newest": "still of use",
    "confirmed": "confirmed already",
    "waiting": "nothing awaited",
    "hours": "allowed hours",
    "content": "amount to name",
    "template": "text can be written",
}


@dataclass(frozen=True, slots=True)
class Asked:
    """One check in words. `decided`: it is the one that settled the matter."""

    rule: str
    meaning: str
    saw: str
    passed: bool
    decided: bool


@dataclass(frozen=True, slots=True)
class Explained:
    """One stage: its last decision with its checks, and what comes next ("" if it has ended)."""

    stage: str
    epoch: int
    due_at: datetime
    state: str
    policy: str
    decided_at: datetime | None
    tier: str
    verdict: str
    checks: tuple[Asked, ...]
    next_at: datetime | None
    next: str
    next_checks: tuple[Asked, ...]


def explain(told: BillHistory, stage: str = "") -> list[Explained]:
    """Each stage of the bill, or `stage` alone. Raises `PolicyError` if the bill has no such."""
    chosen = [kept for kept in told.kept if stage in ("", kept.reminder.stage)]
    if stage and not chosen:
        known = ", ".join(dict.fromkeys(kept.reminder.stage for kept in told.kept))
        raise PolicyError(f"bill {told.bill_id} has no stage {stage}: it has {known or 'none'}")
    return [_explained(told, kept) for kept in chosen]


def _explained(told: BillHistory, kept: Kept) -> Explained:
    made = told.decisions.get(kept.reminder.reminder_id, ())
    last = made[-1] if made else None
    next_at, coming, checks = _next(told, kept)
    return Explained(
        stage=kept.reminder.stage,
        epoch=kept.reminder.epoch,
        due_at=kept.reminder.due_at,
        state=kept.state,
        policy=kept.policy,
        decided_at=last.at if last else None,
        tier=last.tier if last else "",
        verdict=verdict(kept, last, told.zone),
        checks=asked(last.checks, last.reason, told.zone) if last else (),
        next_at=next_at,
        next=coming,
        next_checks=checks,
    )


def verdict(kept: Kept, last: Decided | None, zone: str) -> str:
    """What was decided last, in words; what evaluation ended was never decided on."""
    if last is None:
        if kept.state in OPEN:
            return "not decided yet"
        return wording.end_words(kept.state, kept.reason)
    if last.outcome == "send":
        channel, _, cause = last.reason.partition(" ")
        return f"sent by {wording.channel_words(channel)} ({cause})"
    if last.outcome == "defer":
        return wording.deferral_words(last.reason, last.checks, zone)
    return wording.end_words(kept.state, kept.reason)


def asked(checks: Sequence[tuple[str, str, bool]], reason: str, zone: str) -> tuple[Asked, ...]:
    """Checks in words, the deciding one marked: the last, or for an opt-out the one that barred."""
    decisive = len(checks) - 1
    if reason == Reason.OPTED_OUT:
        barred = [at for at, (rule, _, ok) in enumerate(checks) if _barred(rule, passed=ok)]
        decisive = barred[-1] if barred else decisive
    return tuple(
        Asked(rule, meaning(rule), wording.check_words(saw, zone), passed, at == decisive)
        for at, (rule, saw, passed) in enumerate(checks)
    )


def _barred(rule: str, *, passed: bool) -> bool:
    return rule.startswith("opt-out.") and not passed


def meaning(rule: str) -> str:
    """What a rule asks: `opt-out.sms` → `SMS allowed`."""
    name, _, channel = rule.partition(".")
    if channel:
        what = "allowed" if name == "opt-out" else "reachable"
        return f"{wording.channel_words(channel)} {what}"
    return _RULES.get(rule, rule)


def _next(told: BillHistory, kept: Kept) -> tuple[datetime | None, str, tuple[Asked, ...]]:
    """What the same brain decides when the reminder wakes up, if no fact changes until then."""
    if kept.state not in OPEN:
        return None, "", ()
    at, decision = told.foresee(kept)
    checks = [(check.rule, check.saw, check.passed) for check in decision.checks]
    reason = "" if isinstance(decision, Send | Satisfy) else decision_reason(decision)
    return at, foreseen(decision, told.zone), asked(checks, reason, told.zone)


def as_json(told: BillHistory, stages: Sequence[Explained]) -> dict[str, Any]:  # Any: JSON
    """The same for a program."""
    judged = told.assessment()
    return {
        "bill": told.bill_id,
        "customer": told.known.customer.ref,
        "time_zone": told.zone,
        "tier": judged.tier,
        "points": judged.points,
        "points_from": [{"fact": line.fact, "points": line.points} for line in judged.lines],
        "stages": [_stage(each) for each in stages],
    }


def _stage(each: Explained) -> dict[str, Any]:  # Any: JSON
    return {
        "stage": each.stage,
        "epoch": each.epoch,
        "due_at": each.due_at.isoformat(),
        "state": each.state,
        "policy": each.policy,
        "decided_at": each.decided_at.isoformat() if each.decided_at else None,
        "tier": each.tier,
        "verdict": each.verdict,
        "checks": [_check(check) for check in each.checks],
        "next_at": each.next_at.isoformat() if each.next_at else None,
        "next": each.next,
        "next_checks": [_check(check) for check in each.next_checks],
    }


def _check(each: Asked) -> dict[str, Any]:  # Any: JSON
    return {
        "rule": each.rule,
        "saw": each.saw,
        "passed": each.passed,
        "decided": each.decided,
    }
