"""Why: the checks behind each stage's last decision, the tier's points, and what happens next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from reminders.domain.customer import Customer
from reminders.domain.decision import Check, Decision, Reason, Satisfy, Send, Suppress
from reminders.domain.decision import decision_reason as reason_of
from reminders.domain.errors import PolicyError
from reminders.domain.kinds import MessageClass
from reminders.domain.reminder import OPEN
from reminders.domain.risk import Assessment
from reminders.domain.rules import rules_of
from reminders.ledger.history import Decided
from reminders.ledger.reminders import Kept
from reminders.services import check_words, wording
from reminders.services import snapshot as inputs
from reminders.services.bill_history import BillHistory
from reminders.services.counterfactual import Otherwise, counterfactual
from reminders.services.judging import judge
from reminders.services.snapshot import Snapshot
from reminders.services.timeline import foreseen

# Which check decided, where it is not the last: the first rung that this barred.
_BARRED_BY: dict[str, tuple[str, ...]] = {
    Reason.OPTED_OUT: ("opt-out",),
    Reason.NO_CONSENT: ("consent",),
    Reason.NO_CONTACT: ("contact", "fresh"),
    Reason.CAP: ("caps",),
    Reason.CHANNEL_DOWN: ("channel",),
    Reason.CONTENT: ("words", "template"),
}


@dataclass(frozen=True, slots=True)
class Asked:
    """One check in words. `decided`: it is the one that settled the matter. `cite`: the law or
    house rule behind it, or whose word it rests on."""

    rule: str
    meaning: str
    saw: str
    passed: bool
    decided: bool
    cite: str = ""


@dataclass(frozen=True, slots=True)
class Explained:
    """One stage: its last decision with its checks, and what comes next ("" if it has ended).

    `tier` and `points` are of the decision's instant. `otherwise` is the counterfactual of a
    message that was not sent, in words; `would` the same for a program.
    """

    stage: str
    epoch: int
    due_at: datetime
    state: str
    flag: str
    policy: str
    packs: tuple[str, ...]
    decided_at: datetime | None
    tier: str
    judged: Assessment | None
    verdict: str
    checks: tuple[Asked, ...]
    otherwise: str
    would: Otherwise | None
    next_at: datetime | None
    next: str
    next_checks: tuple[Asked, ...]
    next_otherwise: str


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
    policy = told.policies[kept.policy]
    seen = inputs.load(last.snapshot) if last is not None and last.snapshot else None
    customer = told.known.customer if seen is None else seen.customer
    would = _otherwise(told, kept, last, seen)
    next_at, coming, checks, next_would = _next(told, kept)
    return Explained(
        stage=kept.reminder.stage,
        epoch=kept.reminder.epoch,
        due_at=kept.reminder.due_at,
        state=kept.state,
        flag=wording.reason_words(kept.reminder.flag) if kept.reminder.flag else "",
        policy=kept.policy,
        packs=rules_of(policy, customer.jurisdiction, MessageClass.COLLECTION).packs,
        decided_at=last.at if last else None,
        tier=last.tier if last else "",
        judged=judge(told.known, policy, last.at) if last else None,
        verdict=verdict(kept, last, told.zone),
        checks=_asked_then(told, kept, last, seen),
        otherwise=check_words.otherwise_words(would, told.zone),
        would=would,
        next_at=next_at,
        next=coming,
        next_checks=checks,
        next_otherwise=check_words.otherwise_words(next_would, told.zone),
    )


def _asked_then(
    told: BillHistory, kept: Kept, last: Decided | None, seen: Snapshot | None
) -> tuple[Asked, ...]:
    if last is None:
        return ()
    customer = seen.customer if seen is not None else None
    return asked(last.checks, last.reason, told.zone, kept.policy, customer)


def _otherwise(
    told: BillHistory, kept: Kept, last: Decided | None, seen: Snapshot | None
) -> Otherwise | None:
    """The counterfactual of the last decision on its own inputs. What evaluation ended was never
    decided on: then of its hour, by the facts of today, if they give the reason that ended it."""
    policy = told.policies[kept.policy]
    if seen is not None and last is not None:
        return counterfactual(seen, policy, _carried_out(last))
    if last is not None or kept.state in OPEN:
        return None
    then = told.inputs(kept, kept.reminder.due_at)
    decision = inputs.decide_on(then, policy)
    return counterfactual(then, policy, decision) if reason_of(decision) == kept.reason else None


def _carried_out(last: Decided) -> Decision | None:
    """A decision that its text undid; None: the brain's own word stands."""
    if last.reason != Reason.CONTENT:
        return None
    return Suppress(Reason.CONTENT, last.checks)


def verdict(kept: Kept, last: Decided | None, zone: str) -> str:
    """What was decided last, in words; what evaluation ended was never decided on."""
    if last is None:
        if kept.state in OPEN:
            return "not decided yet"
        return wording.end_words(kept.state, kept.reason)
    if last.outcome == "send":
        channel, _, cause = last.reason.partition(" ")
        shared = ", in one message with others" if last.checks[-1].rule == "digest" else ""
        return f"sent by {wording.channel_words(channel)} ({cause}){shared}"
    if last.outcome == "defer":
        return wording.deferral_words(last.reason, last.checks, zone)
    return wording.end_words(kept.state, kept.reason)


def asked(
    checks: Sequence[Check], reason: str, zone: str, policy: str = "", then: Customer | None = None
) -> tuple[Asked, ...]:
    """Checks in words, the deciding one marked; `then` is the customer as they were."""
    decisive = _decisive(checks, reason)
    return tuple(
        Asked(
            check.rule,
            check_words.meaning(check.rule),
            wording.check_words(check.saw, zone),
            check.passed,
            at == decisive,
            check_words.basis(check, policy, then),
        )
        for at, check in enumerate(checks)
    )


def _decisive(checks: Sequence[Check], reason: str) -> int:
    """The place of the check that decided: the last, or the first of the rungs that were barred."""
    names = _BARRED_BY.get(reason, ())
    for at, check in enumerate(checks):
        if not check.passed and check.rule.partition(".")[0] in names:
            return at
    return len(checks) - 1


def _next(
    told: BillHistory, kept: Kept
) -> tuple[datetime | None, str, tuple[Asked, ...], Otherwise | None]:
    """What the same brain decides when the reminder wakes up, if no fact changes until then."""
    if kept.state not in OPEN:
        return None, "", (), None
    at, decision = told.foresee(kept)
    reason = "" if isinstance(decision, Send | Satisfy) else reason_of(decision)
    policy = told.policies[kept.policy]
    checks = asked(decision.checks, reason, told.zone, kept.policy, told.known.customer)
    would = counterfactual(told.inputs(kept, at), policy, decision)
    return at, foreseen(decision, told.zone), checks, would
