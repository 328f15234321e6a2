"""The producer batches, checks, and sends again until Redis has everything."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import fakeredis
import pytest
from redis.exceptions import ConnectionError, ResponseError

from reminders.events import EventError, parse_event
from reminders.services.producer import Producer, Published
from reminders.services.streams import EVENTS_STREAM
from tests.unit.events.samples import raw

URL = "redis://127.0.0.1:1"


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> fakeredis.FakeServer:
    server = fakeredis.FakeServer()

    def from_url(url: str, **_: object) -> fakeredis.FakeRedis:
        assert url == URL
        return fakeredis.FakeRedis(server=server)

    monkeypatch.setattr("reminders.services.producer.Redis.from_url", from_url)
    return server


def bodies(server: fakeredis.FakeServer) -> list[bytes]:
    with fakeredis.FakeRedis(server=server) as client:
        entries = cast("list[tuple[bytes, dict[bytes, bytes]]]", client.xrange(EVENTS_STREAM))
        return [fields[b"e"] for _, fields in entries]


def test_bytes_events_and_dictionaries_are_published_in_order(
    server: fakeredis.FakeServer,
) -> None:
    with Producer(URL) as producer:
        producer.publish(raw(id="1"))
        producer.publish(parse_event(raw(id="2")))
        producer.publish({**parse_event(raw(id="3")).model_dump(mode="json")})
        assert bodies(server) == []
    assert bodies(server)[0] == raw(id="1")
    assert [parse_event(body).id for body in bodies(server)] == ["1", "2", "3"]


def test_a_full_batch_goes_by_itself(server: fakeredis.FakeServer) -> None:
    with Producer(URL, batch=2) as producer:
        for n in range(5):
            producer.publish(raw(id=str(n)))
        assert len(bodies(server)) == 4
        assert producer.flush() == Published(events=5, sent=5)
    assert len(bodies(server)) == 5


def test_what_is_no_event_is_told_at_once_unless_unchecked(server: fakeredis.FakeServer) -> None:
    with Producer(URL) as producer, pytest.raises(EventError, match="unknown type"):
        producer.publish(raw(type="x"))
    assert bodies(server) == []
    with Producer(URL, check=False) as producer:
        producer.publish(b"anything")
    assert bodies(server) == [b"anything"]


def test_leaving_by_an_error_sends_nothing_more(server: fakeredis.FakeServer) -> None:
    def fail_half_way() -> None:
        with Producer(URL) as producer:
            producer.publish(raw())
            raise KeyError

    with pytest.raises(KeyError):
        fail_half_way()
    assert bodies(server) == []


def test_a_lost_connection_is_tried_again(
    server: fakeredis.FakeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    producer = Producer(URL)
    send, failures = producer._send, [ConnectionError("gone"), ConnectionError("gone")]

    def flaky(waiting: Sequence[bytes]) -> None:
        send(waiting)  # Redis took it, and its answer is lost
        if failures:
            raise failures.pop()

    monkeypatch.setattr(producer, "_send", flaky)
    with producer:
        producer.publish(raw())
        assert producer.flush() == Published(events=1, sent=3)
    assert set(bodies(server)) == {raw()}


def test_patience_ends(server: fakeredis.FakeServer) -> None:
    server.connected = False
    producer = Producer(URL, patience_s=0.1)
    producer.publish(raw())
    with pytest.raises(ConnectionError):
        producer.flush()
    server.connected = True
    assert producer.flush().events == 1
    assert bodies(server) == [raw()]


def test_what_redis_refuses_is_not_tried_again(server: fakeredis.FakeServer) -> None:
    with fakeredis.FakeRedis(server=server) as client:
        client.set(EVENTS_STREAM, "not a stream")
    producer = Producer(URL)
    producer.publish(raw())
    with pytest.raises(ResponseError):
        producer.flush()


def test_it_connects_only_when_it_sends() -> None:
    Producer(URL).close()
