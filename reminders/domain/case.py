"""What one decision is made from, and the checks made so far."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from types import MappingProxyType

from reminders.domain.bill import BillPosition
from reminders.domain.compliance import Mandate, Rules
from reminders.domain.customer import Customer
from reminders.domain.decision import Check
from reminders.domain.escalation import Confirmed, Progress, paid_after, progress
from reminders.domain.experiments import group_of
from reminders.domain.expression import facts_of
from reminders.domain.kinds import DATED, VOICE, MessageClass, MessageKind, class_of
from reminders.domain.policy import Policy
from reminders.domain.reminder import Attempt, Reminder
from reminders.domain.rules import rules_of
from reminders.domain.tier import Tier
from reminders.domain.usage import Usage

_Asked = tuple[str, str, tuple[object, ...], bool, str]  # rule, saw, its parts, passed, cite
_NONE: frozenset[int] = frozenset()
NOTHING_DOWN: Mapping[str, str] = MappingProxyType({})
EVERY_CHANNEL = "*"
CHANNEL_RULE = "channel."  # the check of a channel that takes nothing: `channel.sms`
NO_PROVIDER = "no provider is set up"  # waiting for one would be waiting for ever
WORDS_RULE = "words."  # the check of a channel that does not carry the words: `words.sms`
# How the entry in `down` begins of a channel that takes messages, but not this one's words.
REFUSED = "refused: "


def _written(part: object) -> object:
    """An instant as checks write it; all else as it is."""
    if isinstance(part, datetime):
        return f"{part.replace(microsecond=0, tzinfo=None).isoformat(' ')}Z"
    return part


def _words(saw: str, parts: tuple[object, ...]) -> str:
    return saw.format(*map(_written, parts)) if parts else str(saw)


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
    brief: bool = False
    down: Mapping[str, str] = field(default_factory=dict)  # channels that take nothing now, and why
    _checks: list[_Asked] = field(default_factory=list)
    _class: MessageClass | None = None
    _rules: Rules | None = None
    _step: Progress | None = None

    def check(self, rule: str, passed: bool, saw: str, *parts: object, cite: str = "") -> None:
        """Write down that a rule was asked, and saw `saw` with `parts` in its braces.

        The words are put together in `seen`. A brief case leaves out what passed; what most
        decisions pass asks for `brief` first, which spares the call.
        """
        if not (passed and self.brief):
            self._checks.append((rule, saw, parts, passed, cite))

    def seen(self) -> tuple[Check, ...]:
        """Every check so far, in order; of a brief case those that did not pass."""
        if not self._checks:
            return ()
        return tuple(
            [
                Check(rule, _words(saw, parts), passed, cite)
                for rule, saw, parts, passed, cite in self._checks
            ]
        )

    def down_for(self, channel: str) -> str:
        """Why a channel takes nothing now; "" where it does."""
        if not self.down:
            return ""
        return self.down.get(channel) or self.down.get(EVERY_CHANNEL, "")

    def progress(self) -> Progress:
        """How far the reminder has come on its ladder."""
        if self._step is None:
            step = progress(self.history, self.now)
            if self.history and not isinstance(step, Confirmed) and self.kind in DATED:
                step = paid_after(self.history, self._paid_at()) or step
            self._step = step
        return self._step

    def _paid_at(self) -> list[datetime]:
        payments = self.bill.payments
        return [
            each.paid_at
            for each in payments
            if each.reversed_at is None and each.paid_at <= self.now
        ]

    def message_class(self, channel: str = "") -> MessageClass:
        """The class of this message, on this channel."""
        if channel in VOICE:
            return class_of(self.kind, channel, overdue=self.today > self.bill.terms.due_on)
        if self._class is None:
            self._class = class_of(self.kind)
        return self._class

    def rules(self, channel: str = "") -> Rules:
        """What the customer's packs and the policy leave together for that class."""
        if channel in VOICE:
            return rules_of(self.policy, self.customer.jurisdiction, self.message_class(channel))
        if self._rules is None:
            self._rules = rules_of(self.policy, self.customer.jurisdiction, self.message_class())
        return self._rules

    def mandate(self) -> Mandate | None:
        """The law that orders this very notice, if one does."""
        mandates = self.rules().mandates
        if not mandates:
            return None
        product = self.bill.terms.product
        for mandate in mandates:
            if mandate.kind is self.kind and (not mandate.products or product in mandate.products):
                return mandate
        return None

    def hours_cite(self) -> str:
        """Where the allowed hours come from."""
        return self.rules().hours_cite

    def chosen_offsets(self) -> frozenset[int]:
        """The customer's own days for pre-due notices, as far as the lender offers them and the
        policy has a stage for one: never so few that none is left."""
        if not self.customer.offsets:
            return _NONE
        chosen = self.customer.offsets & self.policy.choices
        if not chosen:
            return _NONE
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
