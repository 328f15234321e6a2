"""What is on its way through Redis is seen in one call, wherever it is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from fakeredis import FakeRedis
from redis import Redis

from reminders.services.moving import QUEUES, moving
from reminders.services.streams import EVENTS_STREAM, INTAKE_GROUP, RECEIPTS_STREAM

LANES = ("deliver.sms", "deliver.email")


@pytest.fixture
def redis() -> Iterator[Redis]:
    with FakeRedis() as client:
        yield client


def _write(redis: Redis, stream: str) -> None:
    redis.xadd(stream, {b"b": b"{}"})


def _take(redis: Redis, stream: str) -> list[bytes]:
    found: Any = redis.xreadgroup(INTAKE_GROUP, "one", {stream: ">"})  # Any: redis-py's shapes
    return [entry for _, entries in found for entry, _ in entries]


def test_all_is_still_before_anything_was_written(redis: Redis) -> None:
    assert moving(redis, LANES) == ""


@pytest.mark.parametrize("stream", [EVENTS_STREAM, RECEIPTS_STREAM])
def test_a_stream_moves_until_its_group_has_acknowledged_all_of_it(
    redis: Redis, stream: str
) -> None:
    _write(redis, stream)
    assert moving(redis, LANES) == stream  # nobody reads it yet
    redis.xgroup_create(stream, INTAKE_GROUP, id="0")
    assert moving(redis, LANES) == stream
    taken = _take(redis, stream)
    assert moving(redis, LANES) == stream
    redis.xack(stream, INTAKE_GROUP, *taken)
    assert moving(redis, LANES) == ""
    _write(redis, stream)
    assert moving(redis, LANES) == stream


def test_what_another_group_has_read_is_not_read(redis: Redis) -> None:
    _write(redis, EVENTS_STREAM)
    redis.xgroup_create(EVENTS_STREAM, "another", id="$")
    assert moving(redis, LANES) == EVENTS_STREAM


@pytest.mark.parametrize("queue", LANES)
def test_a_queued_task_moves(redis: Redis, queue: str) -> None:
    redis.rpush(queue, b"{}")
    assert moving(redis, LANES) == QUEUES


def test_a_task_that_a_worker_has_taken_moves(redis: Redis) -> None:
    redis.hset("unacked", "tag", b"[]")
    assert moving(redis, LANES) == QUEUES


def test_a_redis_that_forgot_the_script_is_told_it_again(redis: Redis) -> None:
    assert moving(redis, LANES) == ""
    redis.script_flush()
    assert moving(redis, LANES) == ""
