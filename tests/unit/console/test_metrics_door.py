"""`GET /metrics`: for the scraper alone, and the ledger is asked once in five seconds."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy.exc import OperationalError

from reminders.console.asgi import Refused
from reminders.console.metrics import MetricsDoor
from reminders.services.metrics import Gauge
from tests.unit.console.asgi_client import Answer, call, run

OPEN = Gauge("reminders_open", "Not ended", ("lane",), {("sms",): 3.0, ('a"\n\\b',): 1.0})


class Reader:
    def __init__(self) -> None:
        self.reads = 0
        self.down = False

    def __call__(self) -> Sequence[Gauge]:
        self.reads += 1
        if self.down:
            raise OperationalError("SELECT", {}, Exception("away"))
        return [OPEN]


async def scrape(door: MetricsDoor, client: str | None = "127.0.0.1", **headers: str) -> Answer:
    async def app(scope, receive, send):  # type: ignore[no-untyped-def]  # an ASGI application
        await door({**scope, "client": (client, 1) if client else None}, receive, send)

    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return await call(app, "GET", "/metrics", headers=named)


def test_the_text_is_prometheus_own() -> None:
    answer = run(scrape(MetricsDoor(Reader())))
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    families = {each.name: each for each in text_string_to_metric_families(answer.body.decode())}
    samples = {each.labels["lane"]: each.value for each in families["reminders_open"].samples}
    assert samples == {"sms": 3.0, 'a"\n\\b': 1.0}
    assert families["reminders_build_info"].samples[0].value == 1


def test_many_scrapers_are_one_look() -> None:
    async def story() -> None:
        reader = Reader()
        door = MetricsDoor(reader)
        await asyncio.gather(*(scrape(door) for _ in range(20)))
        assert reader.reads == 1
        door._read_at -= 6
        await scrape(door)
        assert reader.reads == 2

    run(story())


@pytest.mark.parametrize(
    ("client", "headers"),
    [
        ("192.0.2.1", {}),
        (None, {}),
        ("a-socket", {}),
        ("127.0.0.1", {"X_Forwarded_For": "192.0.2.1"}),  # a proxy of ours speaks for another
        ("127.0.0.1", {"Forwarded": "for=192.0.2.1"}),
    ],
)
def test_without_a_token_only_this_machine_looks(
    client: str | None, headers: dict[str, str]
) -> None:
    reader = Reader()
    with pytest.raises(Refused) as told:
        run(scrape(MetricsDoor(reader), client, **headers))
    assert (told.value.status, reader.reads) == (403, 0)


def test_with_a_token_whoever_shows_it_looks() -> None:
    door = MetricsDoor(Reader(), "s3cret")
    assert run(scrape(door, "192.0.2.1", Authorization="Bearer s3cret")).status == 200
    for wrong in ({}, {"Authorization": "Bearer s3cre"}, {"Authorization": "Basic s3cret"}):
        with pytest.raises(Refused) as told:
            run(scrape(door, "127.0.0.1", **wrong))
        assert told.value.status == 401


def test_without_the_ledger_it_says_so_and_asks_again() -> None:
    reader = Reader()
    reader.down = True
    door = MetricsDoor(reader)
    with pytest.raises(Refused) as told:
        run(scrape(door))
    assert told.value.status == 503
    reader.down = False
    assert run(scrape(door)).status == 200
