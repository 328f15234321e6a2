"""Conditions that no bill can meet, found by trying every value that can make a difference."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from itertools import islice, product

from reminders.domain.experiments import HOLDOUT
from reminders.domain.expression import FACTS, Condition, compile_condition
from reminders.domain.policy import Policy, Stage
from reminders.services.policy.findings import Finding, Rule, Subject

_MOST = 20_000  # combinations tried; a condition that needs more is taken to be met
_MOST_OWED = 10**12  # minor units
_MONEY = frozenset({"amount_due", "minimum_due", "paid", "balance", "minimum_left", "epoch"})


def condition_findings(subject: Subject) -> Iterator[Finding]:
    """Each stage whose condition cannot be met by any bill of its tiers in its days."""
    for number, stage in enumerate(subject.policy.stages):
        if stage.when and not _can_hold(subject.policy, stage):
            yield Finding(
                subject.line("stages", number, "when"), Rule.NEVER_HOLDS,
                f"{stage.name}: no bill can meet: {stage.when}",
                "correct the condition, or take the stage out",
            )  # fmt: skip


def _can_hold(policy: Policy, stage: Stage) -> bool:
    condition = compile_condition(stage.when)
    if not _plain(condition):
        return True
    names = sorted(condition.names)
    spans = [_values(name, condition, policy, stage) for name in names]
    tried = 0
    for values in islice(product(*spans), _MOST):
        tried += 1
        facts = dict(zip(names, values, strict=True))
        if _agrees(facts) and condition.holds(facts):
            return True
    return tried == _MOST


def _plain(condition: Condition) -> bool:
    """Without sums, a condition changes only at the values that stand in it."""
    return not any(isinstance(node, ast.BinOp) for node in ast.walk(condition.tree))


def _values(name: str, condition: Condition, policy: Policy, stage: Stage) -> list[object]:
    closed = _closed(name, policy, stage)
    if closed is not None:
        return closed
    if FACTS[name] is bool:
        return [False, True]
    literals = _literals(condition.tree)
    if FACTS[name] is str:
        return ["", *(value for value in literals if isinstance(value, str))]
    numbers = [value for value in literals if isinstance(value, int | float)]
    near = {around for value in numbers for around in (value - 1, value, value + 1)}
    tried = sorted({0, _MOST_OWED, *near, *(-value for value in near)})
    return [value for value in tried if name not in _MONEY or value >= 0]


def _closed(name: str, policy: Policy, stage: Stage) -> list[object] | None:
    """The only values that a fact can have in this stage, where they are known."""
    applies = policy.applies_to
    experiment = policy.experiment
    groups = [""] if experiment is None else ["", HOLDOUT, *(name for name, _ in experiment.groups)]
    # A stage waits for an open hour, and a retry may come on its last day.
    days = range(stage.offset_days - 1, stage.until_days + 1)
    found: Mapping[str, list[object]] = {
        "tier": [str(tier) for tier in sorted(stage.tiers)],
        "group": list(groups),
        "days_to_due": [-day for day in days],
        "days_overdue": [*{max(0, day) for day in days}],
        "product": list(applies.products),
        "currency": list(applies.currencies),
        "jurisdiction": list(applies.jurisdictions),
    }
    return found.get(name) or None


def _agrees(facts: Mapping[str, object]) -> bool:
    """Facts of one bill: what is overdue by some days is not still due, and so on."""
    to_due, overdue = facts.get("days_to_due"), facts.get("days_overdue")
    if isinstance(to_due, int) and isinstance(overdue, int) and overdue != max(0, -to_due):
        return False
    due, balance = facts.get("amount_due"), facts.get("balance")
    return not (isinstance(due, int) and isinstance(balance, int) and balance > due)


def _literals(tree: ast.AST) -> list[object]:
    return [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)]
