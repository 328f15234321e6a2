"""The doors as their users meet them: over a socket, with what they answer for in Redis."""

from __future__ import annotations

import http.client
import json
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import cast
from urllib.parse import urlsplit

import pytest
import redis

from channels.signature import HEADER, sign
from reminders.console import health
from reminders.services.http_producer import DoorRefused, HttpProducer
from reminders.services.inbox_token import inbox_token
from reminders.services.producer import Producer
from reminders.services.streams import EVENTS_STREAM, RECEIPTS_STREAM
from tests.unit.events.samples import raw

Fields = dict[bytes, bytes]


def entries(client: redis.Redis, stream: str) -> list[Fields]:
    found = cast("list[tuple[bytes, Fields]]", client.xrange(stream))
    return [fields for _, fields in found]


def ask(
    door: str, method: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None
) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection(urlsplit(door).netloc, timeout=60)
    try:
        connection.request(method, path, body, headers or {})
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


def test_what_was_accepted_is_on_the_stream(door: str, streams: redis.Redis) -> None:
    headers = {"Authorization": "Bearer b-token"}

    def post(number: int) -> int:
        return ask(door, "POST", "/v1/events", raw(id=str(number)), headers)[0]

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(post, range(100))) == {202}
    ids = {json.loads(fields[b"e"])["id"] for fields in entries(streams, EVENTS_STREAM)}
    assert ids == {str(number) for number in range(100)}


def test_connections_that_redis_dropped_cost_no_event(door: str, streams: redis.Redis) -> None:
    headers = {"Authorization": "Bearer b-token"}
    for number in range(5):
        assert ask(door, "POST", "/v1/events", raw(id=str(number)), headers)[0] == 202
        streams.client_kill_filter(_type="normal", skipme=True)
    assert {json.loads(fields[b"e"])["id"] for fields in entries(streams, EVENTS_STREAM)} == {
        str(number) for number in range(5)
    }


def test_the_producers_agree_on_the_entry(door: str, streams: redis.Redis, redis_url: str) -> None:
    with Producer(redis_url, source="billing", batch=7) as direct:
        for number in range(20):
            direct.publish(raw(id=str(number)))
    with HttpProducer(door, "b-token", batch=7) as through:
        for number in range(20):
            through.publish(raw(id=str(number)))
    found = entries(streams, EVENTS_STREAM)
    assert [fields[b"e"] for fields in found[:20]] == [fields[b"e"] for fields in found[20:]]
    assert {fields[b"p"] for fields in found} == {b"billing"}
    assert all(abs(float(fields[b"t"]) - time.time()) < 60 for fields in found)


def test_a_wrong_token_is_told_once(door: str, streams: redis.Redis) -> None:
    producer = HttpProducer(door, "wrong")
    producer.publish(raw())
    with pytest.raises(DoorRefused, match="401: a producer's bearer token is wanted"):
        producer.flush()
    producer.close()
    assert entries(streams, EVENTS_STREAM) == []


def test_a_body_above_the_limit_is_refused(door: str, streams: redis.Redis) -> None:
    headers = {"Authorization": "Bearer b-token", "Content-Length": str(2**40)}
    assert ask(door, "POST", "/v1/events", b"[", headers)[0] == 413


def test_a_signed_receipt_is_kept_whole(door: str, streams: redis.Redis) -> None:
    body = b'[{"reference": "x"},\n {}]'
    path = "/v1/receipts/sms-gateway"
    assert ask(door, "POST", path, body, {HEADER: sign("s3cret", body)})[0] == 200
    assert ask(door, "POST", path, body, {HEADER: sign("wrong", body)})[0] == 401
    (entry,) = entries(streams, RECEIPTS_STREAM)
    assert (entry[b"b"], entry[b"p"], entry[b"s"]) == (body, b"sms-gateway", b"1")


def test_who_has_read_the_inbox_finds_the_receipt_there(door: str, streams: redis.Redis) -> None:
    token = inbox_token("C-1", "inbox-key", datetime.now(UTC) + timedelta(minutes=1))
    for number in range(1, 11):
        status, body = ask(
            door, "GET", "/v1/inbox/C-1", headers={"Authorization": f"Bearer {token}"}
        )
        assert status == 200
        assert json.loads(body)["messages"][0]["text"] == "12.00 is due today"
        assert streams.xlen(RECEIPTS_STREAM) == number
    assert json.loads(entries(streams, RECEIPTS_STREAM)[0][b"b"]) == [
        {"reference": "0f" * 16, "status": "read", "at": "2026-03-25T01:30:00+00:00"}
    ]


def test_alive_and_ready(door: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "_PATIENCE_S", 60.0)  # a busy machine may need it
    assert ask(door, "GET", "/healthz")[0] == 200
    assert ask(door, "GET", "/readyz") == (200, b'{"status":"ready"}')
