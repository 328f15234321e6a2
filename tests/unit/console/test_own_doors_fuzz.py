"""Whatever comes to the doors by which customers themselves are heard: never a fault of ours, and
nothing counts as read, followed or switched off without a pass."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from fakeredis import FakeAsyncRedis, FakeServer
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from config.settings import Settings
from reminders.console.app import create_app
from reminders.console.doors import Doors
from reminders.services.inbox_token import inbox_token
from reminders.services.streams import EVENTS_STREAM, RECEIPTS_STREAM
from tests.contract.garbage import BODY
from tests.unit.console.asgi_client import call, run
from tests.unit.console.conftest import NOW, Shown

CHEAP = settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow], database=None
)
READ = "1" * 32
PASS = inbox_token("C-1", "inbox-key", datetime.now(UTC) + timedelta(hours=1))
FORGED = inbox_token("C-1", "another-key", datetime.now(UTC) + timedelta(hours=1))
WORDS = st.one_of(
    st.text(max_size=12),
    st.sampled_from(
        (FORGED, FORGED[:-1], PASS + "x", PASS[1:], "C-1", "é", "\ud800", "a.b", ".", "..", "\0")
    ),
)
HEADERS = st.lists(
    st.tuples(
        st.sampled_from(
            (b"authorization", b"content-type", b"content-length", b"accept", b"cookie", b"\xff")
        ),
        st.sampled_from((b"Bearer ", b"Bearer \xff", b"bearer a.b.c", b"application/json", b"-1"))
        | st.binary(max_size=12),
    ),
    max_size=4,
)


class Hall:
    """The application, one customer's inbox, and the streams behind it."""

    def __init__(self) -> None:
        self._server = FakeServer()
        self.client = FakeAsyncRedis(server=self._server)
        made = Settings(
            REDIS_URL="redis://127.0.0.1:1",
            DATABASE_URL="postgresql://127.0.0.1:1/none",
            encryption_keys={"k1": SecretStr("0" * 64)},
            hash_key=SecretStr("h"),
            inbox_key=SecretStr("inbox-key"),
            producer_tokens={"billing": SecretStr("b-token")},
            console_url="https://b.example.com",
            short_links=True,
        )
        self.app: Doors = create_app(
            made, client=self.client, read_inbox=lambda _: [Shown(READ)], now=lambda: NOW
        )

    async def taken(self) -> int:
        """How many entries the streams have, which are empty afterwards."""
        async with FakeAsyncRedis(server=self._server) as client:
            found = [int(await client.xlen(name)) for name in (RECEIPTS_STREAM, EVENTS_STREAM)]
            await client.delete(RECEIPTS_STREAM, EVENTS_STREAM)
        return sum(found)


@pytest.fixture(scope="module")
def hall() -> Iterator[Hall]:
    opened = Hall()
    yield opened
    asyncio.run(opened.client.aclose())


@CHEAP
@given(word=WORDS, body=BODY, raw=HEADERS, query=st.binary(max_size=20))
def test_without_a_pass_nothing_is_read_followed_or_switched_off(
    hall: Hall, word: str, body: bytes, raw: list[tuple[bytes, bytes]], query: bytes
) -> None:
    paths = [f"/v1/inbox/C-1{act}" for act in ("", "/read", "/events", f"/{word}")]
    paths += [f"{door}{word}" for door in ("/v1/inbox/", "/p/", "/v1/preferences/")]
    bearer = (b"authorization", b"Bearer " + (word.encode("utf-8", "replace") or FORGED.encode()))

    async def scene() -> None:
        for path in (*paths, f"/v1/preferences/{FORGED}", f"/v1/preferences/{word}/offsets"):
            for method in ("GET", "POST", "PUT"):
                answer = await call(hall.app, method, path, body, {}, query, [bearer, *raw])
                assert answer.whole
                assert 400 <= answer.status < 500, (method, path, answer)
        assert await hall.taken() == 0

    run(scene())


@CHEAP
@given(body=BODY, raw=HEADERS, query=st.binary(max_size=20))
def test_whoever_has_a_pass_may_post_anything_and_reads_their_own_alone(
    hall: Hall, body: bytes, raw: list[tuple[bytes, bytes]], query: bytes
) -> None:
    async def scene() -> None:
        mine = {"Authorization": f"Bearer {PASS}"}
        raws = [each for each in raw if each[0] != b"authorization"]
        answer = await call(hall.app, "POST", "/v1/inbox/C-1/read", body, mine, query, raws)
        assert answer.whole
        assert answer.status in (200, 400, 413, 422), answer
        assert (await call(hall.app, "POST", "/v1/inbox/C-2/read", body, mine)).status == 403
        assert await hall.taken() == 0

    run(scene())
