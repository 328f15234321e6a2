"""Why Celery is pinned: a worker must outlive restarts of Redis and go on consuming.

Celery 5.7.0 exits at the first one. Lift the pin when this holds without it.
"""

from __future__ import annotations

import signal
from pathlib import Path

import redis
from celery import Celery

from config.celery import Queue
from tests.integration.workers.whole_system import WholeSystem, customer, until, whole_system


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


def test_the_same_worker_consumes_after_two_restarts_of_redis(tmp_path: Path) -> None:
    with whole_system(tmp_path) as whole:
        whole.start(whole.system.intake(), whole.system.worker())
        send(whole, range(20))
        until(lambda: known(whole) == 20)
        worker, intake = whole.supervisor.pids()["worker"], whole.supervisor.pids()["intake"]

        whole.supervisor.restart("redis")  # in order, as an operator would
        send(whole, range(20, 40))
        until(lambda: known(whole) == 40, within_s=60)

        before = whole.supervisor.pids()["redis"]
        whole.supervisor.kill("redis", signal.SIGKILL)
        until(lambda: whole.supervisor.pids().get("redis", before) != before)
        until(lambda: answers(whole))
        send(whole, range(40, 60))
        until(lambda: known(whole) == 60, within_s=60)

        pids = whole.supervisor.pids()
        assert (pids["worker"], pids["intake"]) == (worker, intake)
