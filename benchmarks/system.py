"""The whole system on embedded servers for a benchmark, and workers for empty tasks beside it."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from redis import Redis

from benchmarks import noop
from benchmarks.complete import CompleteRunner
from benchmarks.noop import POOLS, NoopRunner
from config.celery import Queue
from config.settings import Settings, settings_from
from reminders.ledger.schema import engine_for
from reminders.servers import development
from reminders.servers.embedded import start_servers
from reminders.servers.errors import ServerError
from reminders.servers.process import Process
from reminders.servers.supervisor import Supervisor
from reminders.servers.system import ROOT, WORKER, System, start
from reminders.services.clock import VirtualClock
from reminders.services.opening import open_redis

WORKERS = 2
CARRIER = "sandbox"  # the one process of the system that is not ours
OUTSIDE = "benchmark"
# One instant of business time and receipts one by one, at once. Pacing stays on, far above what
# one machine sends. Warnings alone are logged, as empty tasks log nothing either.
SETTINGS = {
    "REMINDERS_CLOCK": "virtual",
    "REMINDERS_SMS__RATE_PER_S": "100000",
    "REMINDERS_LOG_LEVEL": "warning",
}
CARRIER_OPTIONS = ("--clock", "machine", "--delays", "0", "--receipt-batch", "1")


@dataclass(frozen=True)
class Bench:
    """What a benchmark runs against."""

    complete: CompleteRunner
    noops: dict[str, NoopRunner]
    settings: Settings


@contextmanager
def bench_system(folder: Path, now: datetime) -> Iterator[Bench]:
    """Start everything in an empty `folder`; the business clock stands at `now` for good."""
    with Supervisor(folder, sink=lambda name, line: None) as supervisor:
        servers = start_servers(supervisor)
        redis = open_redis(servers.redis_url)
        VirtualClock(redis).set(now)
        at = development.choose_ports(folder)
        drawn = development.load_secrets(folder)
        env = development.environment(servers, drawn, at, sandbox=True, given={}) | SETTINGS
        system = System(folder, at, env, WORKERS, sandbox_options=CARRIER_OPTIONS)
        start(supervisor, system)
        for pool in POOLS:
            supervisor.start(_noop_worker(pool, env))
        settings = settings_from(env)
        _wait_for_workers(redis, open_redis(noop.database_url(servers.redis_url)))
        with _runner(supervisor, redis, settings, now) as complete:
            yield Bench(complete, _noop_runners(supervisor, settings), settings)


@contextmanager
def _runner(
    supervisor: Supervisor, redis: Redis, settings: Settings, now: datetime
) -> Iterator[CompleteRunner]:
    engine = engine_for(settings.sqlalchemy_url, pool_size=1, role=OUTSIDE)
    pids = {name: pid for name, pid in supervisor.pids().items() if name not in POOLS}
    others = {CARRIER: pids.pop(CARRIER)}
    try:
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            yield CompleteRunner(
                redis=redis,
                redis_url=settings.redis_url,
                connection=connection,
                queues=tuple(queue.value for queue in Queue),
                ours=pids,
                others=others,
                now=now,
            )
    finally:
        engine.dispose()


def _noop_runners(supervisor: Supervisor, settings: Settings) -> dict[str, NoopRunner]:
    app = noop.application(settings)
    redis = open_redis(noop.database_url(settings.redis_url))
    pids = supervisor.pids()
    return {
        pool: NoopRunner(
            app, redis, {"worker": pids[pool], "redis": pids["redis"]}, noop.queue_of(pool)
        )
        for pool in POOLS
    }


def _noop_worker(pool: str, env: dict[str, str]) -> Process:
    words = list(WORKER)
    words[words.index("workers.app")] = "benchmarks.noop_app"
    words[words.index("INFO")] = "WARNING"
    queue = noop.queue_of(pool)
    options = (*POOLS[pool], "-Q", queue, "--hostname", f"{queue}@%h")
    return Process(
        name=pool,
        argv=(sys.executable, "-m", *words, *options),
        env={"PYTHONPATH": str(ROOT), **env},
        cwd=ROOT,
    )


def _wait_for_workers(*brokers: Redis, within_s: float = 30) -> None:
    """A worker is there when it listens: its mailbox shows on its broker."""
    deadline = time.monotonic() + within_s
    for redis in brokers:
        while not redis.exists("_kombu.binding.celery.pidbox"):
            if time.monotonic() > deadline:
                raise ServerError("no worker came up")
            time.sleep(0.05)
