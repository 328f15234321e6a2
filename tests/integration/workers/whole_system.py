"""The processes of the system as `reminders up` starts them, on a virtual business clock."""

from __future__ import annotations

import json
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import redis
from sqlalchemy import NullPool, create_engine

from config.celery import Queue
from reminders.servers import development
from reminders.servers.development import Servers
from reminders.servers.embedded import start_servers
from reminders.servers.process import Process
from reminders.servers.supervisor import Supervisor
from reminders.servers.system import System
from reminders.services import status
from reminders.services.clock import VirtualClock

Json = dict[str, Any]  # what other processes write; its shape is what the tests look at
# Ten in the morning in Taipei, when the stages of a day have just become due.
MORNING = datetime(2026, 3, 25, 2, 0, tzinfo=UTC)
QUICK = {
    "REMINDERS_CLOCK": "virtual",
    "REMINDERS_LOG_FORMAT": "json",
    "REMINDERS_SWEEP_EVERY_S": "1",
    "REMINDERS_IDLE_CLAIM_S": "2",
    "REMINDERS_RESTORE_INTERVAL_S": "1",
    # What a worker held when Redis went comes back after this, not after five minutes.
    "REMINDERS_SMS__TIMEOUT_S": "1",
    "REMINDERS_EMAIL__TIMEOUT_S": "1",
    "REMINDERS_LEASE_S": "3",
    "REMINDERS_TASK_TIME_LIMIT_S": "10",
    "REMINDERS_VISIBILITY_TIMEOUT_S": "12",
}


@dataclass(frozen=True)
class WholeSystem:
    """A system under a supervisor of its own. Nothing but the servers runs until started."""

    supervisor: Supervisor
    system: System
    servers: Servers
    redis: redis.Redis
    lines: list[str]

    @property
    def secrets(self) -> dict[str, str]:
        return development.load_secrets(self.system.data_dir)

    def start(self, *processes: Process) -> None:
        """Migrate, start them, and wait for each worker to listen."""
        assert self.supervisor.run(self.system.migrate()) == 0, self.lines
        self.supervisor.start(*processes)
        if any("worker" in process.argv for process in processes):
            until(lambda: bool(self.redis.exists("_kombu.binding.celery.pidbox")))

    def count(self, statement: str, *values: object) -> int:
        """One number out of the database."""
        url = self.servers.database_url.replace("+psycopg", "")
        with psycopg.connect(url) as connection:
            row = connection.execute(statement.encode(), values or None).fetchone()
        assert row is not None
        return int(row[0])

    def taken(self) -> dict[str, int]:
        """What intake has logged: new events, duplicates, conflicts, dead letters."""
        counts = dict.fromkeys(("new", "duplicates", "conflicts", "dead"), 0)
        for line in list(self.lines):
            if "events taken in" in line:
                found = json.loads(line.partition(" ")[2])
                counts = {name: count + found[name] for name, count in counts.items()}
        return counts

    def now(self) -> datetime:
        """The business instant."""
        return VirtualClock(self.redis).now()

    def at_rest(self) -> bool:
        """True when nothing that is known at this business instant is under way."""
        queues = tuple(queue.value for queue in Queue)
        spelt = "postgresql+psycopg://" + self.servers.database_url.partition("://")[2]
        engine = create_engine(spelt, isolation_level="AUTOCOMMIT", poolclass=NullPool)
        with engine.connect() as connection:
            return not status.rest(connection, self.redis, queues, self.now()).busy

    def move_clock(self, now: datetime) -> None:
        """Move the business clock of the carriers, then everybody's."""
        url = f"http://127.0.0.1:{self.system.ports.control}/control/clock"
        answer = post(url, {"now": now.isoformat()}, self.secrets["control_token"])
        assert answer == 200
        VirtualClock(self.redis).set(now)

    def carrier_log(self, name: str) -> list[Json]:
        path = self.system.data_dir / "sandbox" / f"{name}.jsonl"
        return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


@contextmanager
def whole_system(
    folder: Path, redis_url: str | None = None, database_url: str | None = None
) -> Iterator[WholeSystem]:
    """Servers of its own where none are given; everything has ended when the block is left."""
    lines: list[str] = []
    sink: Callable[[str, str], None] = lambda name, line: lines.append(f"{name} {line}")  # noqa: E731
    with Supervisor(folder / "data", sink=sink) as supervisor:
        servers = start_servers(supervisor, redis_url=redis_url, database_url=database_url)
        with redis.Redis.from_url(servers.redis_url) as client:
            VirtualClock(client).set(MORNING)
            data_dir = supervisor.data_dir
            at, drawn = development.choose_ports(data_dir), development.load_secrets(data_dir)
            env = development.environment(servers, drawn, at, sandbox=True, given={}) | QUICK
            options = ("--clock", "virtual", "--now", MORNING.isoformat())
            system = System(data_dir, at, env, workers=2, sandbox_options=options)
            yield WholeSystem(supervisor, system, servers, client, lines)


def until(condition: Callable[[], bool], within_s: float = 120) -> None:
    """Wait for a condition; fail the test if it does not come true."""
    deadline = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < deadline, "did not come true in time"
        time.sleep(0.05)


def post(url: str, body: object, token: str) -> int:
    """POST JSON and return the status."""
    request = urllib.request.Request(  # noqa: S310 - an address of this test's own server
        url,
        data=json.dumps(body).encode(),
        headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=60) as response:  # noqa: S310 - as above
        return int(response.status)


def customer(number: int) -> Json:
    """An invented customer in Taipei, with a telephone, a mailbox and the app."""
    points = [
        {"channel": "sms", "address": f"+86100{number:08d}"},
        {"channel": "email", "address": f"customer.{number}@deliver.example.com"},
        {"channel": "in_app"},
    ]
    data = {
        "customer_id": f"C-{number}",
        "language": "en",
        "time_zone": "Asia/Taipei",
        "jurisdiction": "TW",
        "contact_points": points,
        "consent": {"sms": True, "email": True, "in_app": True},
        "name": "Example Person",
    }
    return _event("customer.updated", f"customer-{number}", data)


def bill_due(number: int, due_on: str = "2026-03-25") -> Json:
    """A bill of that customer, of 100.00 with a minimum of 10.00."""
    data = {
        "customer_id": f"C-{number}",
        "bill_id": f"B-{number}",
        "version": 1,
        "currency": "TWD",
        "amount_due_minor": 10_000,
        "minimum_due_minor": 1_000,
        "due_on": due_on,
        "product": "credit_card",
        "revolving": True,
        "issued_at": "2026-03-05T01:30:00Z",
    }
    return _event("bill.due", f"bill-{number}", data)


def payment(number: int, part: int, amount: int) -> Json:
    """A part payment of that customer's bill."""
    data = {
        "customer_id": f"C-{number}",
        "bill_id": f"B-{number}",
        "payment_id": f"P-{number}-{part}",
        "amount_minor": amount,
        "currency": "TWD",
        "paid_at": "2026-03-25T01:35:00Z",
    }
    return _event("payment.received", f"payment-{number}-{part}", data)


def texts(events: Sequence[Json]) -> list[str]:
    return [json.dumps(event, ensure_ascii=False) for event in events]


def _event(kind: str, name: str, data: Json) -> Json:
    return {
        "specversion": "1.0",
        "id": f"evt-{name}",
        "source": "/example-bank/billing",
        "type": kind,
        "time": "2026-03-25T01:30:00Z",
        "data": data,
    }
