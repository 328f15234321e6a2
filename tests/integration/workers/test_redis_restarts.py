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

pytestmark = [pytest.mark.alone, pytest.mark.timeout(600)]
OUTAGE_S = 1.5
STEADY_S = 0.5
BUSY = 200  # events: seconds of work


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
def halted(worker: int) -> Iterator[None]:
    """Halt the children of the worker."""
    children = psutil.Process(worker).children()
    assert children
    for child in children:
        child.suspend()
    try:
        yield
    finally:
        for child in children:
            child.resume()


def busy_with(whole: WholeSystem, numbers: range) -> None:
    """Return in the midst of these events: some are known, others wait."""
    before = known(whole)
    with halted(whole.supervisor.pids()["worker"]):  # else it may be done before all are sent
        send(whole, numbers)
    until(lambda: known(whole) > before)


@contextmanager
def tasks_in_hand(whole: WholeSystem) -> Iterator[None]:
    """What the children of the worker have taken stays unacknowledged.

    A worker with nothing in hand survives the loss of Redis on any version. Once they are halted
    the worker itself takes no more: a Redis that is killed as it pops a message forgets it for
    good (docs/decisions/0002-celery.md), and not that is tested here.
    """
    with halted(whole.supervisor.pids()["worker"]):
        until(lambda: is_steady(whole))
        assert whole.redis.llen(Queue.INTAKE) > 0
        assert whole.redis.hlen("unacked") > 0
        yield


def is_steady(whole: WholeSystem) -> bool:
    """Whether nobody takes a message for a while."""
    left = whole.redis.llen(Queue.INTAKE)
    time.sleep(STEADY_S)
    return left == whole.redis.llen(Queue.INTAKE)


def test_the_same_worker_consumes_after_two_restarts_of_redis(tmp_path: Path) -> None:
    with whole_system(tmp_path) as whole:
        whole.start(whole.system.intake(), whole.system.worker())
        worker, intake = whole.supervisor.pids()["worker"], whole.supervisor.pids()["intake"]

        busy_with(whole, range(BUSY))
        with tasks_in_hand(whole):
            whole.supervisor.end("redis")  # in order, and away for a while, as in an upgrade
            time.sleep(OUTAGE_S)
        whole.supervisor.start(Valkey(whole.supervisor.data_dir / "redis").process())
        until(lambda: known(whole) == BUSY)

        busy_with(whole, range(BUSY, 2 * BUSY))
        before = whole.supervisor.pids()["redis"]
        with tasks_in_hand(whole):
            whole.supervisor.kill("redis", signal.SIGKILL)
            until(lambda: whole.supervisor.pids().get("redis", before) != before)
        until(lambda: answers(whole))
        until(lambda: known(whole) == 2 * BUSY)

        send(whole, range(2 * BUSY, 2 * BUSY + 1))
        until(lambda: known(whole) == 2 * BUSY + 1)
        pids = whole.supervisor.pids()
        assert (pids["worker"], pids["intake"]) == (worker, intake)
