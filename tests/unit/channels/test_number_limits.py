"""A provider's hour for one number, on a fake Redis with real Lua."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta

import fakeredis
import pytest

from channels.fleet import Fleet
from channels.number_limits import NumberLimits
from channels.pacing import Grant
from tests.unit.channels.test_fleet import Provider

NUMBER, OTHER = "+8616112345678", "+8616112345679"


class Clock:
    """Seconds that a test moves."""

    at = 1_800_000_000.0

    def now(self) -> float:
        return self.at


@pytest.mark.parametrize("limit", [1, 3])
def test_no_hour_has_more_than_the_limit(limit: int) -> None:
    clock = Clock()
    sent: list[float] = []
    with fakeredis.FakeRedis() as client:
        limits = NumberLimits(client, b"key", now=clock.now)
        for _ in range(60):
            clock.at += 400
            if "a" not in limits.spent(NUMBER, {"a": limit}):
                limits.count("a", NUMBER, limit)
                sent.append(clock.at)
            assert limits.spent(OTHER, {"a": limit}) == frozenset()
    for at in sent:
        assert sum(at - 3600 < each <= at for each in sent) <= limit
    assert len(sent) >= 6 * limit


def test_providers_and_limits_are_apart() -> None:
    with fakeredis.FakeRedis() as client:
        limits = NumberLimits(client, b"key")
        limits.count("a", NUMBER, 1)
        assert limits.spent(NUMBER, {"a": 1, "b": 1, "c": 0}) == {"a", "c"}
        assert limits.spent(NUMBER, {"a": 2}) == frozenset()
        assert limits.spent(NUMBER, {}) == frozenset()
        assert not any(NUMBER[1:].encode() in key for key in client.scan_iter())


def test_without_redis_nothing_is_spent() -> None:
    server = fakeredis.FakeServer()
    with fakeredis.FakeRedis(server=server) as client:
        limits = NumberLimits(client, b"key")
        server.connected = False
        limits.count("a", NUMBER, 1)
        assert limits.spent(NUMBER, {"a": 1}) == frozenset()


class Free:
    """Pacing that grants everything."""

    def take(self, key: str, rate_per_s: float, burst: int, wanted: int) -> Grant:
        return Grant(wanted, timedelta(0))

    def hold(self, key: str, for_: timedelta) -> None:
        return None


def test_the_fleet_goes_round_a_provider_whose_hour_is_full() -> None:
    a, b = Provider("a", weight=1000), Provider("b", weight=1)
    a.capabilities = replace(a.capabilities, per_number_hour=2)
    with fakeredis.FakeRedis() as client:
        limits = NumberLimits(client, b"key")
        fleet = Fleet([a, b], Free(), numbers=limits)  # type: ignore[list-item]  # no calls are made
        chosen = Counter(fleet.choose("sms", NUMBER, 0).name for _ in range(5))
        assert chosen == {"a": 2, "b": 3}
        assert fleet.choose("sms", OTHER, 0).name == "a"


def test_a_long_text_counts_where_nobody_else_carries_it() -> None:
    a, b = Provider("a", weight=1000), Provider("b", weight=1)
    a.capabilities = replace(a.capabilities, per_number_hour=1)
    b.capabilities = replace(b.capabilities, max_chars=500)
    with fakeredis.FakeRedis() as client:
        limits = NumberLimits(client, b"key")
        fleet = Fleet([a, b], Free(), numbers=limits)  # type: ignore[list-item]  # no calls are made
        assert fleet.choose("sms", NUMBER, 0, length=501).name == "a"
        assert fleet.choose("sms", NUMBER, 0, length=500).name == "b"


def test_a_long_text_goes_by_none_that_does_not_serve_its_number() -> None:
    a, b = Provider("a"), Provider("b")
    a.capabilities = replace(a.capabilities, max_chars=500)
    b.capabilities = replace(b.capabilities, prefixes=("+86",))
    fleet = Fleet([a, b], Free())  # type: ignore[list-item]  # no calls are made
    assert fleet.choose("sms", "+14155550100", 0, length=501).name == "a"
    assert fleet.choose("sms", "+8616112345678", 0, length=501).name == "b"


def test_one_that_stands_alone_keeps_its_limit_too() -> None:
    alone = Provider("a")
    alone.capabilities = replace(alone.capabilities, per_number_hour=2)
    with fakeredis.FakeRedis() as client:
        limits = NumberLimits(client, b"key")
        fleet = Fleet([alone], Free(), numbers=limits)  # type: ignore[list-item]  # no calls are made
        for _ in range(2):
            assert fleet.closed_to("sms", NUMBER, 1) == ""
            fleet.choose("sms", NUMBER, 0)
        assert "for this number in an hour" in fleet.closed_to("sms", NUMBER, 1)
        assert fleet.closed_to("sms", OTHER, 1) == ""
        assert not fleet.takes_all("sms")
