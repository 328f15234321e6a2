"""The shared token bucket, on a fake Redis with real Lua."""

from __future__ import annotations

import logging
import math
from collections.abc import Iterator
from datetime import timedelta
from types import SimpleNamespace
from typing import cast

import fakeredis
import pytest
import redis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from channels.pacing import Grant, Pacer

SLOW = 0.001  # tokens a second: none comes back while a test runs


@pytest.fixture
def pacer() -> Iterator[Pacer]:
    with fakeredis.FakeRedis() as client:
        yield Pacer(client)


def test_grants_the_burst_and_no_more(pacer: Pacer) -> None:
    assert pacer.take("sms", SLOW, 10, 4) == Grant(4, timedelta(0))
    granted, wait = pacer.take("sms", SLOW, 10, 100)
    assert granted == 6
    assert timedelta(seconds=990) < wait <= timedelta(seconds=1000)
    assert pacer.take("sms", SLOW, 10, 1).granted == 0


def test_buckets_are_apart(pacer: Pacer) -> None:
    assert pacer.take("sms", SLOW, 5, 5).granted == 5
    assert pacer.take("email", SLOW, 5, 5).granted == 5


def test_wanting_nothing_costs_nothing(pacer: Pacer) -> None:
    assert pacer.take("sms", SLOW, 1, 0) == Grant(0, timedelta(0))
    assert pacer.take("sms", SLOW, 1, 1).granted == 1


def test_tokens_come_back_at_the_rate() -> None:
    clock = _Clock()
    with fakeredis.FakeRedis() as client:
        pacer = Pacer(client, now=clock.seconds)
        assert pacer.take("sms", 10, 5, 5).granted == 5
        granted, wait = pacer.take("sms", 10, 5, 5)
        assert (granted, wait) == (0, timedelta(milliseconds=100))
        clock.now_us += 300_000
        assert pacer.take("sms", 10, 5, 5).granted == 3
        clock.now_us += 60_000_000
        assert pacer.take("sms", 10, 5, 50).granted == 5


@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(
    rate=st.sampled_from([0.5, 3.0, 7.0, 200.0, 999.0]),
    burst=st.integers(1, 50),
    steps=st.lists(st.tuples(st.integers(0, 2_000_000), st.integers(0, 80)), max_size=15),
)
def test_never_more_than_burst_plus_rate_times_time(
    rate: float, burst: int, steps: list[tuple[int, int]]
) -> None:
    clock = _Clock()
    began = clock.now_us
    total = 0
    with fakeredis.FakeRedis() as client:
        pacer = Pacer(client, now=clock.seconds)
        for pause_us, wanted in steps:
            clock.now_us += pause_us
            granted, wait = pacer.take("k", rate, burst, wanted)
            total += granted
            assert 0 <= granted <= wanted
            assert (wait > timedelta(0)) is (granted < wanted)
            allowed = burst + rate * (clock.now_us - began) / 1_000_000
            assert total <= math.floor(allowed + 0.001)


def test_redis_away_leaves_the_pace_to_the_provider(caplog: pytest.LogCaptureFixture) -> None:
    server = fakeredis.FakeServer()
    with fakeredis.FakeRedis(server=server) as client:
        pacer = Pacer(client)
        server.connected = False
        with caplog.at_level(logging.WARNING):
            assert pacer.take("sms", 1, 1, 50) == Grant(50, timedelta(0))
    assert "redis is away" in caplog.text


@pytest.mark.parametrize(("rate", "burst", "wanted"), [(0, 1, 1), (1, 0, 1), (1, 1, -1)])
def test_impossible_buckets_are_refused(pacer: Pacer, rate: float, burst: int, wanted: int) -> None:
    with pytest.raises(ValueError, match="bucket"):
        pacer.take("sms", rate, burst, wanted)


def test_a_provider_that_asks_to_wait_is_left_alone(pacer: Pacer) -> None:
    assert pacer.take("sms", 1000, 10, 1).granted == 1
    pacer.hold("sms", timedelta(seconds=60))
    pacer.hold("sms", timedelta(seconds=5))  # an answer that was overtaken shortens nothing
    granted, wait = pacer.take("sms", 1000, 10, 5)
    assert granted == 0
    assert timedelta(seconds=50) < wait <= timedelta(seconds=60)
    assert pacer.take("email", 1000, 10, 5).granted == 5


def test_a_hold_is_shared_and_ends() -> None:
    clock = _Clock()
    with fakeredis.FakeRedis() as client:
        one, other = (Pacer(client, now=clock.seconds) for _ in range(2))
        one.hold("sms", timedelta(seconds=30))
        assert other.take("sms", 10, 5, 5) == Grant(0, timedelta(seconds=30))
        clock.now_us += 30_000_000
        assert other.take("sms", 10, 5, 50).granted == 5


def test_a_redis_that_is_away_is_not_asked_for_each_claim() -> None:
    asked = []

    def script(**_: object) -> object:
        asked.append(1)
        raise redis.ConnectionError

    client = SimpleNamespace(register_script=lambda text: script)
    pacer = Pacer(cast("redis.Redis", client))
    for _ in range(5):
        assert pacer.take("sms", 1, 1, 7).granted == 7
        pacer.hold("sms", timedelta(seconds=1))
    assert len(asked) == 1


class _Clock:
    """A clock of our own in the place of Redis' TIME."""

    def __init__(self) -> None:
        self.now_us = 1_772_438_400_000_000

    def seconds(self) -> float:
        return self.now_us / 1_000_000
