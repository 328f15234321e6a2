"""Clients that know nothing of Python: a Celery client and a plain Redis client in Node.js."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from config.celery import Queue
from reminders.services.streams import EVENTS_STREAM
from tests.integration.workers.whole_system import (
    WholeSystem,
    bill_due,
    customer,
    payment,
    texts,
    until,
    whole_system,
)

HERE = Path(__file__).parent
NODE = shutil.which("node")
pytestmark = pytest.mark.skipif(
    NODE is None or not (HERE / "node_modules" / "celery-node").exists(),
    reason="needs Node.js, and `npm ci` in tests/integration/foreign",
)
CUSTOMERS = 40
# Five events each: who it is, a bill of next month, and three part payments of 1.00, 2.00, 3.00.
EVENTS = [
    event
    for number in range(CUSTOMERS)
    for event in (
        customer(number),
        bill_due(number, "2026-04-15"),
        *(payment(number, part, part * 100) for part in (1, 2, 3)),
    )
]


@pytest.fixture(scope="module")
def whole(
    tmp_path_factory: pytest.TempPathFactory, redis_url: str, database_url: str
) -> Iterator[WholeSystem]:
    folder = tmp_path_factory.mktemp("foreign")
    with whole_system(folder, redis_url, database_url) as whole:
        whole.start(whole.system.intake(), whole.system.worker(), whole.system.beat())
        yield whole


def run(script: str, *words: str) -> int:
    """Run one of the clients; returns how many events it says that it sent."""
    done = subprocess.run(  # noqa: S603 - our own script
        [str(NODE), str(HERE / script), *words], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return int(done.stdout)


def test_the_same_events_from_both_have_the_effect_of_one(
    whole: WholeSystem, tmp_path: Path
) -> None:
    assert len(EVENTS) == 200
    file = tmp_path / "events.ndjson"
    file.write_text("\n".join(texts(EVENTS)) + "\n", encoding="utf-8")
    url = whole.servers.redis_url

    sent = run("celery_client.mjs", url, Queue.INTAKE, "workers.intake.accept", str(file))
    assert sent == 200
    assert run("stream_client.mjs", url, EVENTS_STREAM, str(file)) == 200
    until(lambda: sum(whole.taken().values()) == 400)
    until(whole.at_rest)

    assert whole.taken() == {"new": 200, "duplicates": 200, "conflicts": 0, "dead": 0}
    assert whole.count("SELECT count(*) FROM billing_event") == 200
    assert whole.count("SELECT count(*) FROM bill_version") == CUSTOMERS
    assert whole.count("SELECT sum(amount) FROM payment") == CUSTOMERS * 600
    # Every stage of the policy is still ahead, and each is planned once.
    assert whole.count("SELECT count(*) FROM reminder WHERE state = 'planned'") == 7 * CUSTOMERS
    assert whole.count("SELECT count(*) - count(DISTINCT (bill_id, stage)) FROM reminder") == 0
