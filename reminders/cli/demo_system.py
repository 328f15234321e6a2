"""The whole system under a demo: real processes on servers of its own, and a virtual clock."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import sql
from redis import Redis

from config.settings import SHIPPED
from reminders.servers import development, providers
from reminders.servers.development import Servers
from reminders.servers.embedded import start_servers
from reminders.servers.errors import ServerError
from reminders.servers.log import Log
from reminders.servers.supervisor import Supervisor
from reminders.servers.system import READY_WITHIN_S, System
from reminders.servers.system import start as start_system
from reminders.services.clock import VirtualClock
from reminders.services.demo import more_channels
from reminders.services.demo.more_channels import Receivers
from reminders.services.opening import open_redis

DATABASE = "reminders_demo"
LOG = Path("log") / "system.log"
# Machine times that suit a clock which never waits: short, and still in the order that the
# settings demand (time-outs < lease, task limit < visibility).
HURRY = {
    "REMINDERS_CLOCK": "virtual",
    "REMINDERS_SMS__TIMEOUT_S": "0.25",
    "REMINDERS_EMAIL__TIMEOUT_S": "0.5",
    "REMINDERS_SMS__RATE_PER_S": "20000",
    "REMINDERS_EMAIL__RATE_PER_S": "20000",
    "REMINDERS_LEASE_S": "4",
    "REMINDERS_SWEEP_EVERY_S": "2",
    "REMINDERS_TASK_TIME_LIMIT_S": "15",
    "REMINDERS_VISIBILITY_TIMEOUT_S": "16",
    "REMINDERS_RESTORE_INTERVAL_S": "1",
    "REMINDERS_IDLE_CLAIM_S": "2",
    "REMINDERS_LOG_LEVEL": "warning",
}


# The same for the accounts of a providers' file; what is not a plain POST gets longer.
EVERYWHERE = {"timeout": 0.5, "rate_per_s": 20_000}


@dataclass(frozen=True)
class Running:
    """A demo's system: where it listens and what it was started with."""

    supervisor: Supervisor
    system: System
    env: Mapping[str, str]
    redis: Redis

    @property
    def http_url(self) -> str:
        return self.system.ports.http_url

    @property
    def control_url(self) -> str:
        return f"http://127.0.0.1:{self.system.ports.control}"

    @property
    def secrets(self) -> dict[str, str]:
        return development.load_secrets(self.system.data_dir)

    @property
    def logs(self) -> Path:
        """The folder of the carriers' own logs."""
        return self.system.data_dir / "sandbox"


@contextmanager
def demo_system(
    folder: Path,
    start: datetime,
    *,
    workers: int = 2,
    seed: int = 1,
    receivers: Receivers | None = None,
) -> Iterator[Running]:
    """Start everything in a fresh `folder`, with the business clock at `start`.

    With `receivers`, where customers' own systems listen, every other channel has carriers too.

    Where REDIS_URL or DATABASE_URL is given, nothing is embedded for it: a database of the
    demo's own is made on that server, and the Redis database must be empty.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    log = Log(folder / LOG, terminal=None)
    with closing(log), Supervisor(folder, sink=log) as supervisor:
        servers = start_servers(
            supervisor,
            redis_url=_empty_redis(os.environ.get("REDIS_URL")),
            database_url=_own_database(os.environ.get("DATABASE_URL")),
        )
        redis = open_redis(servers.redis_url)
        VirtualClock(redis).set(start)
        system = _system(folder, servers, start, workers, seed)
        if receivers is not None:
            system = with_every_channel(system, receivers)
        start_system(supervisor, system)
        supervisor.tell(http=system.ports.http_url, clock="virtual")
        running = Running(supervisor, system, system.env, redis)
        _wait_for_worker(running)
        yield running


def _system(folder: Path, servers: Servers, start: datetime, workers: int, seed: int) -> System:
    at = development.choose_ports(folder)
    drawn = development.load_secrets(folder)
    env = development.environment(servers, drawn, at, sandbox=True, given={}) | HURRY
    options = ("--clock", "virtual", "--now", start.isoformat(), "--seed", str(seed))
    return System(folder, at, env, workers, sandbox_options=options)


def with_every_channel(system: System, receivers: Receivers) -> System:
    ports = receivers._asdict()
    lines = [
        word
        for line in more_channels.LINES
        for word in ("--line", f"{line.adapter}={line.name}:{ports.get(line.channel, 0)}")
    ]
    file = system.data_dir / providers.PROVIDERS
    policy = SHIPPED / "policies" / "every-channel.yaml"
    env = {"REMINDERS_PROVIDER_FILE": str(file), "REMINDERS_POLICY_FILE": str(policy)}
    return replace(
        system,
        env={**system.env, **env},
        sandbox_options=(*system.sandbox_options, *lines),
        listens=True,
        everywhere=EVERYWHERE,
        own=more_channels.OWN,
    )


def _wait_for_worker(running: Running, within_s: float = READY_WITHIN_S) -> None:
    """A worker is there when it listens: its consumers show on its queues' bindings."""
    deadline = time.monotonic() + within_s
    while not running.redis.exists("_kombu.binding.celery.pidbox"):
        if time.monotonic() > deadline:
            raise ServerError("no worker came up: see the log in the demo's folder")
        time.sleep(0.05)


def _empty_redis(url: str | None) -> str | None:
    if url is None:
        return None
    if open_redis(url).dbsize():
        raise ServerError("REDIS_URL points at a database with keys: give the demo an empty one")
    return url


def _own_database(url: str | None) -> str | None:
    """A fresh database of the demo's own on the server that is given."""
    if url is None:
        return None
    parts = urlsplit(url)
    plain = urlunsplit(parts._replace(scheme="postgresql"))
    name = sql.Identifier(DATABASE)
    with psycopg.connect(plain, autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(name))
        connection.execute(sql.SQL("CREATE DATABASE {}").format(name))
    return urlunsplit(parts._replace(path=f"/{DATABASE}"))


def write_json(path: Path, content: object) -> None:
    """Write a result for people and scripts."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
