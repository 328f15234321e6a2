"""Providers that break at each point of a call: what surely left decides the outcome."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from email import message_from_bytes, policy
from typing import TypeVar

import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session

from channels.contract import Message
from channels.email.smtp import EmailChannel, EmailSettings
from channels.sms.gateway import SmsChannel, SmsSettings
from reminders.domain.outcome import Accepted, Outcome, Permanent, Transient, Uncertain
from tests.contract.carriers import PATIENT, TIMEOUT, ended, message

T = TypeVar("T")
Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]

NUMBER = "+8610012345678"
ADDRESS = "li@deliver.example.com"
SECRET = "not used here"  # noqa: S105  # an invented value: nothing is signed in these tests
HURRIED = timedelta(seconds=0.4)  # where every end before the last word is the same
EMAIL = EmailSettings("127.0.0.1", 0, "bills@lender.example.com", SECRET, timeout=PATIENT)


async def serving(serve: Serve, scene: Callable[[int], Awaitable[T]]) -> T:
    async def guarded(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            await serve(reader, writer)
        writer.close()

    server = await asyncio.start_server(guarded, "127.0.0.1", 0)
    try:
        return await scene(server.sockets[0].getsockname()[1])
    finally:
        server.close()
        await server.wait_closed()


def sms_outcome(serve: Serve, sent: Message | None = None) -> Outcome:
    async def scene(port: int) -> Outcome:
        channel = SmsChannel(SmsSettings(f"http://127.0.0.1:{port}", "t", SECRET, timeout=PATIENT))
        try:
            return await channel.send(sent or message(NUMBER))
        finally:
            await channel.close()

    return asyncio.run(serving(serve, scene))


def replying(raw: bytes) -> Serve:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(raw)
        await writer.drain()

    return serve


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"HTTP/1.1 202 Accepted\r\nContent-Length: 50\r\n\r\n{",
        b"HTTP/1.1 202 Accepted\r\nContent-Length: 1\r\n\r\n{",
        b"SSH-2.0-gateway\r\n\r\n",
        b"HTTP/1.1 202 Accepted\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    ],
)
def test_sms_half_an_answer_is_uncertain(raw: bytes) -> None:
    assert isinstance(sms_outcome(replying(raw)), Uncertain)


def test_sms_a_redirect_is_not_followed() -> None:
    raw = b"HTTP/1.1 307 Go\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n"
    assert sms_outcome(replying(raw)) == Transient("gateway 307")


def test_sms_a_refused_key_is_ours_to_mend() -> None:
    raw = b"HTTP/1.1 401 No\r\nContent-Length: 0\r\n\r\n"
    assert isinstance(sms_outcome(replying(raw)), Transient)


def test_sms_a_gateway_that_comes_back_within_a_blink_is_reached() -> None:
    async def scene() -> Outcome:
        ready = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
        port = ready.sockets[0].getsockname()[1]
        ready.close()
        await ready.wait_closed()
        channel = SmsChannel(SmsSettings(f"http://127.0.0.1:{port}", "t", SECRET, timeout=PATIENT))
        sending = asyncio.create_task(channel.send(message(NUMBER)))
        await asyncio.sleep(0.05)
        raw = b'HTTP/1.1 202 Accepted\r\nContent-Length: 11\r\n\r\n{"id": "x"}'

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await replying(raw)(reader, writer)
            writer.close()

        server = await asyncio.start_server(serve, "127.0.0.1", port)
        try:
            return await sending
        finally:
            await channel.close()
            await ended(server)

    assert asyncio.run(scene()) == Accepted("x")


def test_sms_one_channel_serves_loop_after_loop() -> None:
    channel = SmsChannel(SmsSettings("http://127.0.0.1:1", "t", SECRET, timeout=PATIENT))

    async def once() -> Outcome:
        try:
            return await channel.send(message(NUMBER))
        finally:
            await channel.close()

    assert isinstance(asyncio.run(once()), Transient)
    assert isinstance(asyncio.run(once()), Transient)


def email_outcome(serve: Serve, count: int = 1, timeout: timedelta = PATIENT) -> list[Outcome]:
    async def scene(port: int) -> list[Outcome]:
        channel = EmailChannel(replace(EMAIL, port=port, timeout=timeout))
        try:
            return [await channel.send(message(ADDRESS)) for _ in range(count)]
        finally:
            await channel.close()

    return asyncio.run(serving(serve, scene))


def smtp(*replies: bytes, hang: bool = False) -> Serve:
    """Greets and says each reply to one line read; then closes, or says nothing more."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 hi\r\n")
        for reply in replies:
            end = b"\r\n.\r\n" if reply.startswith(b"250 queued") else b"\r\n"
            await reader.readuntil(end)
            writer.write(reply + b"\r\n")
            await writer.drain()
        await reader.readuntil(b"\r\n")
        if hang:
            await reader.read()

    return serve


@pytest.mark.parametrize(
    "replies",
    [
        (),
        (b"250 hi",),
        (b"250 hi", b"250 ok"),
        (b"250 hi", b"250 ok", b"250 ok"),
        (b"250 hi", b"rubbish"),
    ],
)
@pytest.mark.parametrize("hang", [False, True])
def test_email_broken_before_the_final_dot_is_transient(
    replies: tuple[bytes, ...], hang: bool
) -> None:
    (outcome,) = email_outcome(smtp(*replies, hang=hang), timeout=HURRIED if hang else PATIENT)
    assert isinstance(outcome, Transient)


@pytest.mark.parametrize("hang", [False, True])
def test_email_broken_after_the_final_dot_is_uncertain(hang: bool) -> None:
    taken = smtp(b"250 hi", b"250 ok", b"250 ok", b"354 go", hang=hang)
    (outcome,) = email_outcome(taken, timeout=2 * TIMEOUT if hang else PATIENT)
    assert isinstance(outcome, Uncertain)


def test_email_works_step_by_step_where_nothing_is_offered() -> None:
    (outcome,) = email_outcome(
        smtp(b"250 hi", b"250 ok", b"250 ok", b"354 go", b"250 queued as 7", b"221 bye")
    )
    assert outcome == Accepted("queued as 7")


def test_email_a_kept_connection_that_died_costs_nothing() -> None:
    one_each = smtp(b"250 hi", b"250 ok", b"250 ok", b"354 go", b"250 queued as 7")

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await one_each(reader, writer)

    outcomes = email_outcome(serve, count=2)
    assert outcomes == [Accepted("queued as 7")] * 2


def test_email_goes_on_after_a_refusal_on_the_same_connection() -> None:
    (first, second) = email_outcome(
        smtp(
            b"250 hi",
            b"250 ok",
            b"550 5.1.1 nobody",
            b"250 reset",
            b"250 ok",
            b"250 ok",
            b"354 go",
            b"250 queued as 8",
            b"221 bye",
        ),
        count=2,
    )
    assert first == Permanent("no_such_mailbox", dead_contact=True)
    assert second == Accepted("queued as 8")


OFFERED = b"250-hi\r\n250 PIPELINING"


@pytest.mark.parametrize("hello", [b"250 hi", OFFERED])
def test_email_a_kept_connection_that_says_good_bye_costs_nothing(hello: bytes) -> None:
    """Relays end an idle line, or one that carried enough, with 421 and not without a word."""
    tried: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await smtp(hello, b"250 ok", b"250 ok", b"354 go", b"250 queued as 7")(reader, writer)
        tried.append(b"421 4.4.2 timeout exceeded")
        writer.write(tried[-1] + b"\r\n")

    assert email_outcome(serve, count=2) == [Accepted("queued as 7")] * 2
    assert len(tried) == 2


@pytest.mark.parametrize("hello", [b"250 hi", OFFERED])
def test_email_a_relay_that_is_closing_is_asked_once(hello: bytes) -> None:
    met: list[int] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        met.append(1)
        writer.write(b"220 hi\r\n")
        await reader.readuntil(b"\r\n")
        writer.write(hello + b"\r\n")
        await reader.readuntil(b"\r\n")
        writer.write(b"421 4.7.0 too many errors\r\n")

    assert email_outcome(serve) == [Transient("smtp 421 at mail")]
    assert met == [1]


@pytest.mark.parametrize("behind", [b"", b"503 5.5.1 no\r\n", b"354 go\r\n"])
def test_email_a_refusal_stands_though_the_relay_hangs_up_behind_it(behind: bytes) -> None:
    """With PIPELINING the answer to DATA is under way when the recipient is refused."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 hi\r\n")
        await reader.readuntil(b"\r\n")
        writer.write(OFFERED + b"\r\n")
        for _ in range(3):
            await reader.readuntil(b"\r\n")
        writer.write(b"250 ok\r\n550-5.1.1 nobody of this name\r\n550 5.1.1 here\r\n" + behind)

    (outcome,) = email_outcome(serve)
    assert outcome == Permanent("no_such_mailbox", dead_contact=True)


class _Mailbox:
    """A handler of an independent SMTP server."""

    def __init__(self) -> None:
        self.mails: list[bytes] = []

    async def handle_DATA(
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:  # aiosmtpd's name
        assert isinstance(envelope.content, bytes)
        self.mails.append(envelope.content)
        return "250 OK"


def test_email_an_independent_server_takes_and_reads_it() -> None:
    mailbox = _Mailbox()
    sent = message(ADDRESS, text="a\n.b\n..\n.\nend", html="")

    async def scene() -> list[Outcome]:
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: SMTP(mailbox, loop=loop), "127.0.0.1", 0)
        channel = EmailChannel(
            replace(EMAIL, port=server.sockets[0].getsockname()[1], timeout=PATIENT)
        )
        try:
            return list(await asyncio.gather(*(channel.send(sent) for _ in range(5))))
        finally:
            await channel.close()
            await ended(server)

    assert all(isinstance(outcome, Accepted) for outcome in asyncio.run(scene()))
    assert len(mailbox.mails) == 5
    mail = message_from_bytes(mailbox.mails[0], policy=policy.default)
    assert mail.get_content().replace("\r\n", "\n") == sent.text


def test_email_a_password_never_goes_over_an_open_line() -> None:
    heard: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 hi\r\n")
        heard.append(await reader.readuntil(b"\r\n"))
        writer.write(b"250-hi\r\n250 AUTH PLAIN\r\n")
        heard.append(await reader.read())

    async def scene(port: int) -> Outcome:
        channel = EmailChannel(replace(EMAIL, port=port, username="u", password=SECRET))
        try:
            return await channel.send(message(ADDRESS))
        finally:
            await channel.close()

    assert isinstance(asyncio.run(serving(serve, scene)), Transient)
    assert not any(b"AUTH" in line for line in heard)


@pytest.mark.parametrize("offer", [b"PLAIN LOGIN", b"LOGIN"])
def test_email_logs_in_by_what_is_offered(offer: bytes) -> None:
    heard: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 hi\r\n")
        replies = [b"250-hi\r\n250 AUTH " + offer]
        replies += [b"334 user", b"334 pass"] if offer == b"LOGIN" else []
        replies += [b"535 5.7.8 no"]
        for reply in replies:
            heard.append(await reader.readuntil(b"\r\n"))
            writer.write(reply + b"\r\n")

    async def scene(port: int) -> Outcome:
        settings = replace(
            EMAIL, port=port, username="u", password=SECRET, password_without_tls=True
        )
        channel = EmailChannel(settings)
        try:
            return await channel.send(message(ADDRESS))
        finally:
            await channel.close()

    outcome = asyncio.run(serving(serve, scene))
    assert isinstance(outcome, Transient)
    assert SECRET not in outcome.reason
    assert heard[1].startswith(b"AUTH PLAIN" if b"PLAIN" in offer else b"AUTH LOGIN")


def test_email_waiting_for_a_connection_ends_at_its_time() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()

    async def scene(port: int) -> Outcome:
        channel = EmailChannel(replace(EMAIL, port=port, timeout=timedelta(seconds=30)))
        try:
            return await channel.send(message(ADDRESS, start_by=time.monotonic() + 0.1))
        finally:
            await channel.close()

    outcome = asyncio.run(serving(serve, scene))
    assert type(outcome).__name__ == "Unsent"
