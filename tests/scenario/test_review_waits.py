"""A wait ends when it should: for a provider that hangs, and for a receipt after an outage."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import timedelta

from channels.contract import Message
from channels.fleet import Fleet
from channels.health import Standing, Unwatched
from reminders.domain.outcome import Accepted, Outcome, Unsent
from tests.scenario.test_ledger import due
from tests.scenario.world import LEASE, START, Free, World

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


def test_two_channels_whose_calls_never_begin_are_not_called_by_turns_for_ever(
    world: World,
) -> None:
    """Each is down while the other one is tried: never did three calls in a row hang on one."""
    due(world)
    calls: list[str] = []

    def hang(channel: str) -> Outcome:
        calls.append(channel)
        hanging.down = channel
        return Unsent("no connection in time") if len(calls) < 40 else Accepted("at last")

    hanging = DownByTurns()
    world.sms.script, world.email.script = lambda _: hang("sms"), lambda _: hang("email")
    providers = tuple(world.resources.fleet.by_name.values())
    world.resources = replace(world.resources, fleet=Fleet(providers, Free(), hanging))
    world.deliver()
    assert calls == ["sms", "email"] * 3 + ["sms"]
    assert world.attempts()[-1].endswith("failed")


class DownByTurns(Unwatched):
    """The channel that was called last is down."""

    down = ""

    def standings(self, providers: Collection[str]) -> Mapping[str, Standing]:
        down = f"memory-{self.down}"
        return {each: Standing(0.0, "hangs") for each in providers if each == down}
