"""Of several devices of one customer a dead one is left out, until it is registered anew."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from channels.contract import Message, WhenUncertain
from channels.fleet import Fleet
from reminders.domain.outcome import Accepted, Outcome
from tests.scenario.world import Free, MemoryChannel, World

OLD, NEW = "fcm:old-phone-0001", "apns:new-phone-0002"
DEVICES = {"channel": "push", "address": f"{OLD} {NEW}"}


def the_old_one_is_gone(message: Message) -> Outcome:
    return Accepted("ref", (OLD,) if OLD in message.address else ())


def told(world: World, push: MemoryChannel, days: int) -> list[str]:
    """The devices that the next reminder of the bill goes to."""
    before = len(push.sent)
    for _ in range(days):
        world.clock.set(world.clock.now() + timedelta(days=1))
        world.evaluate()
        world.deliver()
        if len(push.sent) > before:
            break
    return push.sent[-1].message.address.split()


def test_a_dead_device_is_left_out_until_it_is_registered_anew(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.scenario.world.LANES", ("push",))
    rung = {"channel": "push", "confirm": "accepted", "confirm_within_minutes": 60}
    world.use("pushes", ladders={tier: [rung] for tier in ("R0", "R1", "R2", "R3")})
    push = MemoryChannel("push", world.clock, WhenUncertain.WAIT)
    push.script = the_old_one_is_gone
    world.resources = replace(world.resources, fleet=Fleet((push,), Free()))
    world.customer(contact_points=[DEVICES])
    world.bill()
    assert told(world, push, 10) == [OLD, NEW]
    assert told(world, push, 10) == [NEW]
    world.customer(contact_points=[DEVICES])  # as billing sends it every night
    assert told(world, push, 10) == [NEW]
    world.tell("contact.changed", DEVICES)
    assert told(world, push, 10) == [OLD, NEW]
    assert told(world, push, 10) == [NEW]
