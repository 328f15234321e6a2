"""Whatever is posted to a receipts door: never a fault of ours, and nothing of it is kept unless
its provider signed it."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import cast

import pytest
from fakeredis import FakeAsyncRedis, FakeServer
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from channels.accounts import accounts_of
from channels.contract import Answer as Wanted
from channels.registry import ADAPTERS, build
from config.settings import Settings
from reminders.console.app import create_app
from reminders.console.doors import Doors
from reminders.services.streams import RECEIPTS_STREAM
from tests.contract.garbage import BODY
from tests.contract.posters import PUBLIC, RIGHT, WRONG, Poster, Signed, entries, posters
from tests.unit.console.asgi_client import Answer, call, run

LIMIT = 64 * 1024
REFUSED = {401, 404, 405, 413}
POSTERS = posters()
SIGNING = tuple(each for each in POSTERS if each.sign is not None)
CHEAP = settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow], database=None
)
Raw = Sequence[tuple[bytes, bytes]]


class Hall:
    """The application with an account of every adapter, and the stream behind its doors."""

    def __init__(self, folder: Path) -> None:
        file = folder / "providers.yaml"
        file.write_text(json.dumps({"providers": entries()}))  # JSON is YAML
        self._server = FakeServer()
        made = Settings(
            REDIS_URL="redis://127.0.0.1:1",
            DATABASE_URL="postgresql://127.0.0.1:1/none",
            encryption_keys={"k1": SecretStr("0" * 64)},
            hash_key=SecretStr("h"),
            inbox_key=SecretStr("inbox-key"),
            producer_tokens={"billing": SecretStr("b-token")},
            provider_file=file,
            console_url=PUBLIC,
            http_max_body=LIMIT,
        )
        self.client = FakeAsyncRedis(server=self._server)
        self.app: Doors = create_app(made, client=self.client)
        self.answers: dict[str, Wanted] = {
            name: channel.answer() for name, channel in build(accounts_of(entries())).items()
        }

    async def post(self, name: str, signed: Signed, raw: Raw = (), method: str = "POST") -> Answer:
        path = f"/v1/receipts/{name}"
        return await call(self.app, method, path, signed.body, signed.headers, signed.query, raw)

    async def taken(self) -> list[dict[bytes, bytes]]:
        """What is on the stream, which is empty afterwards."""
        async with FakeAsyncRedis(server=self._server) as client:
            found = cast(
                "list[tuple[bytes, dict[bytes, bytes]]]", await client.xrange(RECEIPTS_STREAM)
            )
            await client.delete(RECEIPTS_STREAM)
        return [fields for _, fields in found]


@pytest.fixture(scope="module")
def hall(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hall]:
    opened = Hall(tmp_path_factory.mktemp("providers"))
    yield opened
    asyncio.run(opened.client.aclose())


NAMES = [each.name for each in POSTERS] + ["nobody", "", "in_app", "human_task", "mail/x", "é"]
HEADERS = st.lists(
    st.tuples(
        st.sampled_from(
            (
                *(b"x-reminders-signature", b"x-twilio-signature", b"x-hub-signature-256"),
                *(b"x-twilio-email-event-webhook-signature", b"content-type"),
                *(b"x-twilio-email-event-webhook-timestamp", b"content-length", b"\xff", b""),
            )
        ),
        st.sampled_from(
            (
                *(b"", b"t=1,v1=0", b"t=\xe9,v1=\xe9", b"t=1,t=2,v1=,v1=", b"t=%d,v1=00" % 2**70),
                *(b"sha256=", b"sha256=\xff", b"message/rfc822", b"MESSAGE/RFC822; x=\xe9"),
                *(b"application/json", b"multipart/form-data; boundary=", b"0", b"-1", b"9" * 30),
                *(b"%d" % time.time(), b"AAAA", b"=", b"\xc2\xb2", b"999999999999"),
            )
        )
        | st.binary(max_size=12),
    ),
    max_size=5,
)
QUERIES = st.one_of(
    st.binary(max_size=30),
    st.sampled_from(
        (
            *(b"key=", b"key", b"key=%ff", b"key=\xff", b"key=another", b"key=a&" * 60, b"&=&"),
            *(b"signature=&timestamp=&nonce=", b"timestamp=\xc2\xb2&signature=0", b"%00", b"?#"),
            *(b"msg_signature=0&timestamp=%d&nonce=%%ff" % time.time(), b"bodySHA256=%ff"),
            *(b"echostr=%3Cb%3E&signature=0&timestamp=0", b"hub.mode=subscribe&hub.challenge=1"),
            *(b"attempt=" + b"0" * 3000, b"delivered_at=0001-01-01T00:00:00%2B14:00"),
        )
    ),
)
METHODS = st.sampled_from(("POST", "POST", "POST", "GET", "PUT", "HEAD", ""))


def test_every_adapter_has_a_poster() -> None:
    """Whoever adds a provider says here how it signs, or that nothing comes by HTTP."""
    assert {each.adapter for each in POSTERS} == set(ADAPTERS)


@CHEAP
@given(body=BODY, raw=HEADERS, query=QUERIES, method=METHODS)
def test_nothing_unsigned_gets_in(
    hall: Hall, body: bytes, raw: Raw, query: bytes, method: str
) -> None:
    """Refused in words, and no fault of ours."""

    async def scene() -> None:
        for name in NAMES:
            path = f"/v1/receipts/{name}"
            answer = await call(hall.app, method, path, body, {}, query, raw)
            assert answer.whole
            assert answer.status in REFUSED, (name, answer)
            assert answer.json["error"]
        assert await hall.taken() == []

    run(scene())


@CHEAP
@given(body=BODY, raw=HEADERS)
def test_what_another_signed_gets_in_nowhere(hall: Hall, body: bytes, raw: Raw) -> None:
    """With another secret, or at the door of a provider that posts nothing."""

    async def scene() -> None:
        for poster in SIGNING:
            wrong = _signed(poster, body, secret=WRONG)
            assert (await hall.post(poster.name, wrong, raw)).status in REFUSED
            assert (await hall.post("smpp", _signed(poster, body))).status == 401
        assert await hall.taken() == []

    run(scene())


@CHEAP
@given(body=BODY, kind=st.sampled_from(("", "application/json", "é" * 300, "text/xml")))
@example(body=b"x" * 20_000, kind="")
def test_what_its_provider_signed_is_kept_once_as_it_came(
    hall: Hall, body: bytes, kind: str
) -> None:
    """Garbage or not: that is for whoever reads the stream to find out."""

    async def scene() -> None:
        for poster in SIGNING:
            signed = _signed(poster, body)
            raw = [] if "content-type" in signed.headers else [(b"content-type", kind.encode())]
            answer = await hall.post(poster.name, signed, raw)
            wanted = hall.answers[poster.name]
            got = (answer.status, answer.body, answer.headers["content-type"])
            assert got == (wanted.status, wanted.body, wanted.content_type), poster.name
            (entry,) = await hall.taken()
            assert entry[b"b"] == signed.body
            assert entry[b"p"] == poster.name.encode()
            assert RIGHT.encode() not in entry.get(b"u", b"").replace(b"%20", b" ")

    run(scene())


def _signed(poster: Poster, body: bytes, off: int = 0, secret: str = RIGHT) -> Signed:
    assert poster.sign is not None
    return poster.sign(body, secret, int(time.time()) + off)


@pytest.mark.parametrize("poster", SIGNING, ids=lambda each: each.name)
def test_a_signature_is_of_its_own_time(hall: Hall, poster: Poster) -> None:
    """An old one is refused where the protocol has a time, and so is one of tomorrow."""
    off = poster.dated or 86_400

    async def scene() -> list[int]:
        return [
            (await hall.post(poster.name, _signed(poster, b"{}", each))).status
            for each in (-off - 2, off + 60, 10 - off)
        ] + [len(await hall.taken())]

    assert run(scene()) == ([401, 401, 200, 1] if poster.dated else [200, 200, 200, 3])


@pytest.mark.parametrize("declared", [True, False])
@pytest.mark.parametrize("poster", SIGNING, ids=lambda each: each.name)
def test_a_huge_post_is_refused_signed_or_not(hall: Hall, poster: Poster, declared: bool) -> None:
    """It is not read to its end: what would be checked never comes together."""
    signed = _signed(poster, b'"' + b"x" * LIMIT + b'"') if poster.name != "sealed" else Signed(b"")
    chunk = b"x" * 20_000
    raw = [(b"content-length", b"%d" % (LIMIT + 1))] if declared else []

    async def scene() -> tuple[int, int, int]:
        path = f"/v1/receipts/{poster.name}"
        one = await call(hall.app, "POST", path, b"x" * (LIMIT + 1), signed.headers, signed.query)
        many = await call(hall.app, "POST", path, [chunk] * 9, signed.headers, "", raw)
        return one.status, many.status, len(await hall.taken())

    assert run(scene()) == (413, 413, 0)


@pytest.mark.parametrize("poster", SIGNING, ids=lambda each: each.name)
def test_a_doubled_signature_opens_nothing_that_one_would_not(hall: Hall, poster: Poster) -> None:
    """Beside a wrong one, before it or behind: taken whole or refused, never half."""
    good, wrong = _signed(poster, b"{}"), _signed(poster, b"{}", secret=WRONG)

    async def scene() -> None:
        both = [
            (wrong.headers, _raw(good), f"{wrong.query}&{good.query}"),
            (good.headers, _raw(wrong), f"{good.query}&{wrong.query}"),
            (wrong.headers, _raw(wrong), f"{wrong.query}&{wrong.query}"),
        ]
        for number, (first, second, query) in enumerate(both):
            path = f"/v1/receipts/{poster.name}"
            body = wrong.body if number == 2 else good.body
            answer = await call(
                hall.app, "POST", path, body, first, query if good.query else "", second
            )
            kept = await hall.taken()
            assert (answer.status, len(kept)) in ((200, 1), (401, 0))
            assert number != 2 or answer.status == 401

    run(scene())


def _raw(signed: Signed) -> Raw:
    return [(name.encode(), value.encode()) for name, value in signed.headers.items()]
