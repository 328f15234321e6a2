"""What random lives have found, in as few words as it takes to happen again."""

from __future__ import annotations

from dataclasses import replace
from datetime import time, timedelta

import pytest

from reminders.domain.bill import positions, unallocated
from reminders.domain.compliance import ClassHours, Mandate, Mark, Pack, Source
from reminders.domain.customer import Customer, Preference
from reminders.domain.decide import decide
from reminders.domain.decision import Decision, Defer, Reason, Send, Suppress
from reminders.domain.hours import Hours, spans
from reminders.domain.kinds import MessageClass, MessageKind
from reminders.domain.planning import plan
from reminders.domain.policy import Confirm, Limits, Policy, Rung
from reminders.domain.reminder import Reminder
from reminders.domain.tier import Tier
from reminders.domain.usage import NOTHING_USED, Usage
from tests.unit.domain.facts import (
    at,
    bill,
    contacts,
    customer,
    default_policy,
    payment,
    terms,
    version,
)

SOURCE = Source("a story", Mark.HOUSE)


def planned(policy: Policy, who: Customer, stage: str) -> Reminder:
    return next(each for each in plan(bill(), who, policy) if each.stage == stage)


def asked(
    reminder: Reminder,
    late: timedelta,
    *,
    who: Customer | None = None,
    paid: int = 0,
    policy: Policy | None = None,
    usage: Usage = NOTHING_USED,
) -> Decision:
    """The decision so long after the reminder was due."""
    payments = [payment("P", paid, at(1))] if paid else []
    now = reminder.due_at + late
    owed = bill(payments=payments)
    return decide(
        now, reminder, owed, who or customer(), policy or default_policy(), Tier.R1, [], usage
    )


def test_what_waited_past_the_due_date_calls_nobody_overdue_who_met_the_minimum() -> None:
    """I1: the notice of the due day, sent on the next morning, would speak of an overdue bill."""
    of_the_day = planned(default_policy(), customer(), "d0")
    next_morning = timedelta(hours=22, minutes=30)
    assert isinstance(asked(of_the_day, next_morning), Send)
    found = asked(of_the_day, next_morning, paid=100)
    assert isinstance(found, Suppress)
    assert found.reason is Reason.MINIMUM_MET


def test_a_call_after_the_due_date_keeps_the_hours_of_collection() -> None:
    """I2: what is a service notice in writing is collection when it is said by voice."""
    day = ClassHours(Hours(spans(time(8), time(21))), SOURCE)
    short = ClassHours(Hours(spans(time(8), time(19))), SOURCE)
    pack = Pack("p", "1", {MessageClass.SERVICE_NOTICE: day, MessageClass.COLLECTION: short})
    rung = Rung("voice", Confirm.DELIVERED, timedelta(minutes=10))
    law = replace(
        default_policy(),
        packs={"p": pack},
        pack_of={"*": "p"},
        ladders=dict.fromkeys(Tier, (rung,)),
    )
    who = replace(customer(), contacts={"voice": replace(contacts()["sms"], channel="voice")})
    reminder = replace(
        planned(law, who, "d+1"), kind=MessageKind.CONTACT_UPDATE_REQUEST
    )  # due at 10:00
    assert isinstance(asked(reminder, timedelta(hours=8), who=who, policy=law), Send)
    found = asked(reminder, timedelta(hours=10), who=who, policy=law)
    assert isinstance(found, Defer)
    assert found.reason is Reason.QUIET_HOURS


@pytest.mark.parametrize(("told", "sent"), [(False, True), (True, False)])
def test_days_that_have_passed_do_not_silence_a_bill(told: bool, sent: bool) -> None:
    """I8, S5.8: only the seventh day before was chosen, and the bill came too late for it."""
    reminder = planned(default_policy(), customer(), "d-3")
    who = replace(customer(), offsets=frozenset({-7}))
    usage = Usage(told=frozenset({"B"} if told else ()))
    found = asked(reminder, timedelta(0), who=who, usage=usage)
    assert isinstance(found, Send) is sent


def test_a_day_of_the_customers_that_is_ahead_is_waited_for() -> None:
    reminder = planned(default_policy(), customer(), "d-3")
    who = replace(customer(), offsets=frozenset({-1}))
    found = asked(reminder, timedelta(0), who=who)
    assert isinstance(found, Suppress)
    assert found.reason is Reason.NOT_CHOSEN


def test_a_payment_counts_before_the_bill_that_it_names_has_arrived() -> None:
    """I1: the statement that contains the named bill is known, and the payment is for it."""
    newer = version(1, terms(supersedes="A"), "B")
    paid = payment("P", 1000, at(1), "A")
    assert positions([newer], [paid])["B"].settled
    assert unallocated([paid], positions([newer], [paid])) == ()
    older = version(1, terms(), "A", "a")
    assert positions([newer, older], [paid])["B"].settled


def test_what_law_orders_waits_for_a_cap_and_is_not_lost_to_it() -> None:
    """I8: a notice that passes an opt-out is late at worst."""
    order = Mandate(MessageKind.PRE_DUE, "a law", SOURCE)
    law = replace(
        default_policy(),
        packs={"p": Pack("p", "1", {}, mandates=(order,))},
        pack_of={"*": "p"},
        limits=Limits(per_day=1),
    )
    who = replace(
        customer(points={"sms": contacts()["sms"]}),
        preferences=(Preference("sms", "*", False),),
    )
    reminder = planned(law, who, "d-3")
    first = asked(reminder, timedelta(0), who=who, policy=law)
    assert isinstance(first, Send)
    other = replace(first.contact, bill="another", at=reminder.due_at)
    usage = Usage(contacts=(other,))
    found = asked(reminder, timedelta(minutes=1), who=who, policy=law, usage=usage)
    assert isinstance(found, Defer)
    assert found.reason is Reason.CAP
