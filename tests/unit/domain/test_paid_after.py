"""A payment after a message says more than any receipt of it (S3.14)."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from reminders.domain.bill import Payment
from reminders.domain.decide import decide
from reminders.domain.decision import Decision, Defer, Satisfy, Send
from reminders.domain.outcome import AttemptState
from reminders.domain.planning import plan
from reminders.domain.policy import Confirm
from reminders.domain.reminder import Attempt, Reminder
from reminders.domain.tier import Tier
from tests.unit.domain.facts import attempt, bill, customer, default_policy, payment

S = AttemptState
RULES = default_policy()
D3 = {each.stage: each for each in plan(bill(), customer(), RULES)}["d-3"]
SENT = D3.due_at
PAID = SENT + timedelta(minutes=5)
SILENT = SENT + timedelta(hours=3)
PART = payment("P", 100, PAID)


def ask(
    *payments: Payment,
    state: AttemptState = S.ACCEPTED,
    confirm: Confirm = Confirm.DELIVERED,
    now: datetime = SILENT,
    reminder: Reminder = D3,
) -> Decision:
    history: list[Attempt] = [attempt(state, submitted_at=SENT, confirm=confirm)]
    return decide(now, reminder, bill(payments=payments), customer(), RULES, Tier.R1, history)


@pytest.mark.parametrize("confirm", [Confirm.DELIVERED, Confirm.READ, Confirm.ACTED])
@pytest.mark.parametrize("state", [S.ACCEPTED, S.UNCERTAIN, S.DELIVERED])
def test_who_pays_a_part_has_what_the_rung_wants(state: AttemptState, confirm: Confirm) -> None:
    done = ask(PART, state=state, confirm=confirm)
    assert isinstance(done, Satisfy)
    told = "sms delivered" if (state, confirm) == (S.DELIVERED, Confirm.DELIVERED) else None
    assert done.checks[-1].saw == (told or "sms paid since")


def test_it_is_not_waited_for_the_receipt_any_longer() -> None:
    assert isinstance(ask(PART, now=PAID), Satisfy)
    assert isinstance(ask(PART, now=PAID - timedelta(seconds=1)), Defer)


@pytest.mark.parametrize("state", [S.FAILED, S.RELEASED, S.UNDELIVERED])
def test_what_did_not_arrive_is_confirmed_by_no_payment(state: AttemptState) -> None:
    assert isinstance(ask(PART, state=state), Send)


def test_a_payment_before_it_or_taken_back_says_nothing() -> None:
    early = payment("P", 100, SENT - timedelta(seconds=1))
    bounced = payment("P", 100, PAID, reversed_at=PAID + timedelta(minutes=1))
    assert isinstance(ask(), Send)
    assert isinstance(ask(early), Send)
    # A reversal plans the stages anew, so this is another reminder, of the next epoch.
    assert isinstance(ask(bounced, reminder=replace(D3, epoch=1)), Send)
