"""The one brain: each reason, the order in which it asks, and what it never does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import assert_never

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reminders.domain.bill import BillPosition
from reminders.domain.customer import ContactHealth, Customer
from reminders.domain.decide import decide
from reminders.domain.decision import (
    Cancel,
    Decision,
    Defer,
    Exhaust,
    Expire,
    Satisfy,
    Send,
    Suppress,
)
from reminders.domain.kinds import MessageKind
from reminders.domain.outcome import AttemptState
from reminders.domain.planning import plan
from reminders.domain.policy import Confirm
from reminders.domain.reminder import Attempt, Reminder
from reminders.domain.tier import Tier
from tests.unit.domain.facts import (
    at,
    attempt,
    bill,
    contacts,
    customer,
    default_policy,
    hold,
    payment,
    terms,
    version,
)
from tests.unit.domain.quiet_hours import allowed_from

S = AttemptState
STAGES = {each.stage: each for each in plan(bill(), customer(), default_policy())}
D3 = STAGES["d-3"]
LATE = STAGES["d+1"]
PAID = bill(payments=[payment("P", 1000, at(1))])
MINIMUM = bill(payments=[payment("P", 100, at(1))])
CANCELLED = bill([version(1, terms()), version(2, None)])
MOVED = bill([version(1, terms()), version(2, terms(2000))])
CONTAINED = bill([version(1, terms()), version(1, terms(supersedes="B"), "C")])
ALL = ("sms", "email", "in_app")
DEAD = ContactHealth.DEAD


def said(decision: Decision) -> str:
    match decision:
        case Send(rung=rung, cause=cause):
            return f"send {rung.channel} {cause}"
        case Defer(reason=reason):
            return f"defer {reason}"
        case Suppress(reason=reason):
            return f"suppress {reason}"
        case Cancel(reason=reason):
            return f"cancel {reason}"
        case Expire(reason=reason):
            return f"expire {reason}"
        case Exhaust(reason=reason):
            return f"exhaust {reason}"
        case Satisfy(channel=channel):
            return f"satisfy {channel}"
        case _:
            assert_never(decision)


def ask(
    now: datetime = D3.due_at,
    reminder: Reminder = D3,
    position: BillPosition | None = None,
    who: Customer | None = None,
    tier: Tier = Tier.R1,
    history: Sequence[Attempt] = (),
) -> Decision:
    position = bill() if position is None else position
    return decide(now, reminder, position, who or customer(), default_policy(), tier, history)


def tried(*states: AttemptState, retry_at: datetime | None = None) -> list[Attempt]:
    """One attempt a state, down the ladder of R1, all at the time of the stage."""
    return [
        attempt(state, channel, number=n, submitted_at=D3.due_at, retry_at=retry_at)
        for n, (state, channel) in enumerate(zip(states, ALL, strict=False), 1)
    ]


def test_a_bill_that_nobody_knows_is_cancelled() -> None:
    decision = decide(D3.due_at, D3, None, customer(), default_policy(), Tier.R1, ())
    assert said(decision) == "cancel bill_cancelled"


@pytest.mark.parametrize(
    ("decision", "expected"),
    [
        (ask(), "send sms first"),
        (ask(tier=Tier.R0), "send email first"),
        (ask(position=PAID), "cancel settled"),
        (ask(position=CANCELLED), "cancel bill_cancelled"),
        (ask(position=CONTAINED), "cancel superseded"),
        (ask(position=MOVED), "cancel replanned"),
        (ask(position=MINIMUM), "send sms first"),
        (ask(LATE.due_at, LATE, MINIMUM), "suppress minimum_met"),
        (ask(who=customer(holds=[hold()])), "defer hold"),
        (ask(who=customer(holds=[hold(bill_id="A")])), "send sms first"),
        (ask(who=customer(holds=[hold(until_at=D3.due_at)])), "send sms first"),
        (ask(D3.expires_at, who=customer(holds=[hold()])), "suppress hold"),
        (ask(at()), "defer not_yet_due"),
        (ask(D3.expires_at), "expire stage_past"),
        (ask(STAGES["d-7"].due_at, STAGES["d-7"]), "suppress not_for_tier"),
        (ask(STAGES["d-7"].due_at, STAGES["d-7"], tier=Tier.R3), "send sms first"),
        (ask(who=customer(opted_out=["sms"])), "send email first"),
        (ask(who=customer(opted_out=ALL)), "suppress opted_out"),
        (ask(who=customer(points={})), "exhaust no_contact"),
        (ask(who=customer(points=contacts(sms=DEAD))), "send email first"),
        (ask(who=customer(points=contacts(sms=DEAD), opted_out=ALL[1:])), "suppress opted_out"),
        (ask(D3.due_at + timedelta(hours=12)), "defer quiet_hours"),
        (ask(history=tried(S.SUBMITTED)), "defer waiting"),
        (ask(history=tried(S.ACCEPTED)), "defer waiting"),
        (ask(history=tried(S.UNCERTAIN)), "defer waiting"),
        (ask(history=tried(S.DELIVERED)), "satisfy sms"),
        (ask(D3.expires_at, history=tried(S.DELIVERED)), "satisfy sms"),
        (ask(D3.expires_at, history=tried(S.ACCEPTED)), "expire stage_past"),
        (ask(history=tried(S.UNDELIVERED)), "send email failed"),
        (ask(history=tried(S.FAILED)), "send email failed"),
        (ask(history=tried(S.FAILED, retry_at=at(30))), "defer waiting"),
        (ask(history=tried(S.FAILED, retry_at=D3.due_at)), "send sms retry"),
        (ask(D3.due_at + timedelta(hours=2), history=tried(S.ACCEPTED)), "send email unconfirmed"),
        (ask(history=tried(S.FAILED, S.FAILED, S.FAILED)), "exhaust ladder_spent"),
        # What is under way is not undone by a tier that changed meanwhile.
        (ask(tier=Tier.R0, history=tried(S.UNDELIVERED)), "send email failed"),
        # A retry on a channel that was opted out of since goes to the next one.
        (
            ask(
                who=customer(opted_out=["sms"]),
                history=tried(S.FAILED, retry_at=D3.due_at),
            ),
            "send email failed",
        ),
    ],
)
def test_each_reason(decision: Decision, expected: str) -> None:
    assert said(decision) == expected


def test_an_email_that_nobody_bounced_satisfies_when_its_time_is_over() -> None:
    sent = [
        attempt(S.ACCEPTED, "email", confirm=Confirm.ACCEPTED, submitted_at=D3.due_at),
    ]
    assert said(ask(history=sent)) == "defer waiting"
    assert said(ask(D3.due_at + timedelta(hours=2), history=sent)) == "satisfy email"


def test_the_checks_are_asked_in_one_order_and_end_at_the_one_that_decides() -> None:
    rules = [
        "open", "holds", "tier", "newest", "opt-out.sms", "contact.sms", "hours", "caps.sms",
        "content",
    ]  # fmt: skip
    assert [check.rule for check in ask().checks] == rules
    barred = [
        ask(position=PAID, who=customer(holds=[hold()], opted_out=ALL)),
        ask(who=customer(holds=[hold()], opted_out=ALL), tier=Tier.R3),
        ask(STAGES["d-7"].due_at, STAGES["d-7"], who=customer(opted_out=ALL)),
        ask(D3.expires_at, who=customer(opted_out=ALL)),
        ask(D3.due_at + timedelta(hours=12), who=customer(points={})),
        ask(D3.due_at + timedelta(hours=12)),
    ]
    ends = ["open", "holds", "tier", "newest", "contact.in_app", "hours"]
    assert [decision.checks[-1].rule for decision in barred] == ends
    for decision in barred:
        *before, last = decision.checks
        assert not last.passed
        assert all(check.passed for check in before if "contact" not in check.rule)


def test_a_reminder_waits_no_longer_than_its_use() -> None:
    stage = replace(D3, expires_at=D3.due_at + timedelta(minutes=30))
    waiting = ask(reminder=stage, history=tried(S.ACCEPTED))
    held = ask(reminder=stage, who=customer(holds=[hold()]))
    for decision in (waiting, held):
        assert isinstance(decision, Defer)
        assert decision.until == stage.expires_at


situations = {
    "now": st.integers(-60 * 24, 60 * 24 * 5).map(lambda n: D3.due_at + timedelta(minutes=n)),
    "reminder": st.sampled_from([D3, LATE, STAGES["d-7"]]),
    "position": st.sampled_from([bill(), PAID, MINIMUM, CANCELLED, MOVED, CONTAINED]),
    "who": st.builds(
        lambda opted, dead, holds: customer(
            points=contacts(**dict.fromkeys(dead, DEAD)), opted_out=opted, holds=holds
        ),
        st.lists(st.sampled_from(ALL), max_size=3),
        st.lists(st.sampled_from(ALL), max_size=2),
        st.lists(
            st.builds(hold, st.just(at()), st.none() | st.integers(20, 30).map(at)), max_size=2
        ),
    ),
    "tier": st.sampled_from(Tier),
    "history": st.lists(st.sampled_from(AttemptState), max_size=3).map(lambda each: tried(*each)),
}


@given(**situations)
def test_what_it_never_does(
    now: datetime,
    reminder: Reminder,
    position: BillPosition,
    who: Customer,
    tier: Tier,
    history: list[Attempt],
) -> None:
    decision = ask(now, reminder, position, who, tier, history)
    assert decision == ask(now, reminder, position, who, tier, history)
    assert decision.checks
    assert said(decision)
    if isinstance(decision, Defer):
        assert now < decision.until <= max(reminder.expires_at, reminder.due_at)
    if isinstance(decision, Send):
        channel = decision.rung.channel
        assert decision.rung in default_policy().ladders[tier]
        assert decision.amount == position.balance > 0
        assert not position.closed
        assert position.epoch == reminder.epoch
        assert who.hold_on(reminder.bill_id, now) is None
        assert not who.opted_out(channel, reminder.kind)
        assert who.contacts[channel].health is not DEAD
        assert reminder.due_at <= now < reminder.expires_at
        assert allowed_from(now, who.time_zone, default_policy().quiet) == now
        assert channel not in {each.channel for each in history}
        if reminder.kind is MessageKind.OVERDUE:
            assert position.minimum_left > 0
