"""`python -m benchmarks.explain`: how long `reminders explain` takes, as a process and by itself.

One bill with decisions behind it, in a database of its own. The process is measured whole (wall
and CPU; a console's own CPU is not in it), beside the interpreter alone and the libraries alone.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from config.asking import TOKEN, URL
from config.settings import Settings, settings_from
from reminders.ledger import locks, reminders
from reminders.ledger.schema import ensure_partitions, upgrade
from reminders.servers import development
from reminders.servers.embedded import start_servers
from reminders.servers.supervisor import Supervisor
from reminders.servers.system import System
from reminders.services.bill_history import load
from reminders.services.clock import VirtualClock
from reminders.services.evaluate import evaluate
from reminders.services.explain import explain
from reminders.services.explain_json import as_json
from reminders.services.gate import gate
from reminders.services.intake import Incoming, ingest
from reminders.services.opening import open_redis, open_resources
from reminders.services.reading import open_ledger

BILL = "B-1"
START = datetime(2026, 3, 1, 2, 0, tzinfo=UTC)  # 10:00 in Taipei
_ENVELOPE = {"specversion": "1.0", "source": "/bench", "time": START.isoformat()}
EVENTS = (
    _ENVELOPE
    | {
        "id": "e-1",
        "type": "customer.updated",
        "data": {
            "customer_id": "C-1",
            "language": "en",
            "time_zone": "Asia/Taipei",
            "jurisdiction": "TW",
            "contact_points": [
                {"channel": "sms", "address": "+8616100000001"},
                {"channel": "email", "address": "customer.1@example.com"},
                {"channel": "in_app"},
            ],
        },
    },
    _ENVELOPE
    | {
        "id": "e-2",
        "type": "bill.issued",
        "data": {
            "customer_id": "C-1",
            "bill_id": BILL,
            "version": 1,
            "currency": "TWD",
            "amount_due_minor": 100_000,
            "minimum_due_minor": 10_000,
            "due_on": "2026-03-11",
            "product": "credit_card",
            "revolving": True,
            "issued_at": START.isoformat(),
        },
    },
)
LIBRARIES = "import typer, pydantic_settings, sqlalchemy, psycopg, yaml, cryptography, babel"


def main(
    repeats: Annotated[int, typer.Option(min=1, help="Of each; the least is told.")] = 7,
    out: Annotated[Path, typer.Option(help="Where the figures go.")] = Path("build/explain.json"),
) -> None:
    """Print milliseconds of the service, of the whole process, and of what it cannot do without."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        told = _measure(Path(folder), repeats)
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")
    table = Table("what", "wall, ms", "CPU, ms", title="reminders explain BILL")
    for name, (wall, cpu) in told.items():
        table.add_row(name, f"{wall:.1f}", f"{cpu:.1f}")
    Console().print(table)


def _measure(folder: Path, repeats: int) -> dict[str, tuple[float, float]]:
    with Supervisor(folder, sink=lambda name, line: None) as supervisor:
        servers = start_servers(supervisor)
        at = development.choose_ports(folder)
        drawn = development.load_secrets(folder)
        env = development.environment(servers, drawn, at, sandbox=True, given={})
        env = {**env, "REMINDERS_CLOCK": "virtual", "PYTHONDONTWRITEBYTECODE": ""}
        settings = settings_from(env)
        _fill(settings)
        supervisor.start(System(folder, at, env).http())
        asking = {**env, URL: at.http_url, TOKEN: drawn["operator_token"]}
        command = [sys.executable, "-m", "reminders.cli.main", "explain", BILL]
        return {
            "the service alone": _service(settings, repeats),
            "the process, asking the console": _process(command, asking, repeats),
            "the process, reading the ledger": _process(command, env, repeats),
            "the libraries alone": _process([sys.executable, "-c", LIBRARIES], env, repeats),
            "the interpreter alone": _process([sys.executable, "-c", ""], env, repeats),
        }


def _fill(settings: Settings) -> None:
    """One customer and bill, and the decisions of its first stages."""
    upgrade(settings.sqlalchemy_url)
    with open_redis(settings.redis_url) as redis:
        clock = VirtualClock(redis)
        clock.set(START)
        opened = open_resources(settings)
        try:
            with opened.engine.begin() as connection:
                ensure_partitions(connection, START)
            bodies = [json.dumps(event).encode() for event in EVENTS]
            ingest(opened, [Incoming(f"{n}-0", body, 0.0) for n, body in enumerate(bodies)])
            evaluate(opened)
            for days in (7, 9, 10):
                now = START + timedelta(days=days)
                clock.set(now)
                claimed = locks.in_transaction(
                    opened.engine,
                    lambda connection, now=now: reminders.claim(  # type: ignore[misc]  # a default binds the loop's value
                        connection, "sms", now, 500, timedelta(seconds=60)
                    ),
                )
                gate(opened, claimed)
        finally:
            opened.engine.dispose()
            opened.redis.close()


def _service(settings: Settings, repeats: int) -> tuple[float, float]:
    """Reading and explaining in a process that runs, the ledger open."""
    with open_ledger(settings) as opened:

        def once() -> None:
            for told in load(opened, BILL):
                json.dumps(as_json(told, explain(told)))

        once()
        return _timed(once, repeats, time.process_time)


def _process(command: Sequence[str], env: Mapping[str, str], repeats: int) -> tuple[float, float]:
    whole = {**os.environ, **env}

    def once() -> None:
        subprocess.run(command, env=whole, stdout=subprocess.DEVNULL, check=True)  # noqa: S603  (our own)

    once()  # compiled modules are kept
    return _timed(once, repeats, _children)


def _children() -> float:
    times = os.times()
    return times.children_user + times.children_system


def _timed(once: Callable[[], None], repeats: int, cpu: Callable[[], float]) -> tuple[float, float]:
    """The least milliseconds of wall time and of CPU: whatever runs beside it only adds to them."""
    walls, cpus = [], []
    for _ in range(repeats):
        began, used = time.perf_counter(), cpu()
        once()
        walls.append((time.perf_counter() - began) * 1000)
        cpus.append((cpu() - used) * 1000)
    return min(walls), min(cpus)


if __name__ == "__main__":
    typer.run(main)
