"""What a simulation counts: sums only, so that its size does not grow with the customers."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, fields
from typing import Final, get_args

from reminders.domain.decision import (
    Check,
    Decision,
    Defer,
    Reason,
    Suppress,
    decision_reason,
)
from reminders.domain.tier import Tier

Held = tuple[str, str, str, str]  # outcome, reason, rule, citation
_OUTCOMES = {kind: kind.__name__.lower() for kind in get_args(Decision)}
_HOLDS_BACK = (Defer, Suppress)
# Waiting for a time or for an answer is no rule that held a message back.
_NO_RULE = frozenset({Reason.NOT_YET_DUE, Reason.WAITING})


@dataclass(slots=True)
class Tally:
    """The counts of one policy over some customers; instants are minutes since 1970 UTC."""

    decisions: int = 0
    customers: int = 0
    customers_messaged: int = 0
    bills: int = 0
    bills_messaged: int = 0
    bills_open_at_due: int = 0
    bills_reached: int = 0
    bills_read: int = 0
    outcomes: Counter[tuple[str, str]] = field(default_factory=Counter)
    held: Counter[Held] = field(default_factory=Counter)
    deferred_s: Counter[str] = field(default_factory=Counter)
    messages: Counter[tuple[str, str]] = field(default_factory=Counter)  # channel, tier
    kinds: Counter[str] = field(default_factory=Counter)
    states: Counter[tuple[str, str]] = field(default_factory=Counter)  # channel, what was heard
    opt_outs: Counter[str] = field(default_factory=Counter)
    minutes: Counter[int] = field(default_factory=Counter)
    days: Counter[tuple[int, str]] = field(default_factory=Counter)  # day since 1970, channel
    tier_bills: Counter[str] = field(default_factory=Counter)
    tier_customers: Counter[str] = field(default_factory=Counter)
    per_customer: Counter[int] = field(default_factory=Counter)  # messages → customers

    def decided(self, decision: Decision) -> None:
        """Count one decision by its outcome, and the rule behind one that held a message back."""
        self.decisions += 1
        outcome, reason = _OUTCOMES[type(decision)], decision_reason(decision)
        if isinstance(decision, _HOLDS_BACK) and reason not in _NO_RULE:
            rule, cite = _deciding(decision.reason, decision.checks)
            self.held[outcome, reason, rule, cite] += 1
        self.outcomes[outcome, reason] += 1

    def ended(self, decision: Decision) -> None:
        """Count an end that a fact brought, without a decision of its own."""
        self.outcomes[_OUTCOMES[type(decision)], decision_reason(decision)] += 1

    def sent(self, channel: str, tier: Tier, kind: str, minute: int) -> None:
        """Count one message that a carrier took."""
        self.messages[channel, tier] += 1
        self.kinds[kind] += 1
        self.minutes[minute] += 1
        self.days[minute // 1440, channel] += 1

    def add(self, other: Tally) -> None:
        """Take over the counts of other customers."""
        for each in fields(self):
            mine, theirs = getattr(self, each.name), getattr(other, each.name)
            if isinstance(mine, Counter):
                mine.update(theirs)
            else:
                setattr(self, each.name, mine + theirs)


_CAPS = "caps."
_CAP: Final = Reason.CAP


def _deciding(reason: Reason, checks: tuple[Check, ...]) -> tuple[str, str]:
    """The rule that decided, and its source: the last check that did not pass; of several that
    barred one channel each, the cap where a cap is the reason."""
    if reason is _CAP:
        for check in reversed(checks):
            if not check.passed and check.rule.startswith(_CAPS):
                cap_id = check.saw.partition(":")[0]  # as `decide` writes it: "CAP: n of m, until"
                return f"{check.rule} {cap_id}", check.cite
    for check in reversed(checks):
        if not check.passed:
            return check.rule, check.cite
    return "", ""
