"""Empty Celery tasks under our own Celery settings: what every reminder is set beside."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from celery import Celery
from kombu.entity import Queue
from redis import Redis

from benchmarks import cpu
from benchmarks.figures import Run
from config.celery import celery_settings
from config.settings import Settings

STAGED = "noop.staged"  # filled outside the clock, then renamed to a worker's queue in one step
POOLS = {"solo": ("--pool", "solo"), "prefork 2": ("--pool", "prefork", "--concurrency", "2")}
DATABASE = 1  # of Redis: these workers and those of the system do not hear each other
TASK = "noop"
PATIENCE_S = 120.0
LOOK_EVERY_S = 0.02


def queue_of(pool: str) -> str:
    return f"noop.{pool.replace(' ', '_')}"


def database_url(redis_url: str) -> str:
    return f"{redis_url.rpartition('/')[0]}/{DATABASE}"


def application(settings: Settings) -> Celery:
    """Our settings with other queues: acknowledged late, one message fetched ahead."""
    app = Celery("noop", set_as_current=False)
    app.conf.update(celery_settings(settings))
    app.conf.update(
        broker_url=database_url(settings.redis_url),
        task_routes={},
        task_default_queue=STAGED,
        task_queues=_queues(),
        beat_schedule={},
    )
    app.task(_nothing, name=TASK)
    return app


def _queues() -> list[Any]:  # Any: kombu ships no types
    return [
        Queue(name)  # type: ignore[no-untyped-call]  # kombu
        for name in (STAGED, *map(queue_of, POOLS))
    ]


def _nothing() -> None:
    """Nothing."""


@dataclass(frozen=True)
class NoopRunner:
    """One worker pool. `roots` are the trees that a task costs CPU in: the worker and Redis."""

    app: Celery
    redis: Redis  # on the database of the empty tasks
    roots: dict[str, int]
    queue: str

    def run(self, count: int) -> Run:
        """Enqueue `count` tasks where no worker looks, let the worker have them, and wait."""
        with self.app.producer_pool.acquire(block=True) as producer:
            for _ in range(count):
                self.app.send_task(TASK, producer=producer, queue=STAGED)
        before, began = cpu.look(self.roots), time.monotonic()
        self.redis.rename(STAGED, self.queue)
        self._wait(began)
        seconds = time.monotonic() - began
        return Run(count, seconds, cpu.used(before, cpu.look(self.roots)), {})

    def _wait(self, began: float) -> None:
        """Done is taken and acknowledged: nothing is queued and nothing is held."""
        while time.monotonic() - began < PATIENCE_S:
            pipe = self.redis.pipeline(transaction=False)
            pipe.llen(self.queue)
            pipe.hlen("unacked")
            found: list[Any] = pipe.execute()  # Any: redis-py's own shapes
            if not any(found):
                return
            time.sleep(LOOK_EVERY_S)
        raise TimeoutError(f"empty tasks still wait in {self.queue} after {PATIENCE_S:g} s")
