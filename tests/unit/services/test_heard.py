"""Until when all that providers said is applied: by the oldest receipt that is not."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import fakeredis
import pytest

from reminders.services.heard import HeardUntil
from reminders.services.streams import INTAKE_GROUP, RECEIPTS_STREAM

FIRST, SECOND = "1800000000500-0", "1800000001500-0"


@pytest.fixture
def redis() -> Iterator[fakeredis.FakeRedis]:
    with fakeredis.FakeRedis() as client:
        yield client


def test_it_is_the_oldest_that_is_unread_or_taken_and_not_acknowledged(
    redis: fakeredis.FakeRedis,
) -> None:
    heard = HeardUntil(redis, timedelta(0))
    assert heard() is None  # no stream
    redis.xadd(RECEIPTS_STREAM, {"b": b""}, id=FIRST)
    assert heard() == 1_800_000_000.5  # nobody reads
    redis.xgroup_create(RECEIPTS_STREAM, INTAKE_GROUP, id="0")
    assert heard() == 1_800_000_000.5
    redis.xreadgroup(INTAKE_GROUP, "one", {RECEIPTS_STREAM: ">"})
    redis.xadd(RECEIPTS_STREAM, {"b": b""}, id=SECOND)
    assert heard() == 1_800_000_000.5  # taken, and not applied
    redis.xack(RECEIPTS_STREAM, INTAKE_GROUP, FIRST)
    assert heard() == 1_800_000_001.5
    redis.xreadgroup(INTAKE_GROUP, "one", {RECEIPTS_STREAM: ">"})
    redis.xack(RECEIPTS_STREAM, INTAKE_GROUP, SECOND)
    assert heard() is None  # acknowledged entries lie there until they are cut off


def test_it_is_asked_once_in_a_while(redis: fakeredis.FakeRedis) -> None:
    heard = HeardUntil(redis, timedelta(hours=1))
    assert heard() is None
    redis.xadd(RECEIPTS_STREAM, {"b": b""}, id=FIRST)
    assert heard() is None
