"""An explanation for a program: the same words, instants in UTC, each check with its citation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from reminders.domain.decision import Send, decision_reason
from reminders.domain.risk import Assessment
from reminders.messages.facts import clean
from reminders.services.bill_history import BillHistory
from reminders.services.counterfactual import Otherwise
from reminders.services.explain import Asked, Explained
from reminders.services.timeline import title

Json = dict[str, Any]  # Any: JSON


def as_json(told: BillHistory, stages: Sequence[Explained]) -> Json:
    """Everything that `reminders explain` says of one bill."""
    judged = told.assessment()
    return {
        "bill": told.bill_id,
        "customer": told.known.customer.ref,
        "time_zone": told.zone,
        "title": title(told),
        "as_of": told.asked_at.isoformat() if told.asked_at else None,
        **_judged(judged),
        "stages": [_stage(each) for each in stages],
    }


def _judged(judged: Assessment) -> Json:
    return {
        "tier": judged.tier,
        "points": judged.points,
        "points_from": [{"fact": line.fact, "points": line.points} for line in judged.lines],
    }


def _stage(each: Explained) -> Json:
    return {
        "stage": each.stage,
        "epoch": each.epoch,
        "due_at": each.due_at.isoformat(),
        "state": each.state,
        "flag": each.flag,
        "policy": each.policy,
        "packs": list(each.packs),
        "decided_at": each.decided_at.isoformat() if each.decided_at else None,
        "tier": each.tier,
        "judged_then": _judged(each.judged) if each.judged else None,
        "verdict": each.verdict,
        "rule": next((check.rule for check in each.checks if check.decided), ""),
        "cite": clean(next((check.cite for check in each.checks if check.decided), "")),
        "checks": [_check(check) for check in each.checks],
        "otherwise": each.otherwise,
        "would": _would(each.would) if each.would else None,
        "next_at": each.next_at.isoformat() if each.next_at else None,
        "next": each.next,
        "next_checks": [_check(check) for check in each.next_checks],
        "next_otherwise": each.next_otherwise,
    }


def _would(would: Otherwise) -> Json:
    sent = isinstance(would.decision, Send)
    return {
        "without": [{"rule": each.rule, "subject": each.subject} for each in would.lifted],
        "at": would.at.isoformat(),
        "outcome": type(would.decision).__name__.lower(),
        "channel": would.decision.rung.channel if isinstance(would.decision, Send) else "",
        "reason": "" if sent else decision_reason(would.decision),
    }


def _check(each: Asked) -> Json:
    return {
        "rule": each.rule,
        "meaning": each.meaning,
        "saw": each.saw,
        "passed": each.passed,
        "decided": each.decided,
        "cite": clean(each.cite),
    }
