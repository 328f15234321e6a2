"""What was popped is noted, though Redis goes away between the two."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import SimpleNamespace

import fakeredis
import pytest
from redis.exceptions import ConnectionError as RedisConnectionError

from config.celery import celery_settings
from config.settings import Settings
from tests.unit.config.test_celery import settings
from workers import transport
from workers.transport import PatientQoS

__all__ = ["settings"]

RAW = {"body": "W10=", "headers": {"task": "workers.intake.accept"}}


@dataclass
class Channel:
    """Kombu's channel as its bookkeeping sees it, on a Redis that is away for some commands."""

    redis: fakeredis.FakeRedis
    away: int
    connection_errors: tuple[type[Exception], ...] = (RedisConnectionError,)
    unacked_key: str = "unacked"
    unacked_index_key: str = "unacked_index"

    @contextmanager
    def conn_or_acquire(self, client: object = None) -> Iterator[fakeredis.FakeRedis]:
        if self.away:
            self.away -= 1
            raise RedisConnectionError("Connection refused")
        yield self.redis


@contextmanager
def bookkeeping(away: int) -> Iterator[PatientQoS]:
    with fakeredis.FakeRedis() as redis:
        qos = PatientQoS(Channel(redis, away))  # type: ignore[no-untyped-call]  # kombu's
        try:
            yield qos
        finally:
            qos._on_collect.cancel()  # at the end of the process kombu would put back what is left


def pop(qos: PatientQoS) -> None:
    info = {"exchange": "", "routing_key": "intake.events"}
    qos.append(SimpleNamespace(delivery_info=info, _raw=RAW), "tag-1")


@pytest.mark.parametrize("away", [0, 1, 2])
def test_a_popped_message_is_noted_once_redis_is_back(away: int) -> None:
    with bookkeeping(away) as qos:
        pop(qos)
        (kept,) = qos.channel.redis.hvals("unacked")
        assert json.loads(kept) == [RAW, "", "intake.events"]
        assert qos.channel.redis.zcard("unacked_index") == 1


def test_it_does_not_wait_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "NOTED_WITHIN_S", 0.0)
    with bookkeeping(1) as qos, pytest.raises(RedisConnectionError):
        pop(qos)


def test_workers_use_it(settings: Settings) -> None:
    named = celery_settings(settings)["broker_transport"]
    assert named == f"{transport.__name__}:{transport.Transport.__name__}"
    assert transport.Transport.Channel.QoS is PatientQoS
