"""What a customer's packs ask of the words of a message, as the policy in question has them."""

from __future__ import annotations

from functools import lru_cache

from reminders.domain.kinds import MessageKind, class_of
from reminders.domain.policy import Policy
from reminders.domain.rules import rules_of
from reminders.messages.law import Law, law_of


@lru_cache(maxsize=4_096)
def law_for(policy: Policy, jurisdiction: str, kind: str, *, collector: bool) -> Law:
    """The law for the words of a `kind` to a customer of this jurisdiction.

    By the kind alone: a thank-you that is spoken after the due date need not ask for payment.
    """
    message_class = class_of(MessageKind(kind))
    labels = set(rules_of(policy, jurisdiction, message_class).packs)
    packs = [pack for pack in policy.packs.values() if pack.label in labels]
    return law_of(packs, message_class, collector=collector)
