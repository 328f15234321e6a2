"""A channel that took nothing before it was down is used again when it works (S4.11)."""

from __future__ import annotations

from datetime import timedelta

from channels.contract import Message
from reminders.domain.outcome import Accepted, Outcome, Permanent, Transient
from reminders.services import incidents
from tests.scenario.test_ledger import due
from tests.scenario.world import World


def no_connection(message: Message) -> Outcome:
    return Transient("no connection")


def not_there(message: Message) -> Outcome:
    return Permanent("no such mailbox")


def fails_and_is_down(world: World) -> int:
    """One SMS is refused, then SMS is declared down, and the mail in its place is refused too."""
    world.sms.script, world.email.script = no_connection, not_there
    due(world)
    world.opt_out("in_app")
    world.deliver()
    number = incidents.open_incident(world.resources, "sms", "on-call", "the gateway is down")
    world.run_until(world.clock.now() + timedelta(minutes=5))
    assert world.attempts() == ["sms first failed", "email failed failed"]
    return number


def test_the_last_rung_to_fail_is_not_the_end_while_one_is_owed_its_tries(world: World) -> None:
    number = fails_and_is_down(world)
    assert "contacting channel_down" in world.states().values()
    world.sms.script = lambda message: Accepted("ref")
    world.clock.set(world.clock.now() + timedelta(hours=2))
    incidents.close_incident(world.resources, number, "on-call", "it works again")
    world.run_until(world.clock.now() + timedelta(minutes=30))
    world.receipt(world.last_attempt(), "delivered")
    assert world.attempts()[2:] == ["sms failed delivered"]
    assert "satisfied sms" in world.states().values()


def test_it_has_no_more_tries_than_the_policy_gives(world: World) -> None:
    number = fails_and_is_down(world)
    incidents.close_incident(world.resources, number, "on-call", "it works again")
    world.run_until(world.clock.now() + timedelta(hours=2))
    assert [each.split()[0] for each in world.attempts()] == ["sms", "email", *["sms"] * 3]
    assert "exhausted ladder_spent" in world.states().values()
