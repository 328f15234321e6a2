"""Receipts of what is over already, and of many messages at once."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import Connection, event

from reminders.domain.outcome import Accepted
from reminders.services import incidents, stories
from tests.scenario.test_coming_back import no_connection
from tests.scenario.test_ledger import due
from tests.scenario.world import World

FAILED_BACK = "sms failed accepted"


def said(world: World) -> list[str]:
    (document,) = stories.timelines(world.resources, "B-1")
    return [each["text"] for each in document["entries"] if each["kind"] == "receipt"]


def test_a_receipt_after_the_end_is_kept_and_noted_as_late_and_opens_nothing(world: World) -> None:
    due(world)
    world.deliver()
    sms = world.last_attempt()
    world.clock.set(world.clock.now() + timedelta(minutes=5))
    world.pay("P-1", 100_000)
    world.evaluate()
    before = world.states()
    world.clock.set(world.clock.now() + timedelta(days=3))
    applied = world.receipts([(sms, "undelivered"), (sms, "delivered")])
    assert (applied.late, applied.changed) == (2, 2)
    assert world.rows("SELECT status, late FROM receipt ORDER BY status") == [
        ("delivered", True),
        ("undelivered", True),
    ]
    assert world.states() == before
    assert said(world) == [
        "SMS not delivered (after the reminder had ended)",
        "SMS delivered (after the reminder had ended)",
    ]


def test_a_receipt_in_time_is_not_late(world: World) -> None:
    due(world)
    world.deliver()
    assert world.receipt(world.last_attempt(), "delivered").late == 0
    assert world.rows("SELECT late FROM receipt") == [(False,)]
    assert world.receipt(world.last_attempt(), "read").late == 1
    assert said(world) == ["SMS delivered", "SMS read (after the reminder had ended)"]


def test_a_mail_is_never_said_to_be_delivered_not_even_by_a_complaint(world: World) -> None:
    due(world)
    world.opt_out("sms")
    world.deliver()
    assert world.attempts() == ["email first accepted"]
    spam = {"reference": str(world.last_attempt()), "status": "delivered", "reason": "complaint"}
    world.posts(spam | {"dead_contact": True}, channel="email")
    assert said(world) == ["e-mail: the customer reported it as spam"]


def test_a_receipt_of_a_channel_that_was_come_back_to_is_of_its_own_attempt(world: World) -> None:
    """A late word on the first SMS changes nothing of the second one, and the other way round."""
    world.sms.script, world.email.script = no_connection, lambda _: Accepted("mail")
    due(world)
    world.opt_out("in_app")
    world.deliver()
    number = incidents.open_incident(world.resources, "sms", "on-call", "the gateway is down")
    world.run_until(world.clock.now() + timedelta(minutes=5))
    first, mail = (row[0] for row in world.rows("SELECT attempt_id FROM attempt ORDER BY number"))
    world.sms.script = lambda _: Accepted("sms")
    incidents.close_incident(world.resources, number, "on-call", "it works again")
    world.receipt(mail, "undelivered", channel="email")
    world.run_until(world.clock.now() + timedelta(minutes=5))
    assert world.attempts() == ["sms first failed", "email failed undelivered", FAILED_BACK]
    second = world.last_attempt()
    world.receipt(first, "undelivered")
    assert world.attempts()[0] == "sms first undelivered"
    assert world.attempts()[2] == FAILED_BACK
    assert "contacting " in {f"{each} " for each in world.states().values()}
    world.receipt(second, "delivered")
    assert world.attempts()[0] == "sms first undelivered"
    assert world.attempts()[2] == "sms failed delivered"
    assert "satisfied sms" in world.states().values()


def statements(world: World, count: int) -> int:
    """How many it takes to apply a receipt for each of so many customers."""
    world.start_again()
    for number in range(1, count + 1):
        world.customer(f"C-{number}")
        world.bill(f"B-{number}", who=f"C-{number}")
    due(world)
    world.deliver()
    sent = [row[0] for row in world.rows("SELECT attempt_id FROM attempt")]
    assert len(sent) == count
    seen: list[str] = []

    def note(connection: Connection, cursor: object, statement: str, *rest: object) -> None:
        seen.append(statement)

    event.listen(world.engine, "before_cursor_execute", note)
    try:
        assert world.receipts([(each, "delivered") for each in sent]).changed == count
    finally:
        event.remove(world.engine, "before_cursor_execute", note)
    return len(seen)


def test_receipts_are_applied_in_bulk(world: World) -> None:
    """As many statements for many as for one."""
    assert statements(world, 12) == statements(world, 1) < 25
