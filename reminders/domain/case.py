"""What one decision is made from, and the checks made so far."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from reminders.domain.bill import BillPosition
from reminders.domain.compliance import Mandate, Rules
from reminders.domain.customer import Customer
from reminders.domain.decision import Check
from reminders.domain.experiments import group_of
from reminders.domain.expression import facts_of
from reminders.domain.kinds import VOICE, MessageClass, MessageKind, class_of
from reminders.domain.policy import Policy
from reminders.domain.reminder import Attempt, Reminder
from reminders.domain.rules import rules_of
from reminders.domain.tier import Tier
from reminders.domain.usage import Usage


@dataclass(slots=True)
class Case:
    """The arguments of `decide`, with what follows from them. `kind` is that of today's text."""

    now: datetime
    today: date
    reminder: Reminder
    bill: BillPosition
    customer: Customer
    policy: Policy
    tier: Tier
    history: Sequence[Attempt]
    usage: Usage
    kind: MessageKind
    _checks: list[Check] = field(default_factory=list)
    _rules: Rules | None = None

    def check(self, rule: str, saw: str, passed: bool, cite: str = "") -> None:
        """Write down that a rule was asked."""
        self._checks.append(Check(rule, saw, passed, cite))

    def seen(self) -> tuple[Check, ...]:
        """Every check so far, in order."""
        return tuple(self._checks)

    def clock(self, at: datetime) -> str:
        """An instant as checks write it."""
        return f"{at.replace(microsecond=0, tzinfo=None).isoformat(' ')}Z"

    def message_class(self, channel: str = "") -> MessageClass:
        """The class of this message, on this channel."""
        return class_of(self.kind, channel, overdue=self.today > self.bill.terms.due_on)

    def rules(self, channel: str = "") -> Rules:
        """What the customer's packs and the policy leave together for that class."""
        if channel in VOICE:
            return rules_of(self.policy, self.customer.jurisdiction, self.message_class(channel))
        if self._rules is None:
            self._rules = rules_of(self.policy, self.customer.jurisdiction, self.message_class())
        return self._rules

    def mandate(self) -> Mandate | None:
        """The law that orders this very notice, if one does."""
        product = self.bill.terms.product
        for mandate in self.rules().mandates:
            if mandate.kind is self.kind and (not mandate.products or product in mandate.products):
                return mandate
        return None

    def hours_cite(self) -> str:
        """Where the allowed hours come from."""
        return self.rules().hours_cite

    def chosen_offsets(self) -> frozenset[int]:
        """The customer's own days for pre-due notices, as far as the lender offers them and the
        policy has a stage for one: never so few that none is left."""
        chosen = self.customer.offsets & self.policy.choices
        if not chosen:
            return frozenset()
        kept = {
            stage.offset_days for stage in self.policy.stages if stage.kind is MessageKind.PRE_DUE
        }
        return chosen & kept

    def facts(self) -> Mapping[str, object]:
        """What a stage's condition may ask of."""
        experiment = self.policy.experiment
        group = "" if experiment is None else group_of(experiment, self.customer.ref)
        promised = any(
            promise.bill_id == self.bill.bill_id and promise.promised_on >= self.today
            for promise in self.customer.promises
        )
        return facts_of(self.now, self.bill, self.customer, self.tier, group, promised)
