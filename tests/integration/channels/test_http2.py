"""The HTTP/2 client against a server of its own: what surely left, and what surely did not."""

from __future__ import annotations

import asyncio
import datetime as dt
import ipaddress
import ssl
import threading
import time
from collections.abc import Awaitable, Callable, Coroutine
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from h2.errors import ErrorCodes

from channels.errors import AnswerLost, NotConnected, NothingTaken, TooLate
from channels.http2 import Http2Transport
from channels.sandbox.http2_server import (
    Handler,
    Http2Request,
    Http2Server,
    Http2ServerConnection,
)
from channels.transport import Reply
from tests.contract.carriers import PATIENT, TIMEOUT, closed_port, ended

T = TypeVar("T")


def echo(request: Http2Request) -> None:
    request.respond(200, {"path": request.path, "size": len(request.body)}, {"x-id": "7"})


def play(
    handler: Handler,
    scene: Callable[[Http2Transport, Http2Server], Awaitable[T]],
    most_streams: int = 100,
    probe_after_s: float = 60.0,
    timeout: timedelta = PATIENT,
) -> T:
    async def run() -> T:
        server = Http2Server(handler, most_streams)
        await server.start()
        client = Http2Transport(
            f"http://127.0.0.1:{server.port}", timeout, probe_after_s=probe_after_s
        )
        try:
            return await scene(client, server)
        finally:
            await client.close()
            await server.close()

    return asyncio.run(run())


async def post(
    client: Http2Transport, body: bytes = b"{}", path: str = "/3/device/a", **more: float
) -> Reply:
    return await client.request(
        "POST", f"http://sandbox{path}", {"Authorization": "bearer x"}, body, **more
    )


def test_many_requests_share_one_connection() -> None:
    async def scene(client: Http2Transport, server: Http2Server) -> None:
        replies = await asyncio.gather(*(post(client, path=f"/p/{each}") for each in range(50)))
        assert {reply.status for reply in replies} == {200}
        assert b'"/p/7"' in replies[7].body
        assert replies[0].headers["x-id"] == "7"
        assert len(server.connections) == 1

    play(echo, scene)


def test_no_more_streams_at_once_than_the_server_takes() -> None:
    open_now: list[int] = []
    most: list[int] = []

    def handler(request: Http2Request) -> None:
        open_now.append(request.stream_id)
        most.append(len(open_now))

        def answer() -> None:
            open_now.remove(request.stream_id)
            echo(request)

        asyncio.get_running_loop().call_later(0.01, answer)

    async def scene(client: Http2Transport, _: Http2Server) -> None:
        replies = await asyncio.gather(*(post(client) for _ in range(12)))
        assert [reply.status for reply in replies] == [200] * 12

    play(handler, scene, most_streams=3)
    assert max(most) == 3


def test_a_body_beyond_the_window_is_sent_as_the_server_reads() -> None:
    def handler(request: Http2Request) -> None:
        request.respond(200, {})

    async def scene(client: Http2Transport, _: Http2Server) -> None:
        big = b"x" * 300_000  # several times the first window of 65,535 bytes
        replies = await asyncio.gather(*(post(client, big) for _ in range(3)))
        assert [reply.status for reply in replies] == [200] * 3

    play(handler, scene)


def test_nobody_listening_is_not_connected() -> None:
    async def scene() -> None:
        client = Http2Transport(f"http://127.0.0.1:{closed_port()}", PATIENT)
        with pytest.raises(NotConnected, match="connect"):
            await post(client)
        await client.close()

    asyncio.run(scene())


def test_silence_is_lost_and_others_go_on() -> None:
    def handler(request: Http2Request) -> None:
        if "hang" not in request.path:
            echo(request)

    async def scene(client: Http2Transport, server: Http2Server) -> None:
        hanging = asyncio.create_task(post(client, path="/hang"))
        for _ in range(4):
            await asyncio.sleep(0.1)
            assert (await post(client)).status == 200
        with pytest.raises(AnswerLost):
            await hanging
        assert (await post(client)).status == 200
        assert len(server.connections) == 1

    play(handler, scene, timeout=TIMEOUT)


def test_a_connection_that_says_nothing_at_all_is_left() -> None:
    first: list[Http2ServerConnection] = []

    def handler(request: Http2Request) -> None:
        first.append(request.connection)
        if request.connection is not first[0]:
            echo(request)

    async def scene(client: Http2Transport, _: Http2Server) -> None:
        with pytest.raises(AnswerLost):
            await post(client)
        assert (await post(client)).status == 200

    play(handler, scene, timeout=TIMEOUT)


def test_a_refused_stream_is_tried_again_and_taken_once() -> None:
    """RFC 9113 §8.7: REFUSED_STREAM says that nothing was processed."""
    seen: list[int] = []

    def handler(request: Http2Request) -> None:
        seen.append(request.stream_id)
        if len(seen) == 1:
            request.connection.h2.reset_stream(request.stream_id, ErrorCodes.REFUSED_STREAM)
        else:
            echo(request)

    async def scene(client: Http2Transport, _: Http2Server) -> None:
        assert (await post(client)).status == 200

    play(handler, scene)
    assert len(seen) == 2


def test_any_other_reset_after_the_bytes_left_is_not_tried_again() -> None:
    seen: list[int] = []

    def handler(request: Http2Request) -> None:
        seen.append(request.stream_id)
        request.connection.h2.reset_stream(request.stream_id, ErrorCodes.INTERNAL_ERROR)

    async def scene(client: Http2Transport, _: Http2Server) -> None:
        with pytest.raises(AnswerLost):
            await post(client)

    play(handler, scene)
    assert len(seen) == 1


def test_goaway_lets_older_streams_finish_and_sends_the_others_elsewhere() -> None:
    """RFC 9113 §6.8, and the reply comes in the same packet as the GOAWAY."""
    held: list[Http2Request] = []
    served: list[Http2ServerConnection] = []

    def handler(request: Http2Request) -> None:
        held.append(request)
        if len(held) == 2:
            older, newer = held
            h2 = older.connection.h2
            h2.close_connection(last_stream_id=older.stream_id)
            # The library sends nothing after a GOAWAY; a real server does.
            h2.state_machine.state = type(h2.state_machine.state).SERVER_OPEN
            older.respond(200, {"was": "older"})
            assert newer.stream_id > older.stream_id
        elif len(held) > 2:
            served.append(request.connection)
            request.respond(200, {"was": "again"})

    async def scene(client: Http2Transport, _: Http2Server) -> None:
        older, newer = await asyncio.gather(post(client, path="/1"), post(client, path="/2"))
        assert b"older" in older.body
        assert b"again" in newer.body
        assert (await post(client)).status == 200

    play(handler, scene)
    assert len(held) == 4
    assert served[0] is not held[0].connection


def test_a_connection_cut_in_mid_exchange_is_lost() -> None:
    def handler(request: Http2Request) -> None:
        assert request.connection.transport is not None
        request.connection.transport.abort()

    async def scene(client: Http2Transport, _: Http2Server) -> None:
        with pytest.raises(AnswerLost):
            await post(client)

    play(handler, scene)


def test_a_connection_cut_before_the_last_byte_took_nothing() -> None:
    """Held back by the window, the request never became whole: it goes by another connection."""
    whole: list[int] = []

    def handler(request: Http2Request) -> None:
        whole.append(len(request.body))
        echo(request)

    async def scene(client: Http2Transport, server: Http2Server) -> None:
        assert (await post(client)).status == 200
        (connection,) = server.connections
        connection.h2.acknowledge_received_data = (  # type: ignore[method-assign]  # no window
            lambda acknowledged_size, stream_id: None
        )
        assert connection.transport is not None
        asyncio.get_running_loop().call_later(0.05, connection.transport.abort)
        assert (await post(client, b"x" * 100_000)).status == 200

    play(handler, scene)
    assert len(whole) == 2


def test_an_idle_connection_is_asked_before_it_is_trusted() -> None:
    async def scene(client: Http2Transport, server: Http2Server) -> None:
        assert (await post(client)).status == 200
        (dead,) = server.connections
        dead.h2.receive_data = lambda data: []  # type: ignore[method-assign]  # hears nothing more
        assert (await post(client)).status == 200

    play(echo, scene, probe_after_s=0.0, timeout=2 * TIMEOUT)


def test_a_closed_idle_connection_is_replaced_unseen() -> None:
    async def scene(client: Http2Transport, server: Http2Server) -> None:
        assert (await post(client)).status == 200
        (connection,) = server.connections
        connection.close()
        await asyncio.sleep(0.05)
        assert (await post(client)).status == 200

    play(echo, scene)


@pytest.mark.parametrize("silent_s", [0.12, 0.3])
def test_what_came_while_the_loop_stood_still_is_read_first(silent_s: float) -> None:
    """A worker's loop runs while it delivers and not between: the end was sent, and is unread."""
    seen: list[str] = []

    def handler(request: Http2Request) -> None:
        seen.append(request.path)
        echo(request)

    theirs, ours = asyncio.new_event_loop(), asyncio.new_event_loop()
    server = Http2Server(handler)
    thread = threading.Thread(target=theirs.run_forever)
    thread.start()

    def there(work: Coroutine[None, None, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, theirs).result(60)

    async def cut() -> None:
        for connection in tuple(server.connections):
            connection.close()

    there(server.start())
    client = Http2Transport(f"http://127.0.0.1:{server.port}", PATIENT, probe_after_s=0.2)
    try:
        assert ours.run_until_complete(post(client, path="/1")).status == 200
        there(cut())
        time.sleep(silent_s)
        assert ours.run_until_complete(post(client, path="/2")).status == 200
        ours.run_until_complete(client.close())
    finally:
        there(server.close())
        theirs.call_soon_threadsafe(theirs.stop)
        thread.join()
        theirs.close()
        ours.close()
    assert seen == ["/1", "/2"]


def test_nothing_begins_after_its_time() -> None:
    seen: list[int] = []

    async def scene(client: Http2Transport, _: Http2Server) -> None:
        with pytest.raises(TooLate):
            await post(client, start_by=time.monotonic() - 0.001)
        hanging = asyncio.create_task(post(client))
        await asyncio.sleep(0.1)
        with pytest.raises(TooLate):  # one stream at a time, and it is taken
            await post(client, start_by=time.monotonic() + 0.05)
        with pytest.raises(AnswerLost):
            await hanging

    play(lambda request: seen.append(request.stream_id), scene, 1, timeout=TIMEOUT)
    assert len(seen) == 1


@pytest.mark.parametrize(
    ("said", "taken"),
    [
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", NothingTaken),
        (b"\0" * 100, NothingTaken),
        (b"\xff" * 5000, NothingTaken),
        (b"", NothingTaken),  # nothing at all: no SETTINGS, so no request leaves
        (b"\0\0\0\4\0\0\0\0\0" + b"\xff" * 50_000, NothingTaken),
        (b"\0\0\0\4\0\0\0\0\0", AnswerLost),  # SETTINGS, then silence
    ],
)
def test_a_server_that_speaks_something_else_is_told_apart(
    said: bytes, taken: type[Exception]
) -> None:
    class Strange(asyncio.Protocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            open_now.append(transport)
            assert isinstance(transport, asyncio.Transport)
            transport.write(said)

    open_now: list[asyncio.BaseTransport] = []

    async def scene() -> None:
        server = await asyncio.get_running_loop().create_server(Strange, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        client = Http2Transport(f"http://127.0.0.1:{port}", TIMEOUT)
        with pytest.raises(taken):
            await post(client)
        await client.close()
        for transport in open_now:
            transport.close()
        await ended(server)

    asyncio.run(scene())


def _self_signed(folder: Path, alpn: list[str]) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """A server's and a client's TLS settings that know each other."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "push.example.com")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False
        )
        .sign(key, hashes.SHA256())
    )
    file = folder / "server.pem"
    pem = serialization.Encoding.PEM
    file.write_bytes(
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + made.public_bytes(pem)
    )
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(file)
    server.set_alpn_protocols(alpn)
    client = ssl.create_default_context(cadata=made.public_bytes(pem).decode())
    client.set_alpn_protocols(["h2"])
    return server, client


@pytest.mark.parametrize(("alpn", "fine"), [(["h2"], True), (["http/1.1"], False)])
def test_tls_speaks_http2_or_not_at_all(alpn: list[str], fine: bool, tmp_path: Path) -> None:
    theirs, ours = _self_signed(tmp_path, alpn)

    async def scene() -> None:
        loop = asyncio.get_running_loop()
        everyone: set[Http2ServerConnection] = set()
        server = await loop.create_server(
            lambda: Http2ServerConnection(echo, 10, everyone), "127.0.0.1", 0, ssl=theirs
        )
        port = server.sockets[0].getsockname()[1]
        client = Http2Transport(f"https://127.0.0.1:{port}", PATIENT, context=ours)
        if fine:
            assert (await post(client)).status == 200
        else:
            with pytest.raises(NothingTaken, match="connect"):
                await post(client)
        await client.close()
        await ended(server)

    asyncio.run(scene())


def test_a_stranger_s_certificate_is_refused(tmp_path: Path) -> None:
    theirs, _ = _self_signed(tmp_path, ["h2"])

    async def scene() -> None:
        loop = asyncio.get_running_loop()
        everyone: set[Http2ServerConnection] = set()
        server = await loop.create_server(
            lambda: Http2ServerConnection(echo, 10, everyone), "127.0.0.1", 0, ssl=theirs
        )
        port = server.sockets[0].getsockname()[1]
        client = Http2Transport(f"https://127.0.0.1:{port}", PATIENT)
        with pytest.raises(NothingTaken, match="connect"):
            await post(client)
        await client.close()
        await ended(server)

    asyncio.run(scene())
