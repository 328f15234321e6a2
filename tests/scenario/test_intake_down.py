"""Our own intake of receipts is down: no provider is blamed for what waits with us unread."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import fakeredis
import pytest

from channels.breaker import WatchedHealth
from channels.breaker_rules import BreakerRules
from channels.contract import WhenUncertain
from channels.fleet import Fleet
from channels.health import Standing
from reminders.services.consumer import Consumer
from reminders.services.deliver import deliver
from reminders.services.heard import HeardUntil
from reminders.services.intake_loop import consumers
from reminders.services.streams import RECEIPTS_STREAM, receipt_entry
from tests.scenario.test_ledger import due
from tests.scenario.world import Free, MemoryChannel, World

RULES = BreakerRules(told=4, told_again=2)
OTHER = "other-sms"
# Their messages leave later, and begin a cohort: then what was sent before is judged.
LATE = tuple(f"C-{number}" for number in range(21, 27))


@pytest.fixture
def redis() -> Iterator[fakeredis.FakeRedis]:
    with fakeredis.FakeRedis() as client:
        yield client


@pytest.fixture
def day(world: World, redis: fakeredis.FakeRedis) -> World:
    """Two SMS providers, watched; each has accepted some messages of this morning."""
    other = MemoryChannel("sms", world.clock, WhenUncertain.WAIT)
    other.name = OTHER
    providers = (*world.resources.fleet.by_name.values(), other)
    health = WatchedHealth(
        redis,
        providers,
        rules=RULES,
        now=lambda: world.clock.now().timestamp(),
        business=world.clock.now,
        heard=HeardUntil(redis, timedelta(0)),
        cache_for=timedelta(0),
    )
    fleet = Fleet(providers, Free(), health)
    world.resources = replace(world.resources, redis=redis, fleet=fleet)
    for who in (*(f"C-{number}" for number in range(2, 13)), *LATE):
        world.customer(who)
        world.bill(f"B-{who}", who=who)
    due(world)
    for who in LATE:
        world.hold(f"H-{who}", who=who)
    deliver(world.resources, "sms", world.loop)
    assert min(len(sent(world, world.sms.name)), len(sent(world, OTHER))) >= RULES.told
    return world


def sent(world: World, provider: str) -> list[str]:
    found = world.rows(
        "SELECT attempt_id FROM attempt WHERE provider = :name ORDER BY attempt_id", name=provider
    )
    return [str(row[0]) for row in found]


def posted(world: World, redis: fakeredis.FakeRedis, provider: str) -> None:
    """The door took the receipts of this provider's messages, and stored them."""
    at = world.clock.now()
    said = [
        {"reference": each, "status": "delivered", "at": at.isoformat()}
        for each in sent(world, provider)
    ]
    entry = receipt_entry(json.dumps(said).encode(), provider, at.timestamp())
    redis.xadd(RECEIPTS_STREAM, entry, id=f"{int(at.timestamp() * 1000)}-0")  # type: ignore[arg-type]  # any name of a field


def intake(world: World) -> Consumer:
    return consumers(world.resources, timedelta(seconds=15))[1]


def later(world: World) -> None:
    """The time in which receipts were awaited is over, and further messages leave."""
    world.clock.set(world.clock.now() + timedelta(hours=2, minutes=15))
    for who in LATE:
        world.lift(f"H-{who}", who=who)
    world.evaluate()
    before = len(sent(world, OTHER))
    deliver(world.resources, "sms", world.loop)
    assert len(sent(world, OTHER)) > before


def standings(world: World) -> dict[str, Standing]:
    return dict(world.resources.fleet.health.standings(tuple(world.resources.fleet.by_name)))


def test_what_waits_unread_is_no_silence_of_its_provider(
    day: World, redis: fakeredis.FakeRedis
) -> None:
    posted(day, redis, day.sms.name)
    assert intake(day).step() == 1
    day.clock.set(day.clock.now() + timedelta(seconds=1))
    posted(day, redis, OTHER)  # and nobody reads it
    later(day)
    assert standings(day) == {}
    assert intake(day).step() == 1
    assert len(day.rows("SELECT 1 FROM attempt WHERE state = 'delivered'")) == 12
    later_still = day.clock.now() + timedelta(hours=3)
    day.clock.set(later_still)
    assert standings(day) == {}


def test_nor_is_what_intake_has_taken_and_not_committed(
    day: World, redis: fakeredis.FakeRedis, monkeypatch: pytest.MonkeyPatch
) -> None:
    posted(day, redis, day.sms.name)
    assert intake(day).step() == 1
    day.clock.set(day.clock.now() + timedelta(seconds=1))
    posted(day, redis, OTHER)
    dying = intake(day)
    monkeypatch.setattr(dying, "_handle", _dies)
    with pytest.raises(RuntimeError):
        dying.step()
    later(day)
    assert standings(day) == {}


def _dies(entries: object) -> None:
    raise RuntimeError("the ledger is away")


def test_what_was_silent_before_intake_fell_behind_is_silent_all_the_same(
    day: World, redis: fakeredis.FakeRedis
) -> None:
    """A black hole is found although some receipts of today wait."""
    posted(day, redis, day.sms.name)
    assert intake(day).step() == 1
    day.clock.set(day.clock.now() + timedelta(hours=2, minutes=10))
    posted(day, redis, day.sms.name)
    day.clock.set(day.clock.now() - timedelta(hours=2, minutes=10))
    later(day)
    assert standings(day)[OTHER] == Standing(0.0, "0 % confirmed, others 100 %")
    assert day.sms.name not in standings(day)


def test_without_an_answer_of_redis_nobody_is_judged() -> None:
    server = fakeredis.FakeServer()
    with fakeredis.FakeRedis(server=server) as client:
        heard = HeardUntil(client, timedelta(0))
        assert heard() is None  # no stream yet
        client.xadd(RECEIPTS_STREAM, {"b": b""}, id="1800000000500-0")
        assert heard() == 1_800_000_000.5
        server.connected = False
        assert heard() == 0.0
