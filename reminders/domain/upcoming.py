"""What is to be planned now: stages still ahead, and answers to what has happened."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from reminders.domain.bill import BillPosition
from reminders.domain.customer import Customer
from reminders.domain.planning import plan
from reminders.domain.policy import Policy, Trigger
from reminders.domain.reminder import Reminder
from reminders.domain.signals import Signal, signals
from reminders.domain.warning import warnings


def heard_of(
    bills: Collection[BillPosition], customer: Customer, now: datetime
) -> tuple[Signal, ...]:
    """What event rules may answer: what has happened, and when an early warning would come."""
    warned = warnings(bills, customer.risk_inputs, now, customer.time_zone or "UTC")
    return (
        *signals(bills, customer),
        *(Signal(Trigger.ANOMALY, each.bill_id, each.at) for each in warned),
    )


def ahead(
    bill: BillPosition,
    customer: Customer,
    policy: Policy,
    now: datetime,
    heard: Sequence[Signal] = (),
) -> tuple[Reminder, ...]:
    """What is to be planned at `now`: every stage at first, after a new start those still ahead.

    Stages that are long past use are planned too and end as expired: none is lost in silence. An
    event that is past its use before it was heard of is history, and so is one that came before a
    payment was taken back: it was answered then.
    """
    if bill.epoch == 0 and not policy.events:  # every stage, as it was planned
        return plan(bill, customer, policy)
    reversals = [each.reversed_at for each in bill.payments if each.reversed_at is not None]
    began_at = max(reversals, default=None)
    found = []
    for reminder in plan(bill, customer, policy, signals=heard):
        rule = policy.event_rule(reminder.stage)
        if rule is None:
            wanted = bill.epoch == 0 or reminder.due_at > now
        else:
            ends_at = reminder.expires_at
            wanted = ends_at > now and (began_at is None or ends_at - rule.lasts > began_at)
        if wanted:
            found.append(reminder)
    return tuple(found)
