"""A worker must outlive restarts of Redis and go on consuming: what Celery is pinned for.

Celery 5.7.0 exits at some of them, depending on the moment: passing here once is no proof for a
newer version (docs/decisions/0002-celery.md).
"""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest
import redis
from celery import Celery

from config.celery import Queue
from reminders.servers.valkey import Valkey
from tests.integration.workers.whole_system import WholeSystem, customer, until, whole_system

pytestmark = pytest.mark.alone
OUTAGE_S = 1.5
BUSY = 400  # events: several seconds of work


def send(whole: WholeSystem, numbers: range) -> None:
    with Celery("a client", broker=whole.servers.redis_url, set_as_current=False) as client:
        for number in numbers:
            event = customer(number)
            client.send_task("workers.intake.accept", args=[event], queue=Queue.INTAKE.value)


def answers(whole: WholeSystem) -> bool:
    try:
        return bool(whole.redis.ping())
    except redis.RedisError:
        return False


def known(whole: WholeSystem) -> int:
    return whole.count("SELECT count(*) FROM billing_event")


@contextmanager
def tasks_in_hand(worker: int) -> Iterator[None]:
    """Halt the children of the worker, so that what they have taken stays unacknowledged.

    A worker with nothing in hand survives the loss of Redis on any version.
    """
    children = psutil.Process(worker).children()
    assert children
    for child in children:
        child.suspend()
    try:
        yield
    finally:
        for child in children:
            child.resume()


def test_the_same_worker_consumes_after_two_restarts_of_redis(tmp_path: Path) -> None:
    with whole_system(tmp_path) as whole:
        whole.start(whole.system.intake(), whole.system.worker())
        send(whole, range(BUSY))
        until(lambda: known(whole) > 0)
        assert whole.redis.llen(Queue.INTAKE) > 0
        worker, intake = whole.supervisor.pids()["worker"], whole.supervisor.pids()["intake"]

        with tasks_in_hand(worker):
            whole.supervisor.end("redis")  # in order, and away for a while, as in an upgrade
            time.sleep(OUTAGE_S)
        whole.supervisor.start(Valkey(whole.supervisor.data_dir / "redis").process())
        until(lambda: known(whole) == BUSY, within_s=60)

        send(whole, range(BUSY, 2 * BUSY))
        until(lambda: known(whole) > BUSY)
        assert whole.redis.llen(Queue.INTAKE) > 0
        before = whole.supervisor.pids()["redis"]
        with tasks_in_hand(worker):
            whole.supervisor.kill("redis", signal.SIGKILL)
            until(lambda: whole.supervisor.pids().get("redis", before) != before)
        until(lambda: answers(whole))
        until(lambda: known(whole) == 2 * BUSY, within_s=60)

        send(whole, range(2 * BUSY, 2 * BUSY + 1))
        until(lambda: known(whole) == 2 * BUSY + 1)
        pids = whole.supervisor.pids()
        assert (pids["worker"], pids["intake"]) == (worker, intake)
