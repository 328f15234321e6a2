"""Receipts of what is over already, and of many messages at once."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import Connection, event

from reminders.services import stories
from tests.scenario.test_ledger import due
from tests.scenario.world import World


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
