"""A channel that is well, but not for this message: whoever serves its number, or carries a text as
long, is down or takes no more for it. The ladder moves on, as where the whole channel is down."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from typing import Any

import fakeredis
import pytest

from channels.contract import WhenUncertain
from channels.fleet import Fleet
from channels.health import Standing, Unwatched
from channels.number_limits import NumberLimits
from channels.pacing import Grant
from reminders.domain.outcome import Transient
from reminders.services.deliver import deliver
from tests.scenario.test_ledger import due, three_due
from tests.scenario.world import START, Free, MemoryChannel, World

OPEN = Standing(0.0, "60 % of calls failed")
PROBED = Standing(0.01, "cooled down", probing=True)


class Stands(Unwatched):
    """Providers stand as a test says; so many probes of each are to be had."""

    def __init__(self, standing: Mapping[str, Standing], probes: int = 0) -> None:
        self.standing, self.left = standing, probes

    def standings(self, providers: Collection[str]) -> Mapping[str, Standing]:
        return {name: self.standing[name] for name in providers if name in self.standing}

    def probe(self, provider: str, wanted: int) -> int:
        granted = min(wanted, self.left)
        self.left -= granted
        return granted


def two(world: World, standing: Standing, probes: int = 0, **first: Any) -> MemoryChannel:
    """Beside the SMS provider, which stands like this, another one that is well."""
    other = MemoryChannel("sms", world.clock, WhenUncertain.WAIT)
    other.name = "second-sms"
    world.sms.capabilities = replace(world.sms.capabilities, **first)  # Any: fields by name
    stands = Stands({world.sms.name: standing}, probes)
    providers = (*world.resources.fleet.by_name.values(), other)
    world.resources = replace(world.resources, fleet=Fleet(providers, Free(), stands))
    return other


def channels(world: World) -> list[str]:
    return [each.split()[0] for each in world.attempts()]


def test_the_only_one_that_serves_a_number_is_down(world: World) -> None:
    due(world)
    other = two(world, OPEN)
    other.capabilities = replace(other.capabilities, prefixes=("+1",))
    world.deliver()
    assert channels(world) == ["email"]
    assert world.sms.sent == other.sent == []


def test_the_only_one_that_carries_so_long_a_text_is_down(world: World) -> None:
    due(world)
    other = two(world, OPEN)
    other.capabilities = replace(other.capabilities, max_chars=5)
    world.deliver()
    assert channels(world) == ["email"]


def test_where_the_ladder_ends_it_waits_until_it_works_again(world: World) -> None:
    sms = {"channel": "sms", "confirm": "delivered", "confirm_within_minutes": 120}
    world.use("sms-alone", ladders={tier: [sms] for tier in ("R0", "R1", "R2", "R3")})
    due(world)
    other = two(world, OPEN)
    other.capabilities = replace(other.capabilities, prefixes=("+1",))
    world.deliver()
    assert channels(world) == []
    told = world.rows("SELECT outcome, reason FROM decision")
    assert ("defer", "channel_down") in told
    fleet = world.resources.fleet
    assert isinstance(fleet.health, Stands)
    fleet.health.standing = {}
    world.run_until(world.clock.now() + timedelta(minutes=11))
    assert channels(world) == ["sms"]


@pytest.mark.parametrize(("probes", "expected"), [(1, "sms"), (0, "email")])
def test_one_that_is_probed_takes_a_probe_alone(world: World, probes: int, expected: str) -> None:
    due(world)
    other = two(world, PROBED, probes)
    other.capabilities = replace(other.capabilities, prefixes=("+1",))
    deliver(world.resources, "sms", world.loop)
    world.deliver()
    assert channels(world) == [expected]


def test_a_text_too_long_for_the_one_that_serves_its_number_costs_no_try(world: World) -> None:
    due(world)
    two(world, Standing(1.0), prefixes=("+86",), max_chars=5)
    other = world.resources.fleet.by_name["second-sms"]
    other.capabilities = replace(other.capabilities, prefixes=("+1",))
    world.deliver()
    assert channels(world) == ["email"]
    ((checks,),) = world.rows("SELECT checks FROM decision WHERE outcome = 'send'")
    assert "too_long" in bytes(checks).decode()


def test_a_numbers_hour_is_kept_where_one_provider_stands_alone(world: World) -> None:
    """Two bills, one call an hour: the second goes by the next channel."""
    world.customer()
    world.bill("B-1")
    world.bill("B-2")
    world.evaluate()
    world.clock.set(START + timedelta(days=7))
    world.sms.capabilities = replace(world.sms.capabilities, per_number_hour=1)
    with fakeredis.FakeRedis() as client:
        numbers = NumberLimits(client, b"key")
        providers = tuple(world.resources.fleet.by_name.values())
        fleet = Fleet(providers, Free(), numbers=numbers)
        world.resources = replace(world.resources, fleet=fleet)
        world.deliver()
    assert sorted(channels(world)) == ["email", "sms"]


def test_a_digest_goes_whole_by_the_next_channel(world: World) -> None:
    three_due(world)
    other = two(world, OPEN)
    other.capabilities = replace(other.capabilities, prefixes=("+1",))
    world.deliver()
    assert len(world.email.sent) == 1
    assert channels(world) == ["email"] * 3


class Purse(Free):
    """Pacing that has so many tokens of the first provider, and any number of the second's."""

    def __init__(self, tokens: int) -> None:
        self.tokens = tokens

    def take(self, key: str, rate_per_s: float, burst: int, wanted: int) -> Grant:
        if key != "memory-sms":
            return Grant(wanted, timedelta(0))
        granted = min(wanted, self.tokens)
        self.tokens -= granted
        return Grant(granted, timedelta(0 if granted == wanted else 1))


def paced(world: World, tokens: int) -> Purse:
    """The first SMS provider alone serves the customers' numbers, ten messages a second."""
    other = two(world, Standing(1.0), rate_per_s=10.0)
    other.capabilities = replace(other.capabilities, prefixes=("+1",))
    purse = Purse(tokens)
    fleet = Fleet(tuple(world.resources.fleet.by_name.values()), purse)
    world.resources = replace(world.resources, fleet=fleet)
    return purse


def test_the_tokens_of_one_that_serves_other_numbers_send_nothing_faster(world: World) -> None:
    for number in range(1, 6):
        world.customer(f"C-{number}")
        world.bill(f"B-{number}", who=f"C-{number}")
    world.evaluate()
    now = START + timedelta(days=7)
    world.clock.set(now)
    purse = paced(world, 2)
    world.deliver()
    assert channels(world) == ["sms", "sms"]
    waits = world.rows(
        "SELECT next_at FROM reminder WHERE state = 'planned' AND stage = 'd-3' ORDER BY 1"
    )
    tenth = timedelta(seconds=0.1)
    assert [at for (at,) in waits] == [now + timedelta(days=1) + n * tenth for n in range(3)]
    purse.tokens = 9
    world.clock.set(now + timedelta(days=1, seconds=1))
    world.deliver()
    assert len(world.sms.sent) == 5


def test_bills_that_share_a_message_wait_for_one_token(world: World) -> None:
    three_due(world)
    now = world.clock.now()
    purse = paced(world, 0)
    world.deliver()
    assert channels(world) == []
    purse.tokens = 1
    world.clock.set(now + timedelta(days=1))
    world.deliver()
    assert len(world.sms.sent) == 1
    assert channels(world) == ["sms"] * 3


def test_a_retry_never_takes_the_provider_that_just_failed(world: World) -> None:
    for number in range(1, 9):
        world.customer(f"C-{number}")
        world.bill(f"B-{number}", who=f"C-{number}")
    world.evaluate()
    world.clock.set(START + timedelta(days=7))
    other = two(world, Standing(1.0))
    world.sms.script = other.script = lambda _: Transient("gateway 503")
    world.run_until(world.clock.now() + timedelta(minutes=30))
    tries = world.rows(
        "SELECT reminder_id, provider FROM attempt WHERE channel = 'sms'"
        " ORDER BY reminder_id, number"
    )
    pairs = [(one[1], two[1]) for one, two in pairwise(tries) if one[0] == two[0]]
    assert len(pairs) >= 16
    assert all(one != two for one, two in pairs)
