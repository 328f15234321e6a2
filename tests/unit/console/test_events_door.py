"""Events in by HTTP: who may, in which shapes, and never a 202 without the stream."""

from __future__ import annotations

import asyncio
import json
import time

import pytest
from fakeredis import FakeAsyncRedis

from reminders.services.streams import EVENTS_STREAM
from tests.unit.console.asgi_client import Answer, call, run
from tests.unit.console.conftest import LIMIT, House
from tests.unit.events.samples import raw

TOKEN = {"Authorization": "Bearer b-token"}
NDJSON = {**TOKEN, "Content-Type": "application/x-ndjson; charset=utf-8"}


async def post(
    house: House, body: bytes | list[bytes], headers: dict[str, str] | None = None
) -> Answer:
    return await call(house.app, "POST", "/v1/events", body, TOKEN if headers is None else headers)


def bodies(house: House) -> list[bytes]:
    return [fields[b"e"] for fields in run(house.stream(EVENTS_STREAM))]


def test_one_event_is_one_entry_with_its_bytes_its_producer_and_the_time(house: House) -> None:
    before = time.time()
    answer = run(post(house, b"\n " + raw()))
    assert (answer.status, answer.json) == (202, {"accepted": 1})
    (entry,) = run(house.stream(EVENTS_STREAM))
    assert entry[b"e"] == raw()
    assert entry[b"p"] == b"billing"
    assert before - 0.001 <= float(entry[b"t"]) <= time.time()


def test_an_array_is_one_entry_for_each_in_order(house: House) -> None:
    answer = run(post(house, b"[" + raw(id="1") + b" ,\n" + raw(id="2") + b"]"))
    assert answer.json == {"accepted": 2}
    assert bodies(house) == [raw(id="1"), raw(id="2")]


@pytest.mark.parametrize("headers", [TOKEN, NDJSON])
def test_lines_are_one_entry_for_each(house: House, headers: dict[str, str]) -> None:
    answer = run(post(house, raw(id="1") + b"\r\n\n" + raw(id="2") + b"\n", headers))
    assert answer.json == {"accepted": 2}
    assert bodies(house) == [raw(id="1"), raw(id="2")]


def test_an_invalid_event_is_taken_and_left_to_intake(house: House) -> None:
    assert run(post(house, raw(type="bill.lost"))).status == 202
    assert run(post(house, b"not json\n" + raw(), NDJSON)).json == {"accepted": 2}
    assert run(post(house, b"[" + raw(id="\ud800") + b"," + raw() + b"]")).json == {"accepted": 2}


def test_an_empty_array_is_nothing_to_do(house: House) -> None:
    assert run(post(house, b"[]")).json == {"accepted": 0}


@pytest.mark.parametrize(
    "body",
    [b"", b"hello", b"{", b"{nonsense}", b"[" + raw(), raw() + b"x", b'{"a":' * 600 + b"}" * 600],
)
def test_a_body_that_cannot_be_read_publishes_nothing(house: House, body: bytes) -> None:
    answer = run(post(house, body))
    assert answer.status == 400
    assert "\n" not in answer.json["error"]
    assert bodies(house) == []


def test_no_lines_at_all_are_refused(house: House) -> None:
    assert run(post(house, b"\n\n", NDJSON)).status == 400


@pytest.mark.parametrize(
    "authorization", ["", "Bearer", "Bearer wrong", "Basic b-token", "Bearer b-token2", "Bearer é"]
)
def test_a_stranger_is_turned_away(house: House, authorization: str) -> None:
    answer = run(post(house, raw(), {"Authorization": authorization}))
    assert answer.status == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert bodies(house) == []


def test_each_producer_is_told_apart(house: House) -> None:
    run(post(house, raw(), {"Authorization": "bearer c-token"}))
    assert run(house.stream(EVENTS_STREAM))[0][b"p"] == b"core"


@pytest.mark.parametrize("declared", [True, False])
def test_a_body_above_the_limit_is_refused(house: House, declared: bool) -> None:
    headers = {**TOKEN, **({"Content-Length": str(LIMIT + 1)} if declared else {})}
    answer = run(post(house, [b" " * LIMIT, raw()], headers))
    assert answer.status == 413
    assert bodies(house) == []


def test_a_client_that_leaves_half_way_publishes_nothing(house: House) -> None:
    assert run(post(house, [], TOKEN)).status == 0
    assert bodies(house) == []


def test_other_methods_and_paths_are_refused(house: House) -> None:
    answer = run(call(house.app, "GET", "/v1/events", headers=TOKEN))
    assert (answer.status, answer.headers["allow"]) == (405, "POST")
    assert run(call(house.app, "GET", "/nothing")).status == 404


def test_without_redis_nothing_is_accepted(house: House) -> None:
    house.server.connected = False
    answer = run(post(house, raw()))
    assert answer.status == 503
    assert answer.headers["retry-after"] == "1"
    house.server.connected = True
    assert bodies(house) == []


def test_what_redis_refuses_is_not_accepted(house: House) -> None:
    async def spoilt() -> Answer:
        async with FakeAsyncRedis(server=house.server) as client:
            await client.set(EVENTS_STREAM, "not a stream")
        return await post(house, raw())

    assert run(spoilt()).status == 503


def test_concurrent_requests_each_get_their_own_answer(house: House) -> None:
    async def many() -> list[Answer]:
        some = b"[" + b",".join(raw(id=f"a{n}") for n in range(7)) + b"]"
        singles = (post(house, raw(id=str(n))) for n in range(600))
        return await asyncio.gather(*singles, post(house, some), post(house, b"{"))

    answers = run(many())
    assert [answer.status for answer in answers] == [202] * 601 + [400]
    ids = [json.loads(body)["id"] for body in bodies(house)]
    assert sorted(ids) == sorted([str(n) for n in range(600)] + [f"a{n}" for n in range(7)])
