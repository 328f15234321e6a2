"""One customer or reminder that cannot be decided on never stops the others."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from reminders.ledger.cipher import KeyRing
from reminders.ledger.facts import Facts
from reminders.services import evaluate as evaluation
from reminders.services import judging
from tests.scenario.world import START, World

HOUR = timedelta(hours=1)
DUE = START + timedelta(days=7)  # 10:00 in Taipei, three days before the bill of the story


@pytest.mark.parametrize(
    ("zone", "at"),
    [("Asia/Taipei", "9999-12-31T23:59:59Z"), ("America/Lima", "0001-01-01T00:00:00Z")],
)
def test_an_instant_at_the_end_of_the_calendar_stops_nobody(
    world: World, zone: str, at: str
) -> None:
    world.customer(time_zone=zone)
    world.bill()
    failed = {"payment_id": "P-1", "amount_minor": 1, "currency": "TWD", "reason": "no funds"}
    world.tell("payment.failed", failed | {"failed_at": at})
    paid = {"payment_id": "P-2", "bill_id": "B-1", "amount_minor": 1, "currency": "TWD"}
    world.tell("payment.received", paid | {"paid_at": at})
    world.clock.set(START + timedelta(days=30))
    world.evaluate()
    assert set(world.rows("SELECT changed_at FROM customer")) == {(None,)}
    assert len(world.states()) == 7


def test_a_customer_that_cannot_be_judged_stops_nobody(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    for who, bill in (("C-1", "B-1"), ("C-2", "B-2")):
        world.customer(who)
        world.bill(bill, who=who)
    judge = judging.judge

    def odd(known: Facts, *more: object) -> object:
        if known.customer.ref == "C-1":
            raise OverflowError("odd")
        return judge(known, *more)  # type: ignore[arg-type]  # handed on as they came

    monkeypatch.setattr(evaluation, "judge", odd)
    world.evaluate()
    assert {row[0] for row in world.rows("SELECT bill_id FROM reminder")} == {"B-2"}
    monkeypatch.undo()
    world.evaluate()
    assert {row[0] for row in world.rows("SELECT bill_id FROM reminder")} == {"B-1", "B-2"}


def test_a_reminder_that_cannot_be_decided_on_stops_no_lane(world: World) -> None:
    """The key of one customer's address is gone from the settings."""
    whole = world.resources
    world.customer("C-1")
    world.bill("B-1", who="C-1")
    world.resources = replace(whole, ring=KeyRing({"k2": bytes(32)}, b"hash"))
    world.customer("C-2")
    world.bill("B-2", who="C-2")
    world.evaluate()
    world.clock.set(DUE)
    world.deliver()
    assert [sent.message.address for sent in world.sms.sent] == ["+8616100000002"]
    assert world.attempts() == ["sms first accepted"]
    world.resources = replace(whole, ring=KeyRing({"k2": bytes(32), "k1": bytes(32)}, b"hash"))
    world.clock.set(DUE + HOUR)
    world.deliver()
    assert len(world.sms.sent) == 2
