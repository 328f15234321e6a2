"""Real processes from each door to the carrier and back: stream, Celery task, HTTP."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from celery import Celery

from config.celery import Queue
from reminders.services.producer import Producer
from reminders.services.streams import EVENTS_STREAM
from tests.integration.workers.whole_system import (
    Json,
    WholeSystem,
    bill_due,
    customer,
    post,
    until,
    whole_system,
)

PLANNED = "SELECT count(*) FROM reminder WHERE bill_id = %s AND stage = 'd0'"
CONFIRMED = "SELECT count(*) FROM reminder WHERE bill_id = %s AND state = 'satisfied'"


@pytest.fixture(scope="module")
def whole(
    tmp_path_factory: pytest.TempPathFactory, redis_url: str, database_url: str
) -> Iterator[WholeSystem]:
    folder = tmp_path_factory.mktemp("doors")
    with whole_system(folder, redis_url, database_url) as whole:
        whole.start(*whole.system.processes())
        yield whole


def by_stream(whole: WholeSystem, events: list[Json]) -> None:
    with Producer(whole.servers.redis_url) as producer:
        for event in events:
            producer.publish(event)


def by_task(whole: WholeSystem, events: list[Json]) -> None:
    with Celery("a client", broker=whole.servers.redis_url, set_as_current=False) as client:
        for event in events:
            client.send_task("workers.intake.accept", args=[event], queue=Queue.INTAKE.value)


def by_http(whole: WholeSystem, events: list[Json]) -> None:
    url = f"{whole.system.ports.http_url}/v1/events"
    assert post(url, events, whole.secrets["producer_token"]) == 202


@pytest.mark.parametrize(("number", "door"), [(1, by_stream), (2, by_task), (3, by_http)])
def test_a_bill_due_today_is_told_once_and_confirmed(
    whole: WholeSystem, number: int, door: Callable[[WholeSystem, list[Json]], None]
) -> None:
    door(whole, [customer(number), bill_due(number)])
    until(lambda: whole.count(PLANNED, f"B-{number}") == 1)
    for _ in range(3):  # the carrier delivers within two minutes of the business clock
        until(whole.at_rest)
        whole.move_clock(whole.now() + timedelta(minutes=1))
    until(lambda: whole.count(CONFIRMED, f"B-{number}") == 1)

    told = [
        line
        for line in whole.carrier_log("sms")
        if line["kind"] == "reached" and line["to"] == f"+86100{number:08d}"
    ]
    assert len(told) == 1
    assert "100.00" in told[0]["text"]
    assert whole.redis.xpending(EVENTS_STREAM, "intake")["pending"] == 0
