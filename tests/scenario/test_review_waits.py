"""A wait ends when it should: for a provider that hangs, and for a receipt after an outage."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from channels.contract import Message
from reminders.domain.outcome import Outcome, Unsent
from tests.scenario.world import LEASE, START, World

HOUR = timedelta(hours=1)
DUE = START + timedelta(days=7)  # 10:00 in Taipei, three days before the bill of the story


def test_a_provider_whose_connections_hang_is_left_for_the_next_channel(world: World) -> None:
    """Every call is too late to begin: surely unsent, and yet not to be tried for ever."""
    world.customer()
    world.bill()

    def hangs(message: Message) -> Outcome:
        return Unsent("no connection in time")

    world.sms.script = hangs
    world.run_until(DUE + HOUR)
    assert len(world.sms.sent) == 16
    assert [line for line in world.attempts() if line.startswith("email")] == [
        "email failed accepted"
    ]


def test_a_long_outage_does_not_lengthen_the_wait_for_a_receipt(world: World) -> None:
    world.customer()
    world.bill()
    world.evaluate()
    world.clock.set(DUE)
    world.gate(world.claim_all())  # its worker dies before the call
    with world.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE reminder SET lease_until = NULL")
    world.clock.set(DUE + 8 * HOUR)
    world.deliver()
    assert len(world.sms.asked) == 1
    assert world.rows("SELECT confirm_by FROM attempt") == [(DUE + 10 * HOUR,)]


def test_a_call_by_another_channel_than_its_lanes_ends_within_the_lease(world: World) -> None:
    """Planned for one lane, sent by the channel that is open now: that one's time-out counts."""
    world.customer()
    world.bill()
    world.opt_out("sms")
    world.evaluate()
    assert world.rows("SELECT DISTINCT lane FROM reminder") == [("sms",)]
    world.email.capabilities = replace(world.email.capabilities, timeout=LEASE)
    world.clock.set(DUE)
    world.deliver()
    assert world.email.sent == []
    assert world.rows("SELECT 1 FROM reminder WHERE lease_until IS NOT NULL") == []
