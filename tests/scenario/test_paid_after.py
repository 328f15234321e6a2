"""A payment says more than a carrier's receipt: the next channel is not used after it."""

from __future__ import annotations

from datetime import timedelta

from tests.scenario.test_ledger import due
from tests.scenario.world import World


def silence(world: World) -> None:
    """Past the time in which the first rung was to be confirmed."""
    world.run_until(world.clock.now() + timedelta(hours=3))


def test_who_pays_a_part_after_a_message_is_not_told_by_the_next_channel(world: World) -> None:
    """The reminder is done; the rest that is owed is the next stage's."""
    due(world)
    world.deliver()
    world.clock.set(world.clock.now() + timedelta(minutes=5))
    world.pay("P-1", 30_000)
    silence(world)
    assert world.attempts() == ["sms first accepted"]
    assert world.states()["d-3 0"] == "satisfied sms"


def test_a_payment_before_the_message_says_nothing_of_it(world: World) -> None:
    world.customer()
    world.bill()
    world.pay("P-0", 1_000)
    due(world)
    world.deliver()
    silence(world)
    assert world.attempts() == ["sms first accepted", "email unconfirmed accepted"]


def test_nobody_is_told_again_who_paid_while_a_bounce_was_on_its_way(world: World) -> None:
    """The payment is known, the mail that followed it came back: the SMS had done its work."""
    due(world)
    world.deliver()
    silence(world)
    assert world.attempts() == ["sms first accepted", "email unconfirmed accepted"]
    world.pay("P-1", 30_000)
    world.receipt(world.last_attempt(), "undelivered", channel="email")
    silence(world)
    assert world.states()["d-3 0"] == "satisfied sms"
