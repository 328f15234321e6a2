"""SMPP against the simulated carrier: receipts over the listening session, parts, the window."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import TypeVar, cast

import pytest

from channels.contract import Post
from channels.sandbox.smpp_line import SmppLine
from channels.sandbox.smsc import Esme, MessageCentre
from channels.sms.smpp import SmppChannel, SmppSettings
from channels.sms.smpp.pdu import Pdu
from channels.sms.smpp.settings import Bind, LongMessages
from reminders.domain.outcome import (
    Accepted,
    Inbound,
    Permanent,
    Receipt,
    ReceiptStatus,
    Transient,
    Uncertain,
)
from tests.contract.carriers import (
    PATIENT,
    START,
    TIMEOUT,
    World,
    closed_port,
    ended,
    message,
    play,
)
from tests.integration.channels.test_email_tls import certificate

T = TypeVar("T")
NAME = "carrier"
LONG = "您的账单 ¥1,234.56 明天到期。😀[]" * 8
R = ReceiptStatus


@dataclass(slots=True)
class Stream:
    """Where the listening process puts what it hears."""

    posts: list[Post] = field(default_factory=list)

    async def take(self, post: Post) -> None:
        self.posts.append(post)


def account(world: World) -> SmppSettings:
    return replace(cast(SmppSettings, world.accounts[NAME]), timeout=world.timeout)


def line(world: World) -> SmppLine:
    return cast(SmppLine, world.sandbox.lines[0])


@asynccontextmanager
async def listening(settings: SmppSettings) -> AsyncIterator[Stream]:
    stream = Stream()
    task = asyncio.create_task(SmppChannel(settings).listen(stream.take))
    try:
        yield stream
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


def scene_with(
    folder: Path,
    scene: Callable[[SmppChannel, Stream, World], Awaitable[T]],
    timeout: timedelta = PATIENT,
    **changes: object,
) -> T:
    async def run(world: World) -> T:
        settings = replace(account(world), **changes)  # type: ignore[arg-type]  # fields by name
        channel = SmppChannel(settings)
        try:
            async with listening(settings) as stream:
                return await scene(channel, stream, world)
        finally:
            await channel.close()

    return play(folder, run, (("smpp", NAME),), timeout)


def journal(folder: Path) -> list[dict[str, str]]:
    lines = (folder / f"{NAME}.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


@pytest.mark.parametrize(
    ("number", "statuses", "reason"),
    [
        ("+8610012345678", [R.DELIVERED], ""),
        ("+8610112345678", [], ""),
        ("+8610612345678", [R.DELIVERED, R.DELIVERED, R.ACCEPTED, R.DELIVERED], ""),
        ("+8610812345678", [R.UNDELIVERED], "err_027"),
    ],
)
def test_receipts_come_over_the_listening_session(
    number: str, statuses: list[ReceiptStatus], reason: str, tmp_path: Path
) -> None:
    async def scene(channel: SmppChannel, stream: Stream, world: World) -> list[Receipt]:
        sent = message(number)
        outcome = await channel.send(sent)
        assert isinstance(outcome, Accepted)
        await world.advance(timedelta(minutes=10))
        receipts = [one for post in stream.posts for one in channel.hear(post).receipts]
        assert {receipt.provider_ref for receipt in receipts} <= {outcome.ref}
        return receipts

    receipts = scene_with(tmp_path, scene)
    assert sorted(receipt.status for receipt in receipts) == sorted(statuses)
    assert all(START < receipt.at < START + timedelta(minutes=5) for receipt in receipts)
    assert {receipt.reason for receipt in receipts} <= {reason}


def test_the_clock_waits_until_a_receiver_has_the_receipt(tmp_path: Path) -> None:
    """A virtual day would else go by before what happened in its morning is heard."""

    async def run(world: World) -> None:
        channel = SmppChannel(account(world))
        assert isinstance(await channel.send(message("+8610012345678")), Accepted)
        moving = asyncio.ensure_future(world.advance(timedelta(minutes=10)))
        async with asyncio.timeout(60):
            while not (status := world.sandbox.control.status())["last_error"]:
                await asyncio.sleep(0.02)
        assert not moving.done()
        assert (status["in_flight"], status["last_error"]) == (1, "no receiver is bound")
        async with listening(account(world)) as stream:
            await asyncio.wait_for(moving, 60)
        assert len(stream.posts) == 1
        await channel.close()

    play(tmp_path, run, lines=(("smpp", NAME),))


@pytest.mark.parametrize("form", LongMessages)
def test_a_long_text_arrives_whole_and_has_one_receipt(form: LongMessages, tmp_path: Path) -> None:
    async def scene(channel: SmppChannel, stream: Stream, world: World) -> int:
        assert isinstance(await channel.send(message("+8610012345678", text=LONG)), Accepted)
        await world.advance(timedelta(minutes=10))
        return len(stream.posts)

    assert scene_with(tmp_path, scene, long_messages=form) == 1
    (request,) = (line for line in journal(tmp_path) if line["kind"] == "request")
    assert request["text"] == LONG


def test_a_long_text_is_refused_by_its_first_part(tmp_path: Path) -> None:
    async def scene(channel: SmppChannel, _: Stream, __: World) -> object:
        refused = await channel.send(message("+8610212345678", text=LONG))
        busy = await channel.send(message("+8610312345678", text=LONG))
        again = await channel.send(message("+8610312345678", text=LONG))
        assert isinstance(again, Accepted)
        return refused, busy

    assert scene_with(tmp_path, scene) == (
        Permanent("invalid_number", dead_contact=True),
        Transient("throttled"),
    )


@pytest.mark.parametrize("bind", [Bind.RECEIVER, Bind.TRANSCEIVER])
def test_what_customers_write_is_heard(bind: Bind, tmp_path: Path) -> None:
    async def scene(channel: SmppChannel, stream: Stream, world: World) -> list[Inbound]:
        line(world).write_back("+8613800000000", "退订")
        await line(world).carrier.postman.all_posted()
        return [one for post in stream.posts for one in channel.hear(post).inbound]

    (found,) = scene_with(tmp_path, scene, listen_bind=bind)
    assert (found.sender, found.text) == ("+8613800000000", "退订")


def test_a_session_that_only_sends_leaves_receipts_to_the_one_that_hears(tmp_path: Path) -> None:
    """A worker bound both ways refuses what it cannot put on the stream; the carrier tries on."""

    async def scene(channel: SmppChannel, stream: Stream, world: World) -> int:
        for _ in range(4):
            await channel.send(message("+8610012345678"))
        await world.advance(timedelta(minutes=10))
        return len(stream.posts)

    assert scene_with(tmp_path, scene, bind=Bind.TRANSCEIVER) == 4


def test_both_sessions_come_back_after_the_carrier_dropped_them(tmp_path: Path) -> None:
    async def scene(channel: SmppChannel, stream: Stream, world: World) -> int:
        assert isinstance(await channel.send(message("+8610012345678")), Accepted)
        line(world).centre.drop()
        for _ in range(5):  # turns of the loop, in which both ends hear of it
            await asyncio.sleep(0.01)
        assert isinstance(await channel.send(message("+8610012345678")), Accepted)
        await world.advance(timedelta(minutes=10))
        return len(stream.posts)

    assert scene_with(tmp_path, scene) == 2


def test_no_more_wait_for_their_answer_than_the_window_holds() -> None:
    waiting: list[Callable[[int, str], None]] = []
    most = 0

    def submit(_: Pdu, respond: Callable[[int, str], None]) -> None:
        nonlocal most
        waiting.append(respond)
        most = max(most, len(waiting))
        asyncio.get_running_loop().call_later(0.01, lambda: waiting.pop(0)(0, "1"))

    async def scene() -> None:
        centre = MessageCentre(("id", ""), submit)
        await centre.start()
        channel = SmppChannel(SmppSettings("127.0.0.1", centre.port, "id", "10690000", window=3))
        try:
            outcomes = await asyncio.gather(
                *(channel.send(message("+8613800000000")) for _ in range(10))
            )
            assert outcomes == [Accepted("1")] * 10
            assert len(centre.sessions) == 1
        finally:
            await channel.close()
            await centre.close()

    asyncio.run(scene())
    assert most == 3


def test_a_carrier_that_is_away_is_not_called_without_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Accounts that keep knocking are locked out: after a few tries there is a pause."""
    monkeypatch.setattr("channels.sms.smpp.link._FIRST_WAIT_S", PATIENT.total_seconds())
    calls = 0

    async def hang_up(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal calls
        calls += 1
        writer.close()

    async def scene() -> list[object]:
        server = await asyncio.start_server(hang_up, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        channel = SmppChannel(SmppSettings("127.0.0.1", port, "id", "10690000", timeout=PATIENT))
        try:
            return [await channel.send(message("+8613800000000")) for _ in range(4)]
        finally:
            await channel.close()
            await ended(server)

    outcomes = asyncio.run(scene())
    assert all(isinstance(outcome, Transient) for outcome in outcomes)
    assert outcomes[-1] == Transient("connect: waiting after failures")
    assert calls <= 5


def test_one_channel_in_one_loop_after_another(tmp_path: Path) -> None:
    async def scene(world: World) -> SmppSettings:
        channel = SmppChannel(account(world))
        for _ in range(2):

            async def once() -> object:
                try:
                    return await channel.send(message("+8610012345678"))
                finally:
                    await channel.close()

            # A loop of its own, as each process has.
            outcome = await asyncio.to_thread(lambda: asyncio.run(once()))
            assert isinstance(outcome, Accepted)
        return account(world)

    settings = play(tmp_path, scene, (("smpp", NAME),))
    gone = SmppChannel(replace(settings, port=closed_port()))
    outcome = asyncio.run(gone.send(message("+8613800000000")))
    assert isinstance(outcome, Transient)


def test_an_answer_that_does_not_come_is_uncertain_and_the_session_goes_on(
    tmp_path: Path,
) -> None:
    async def scene(channel: SmppChannel, _: Stream, world: World) -> int:
        silent, fine = await asyncio.gather(
            channel.send(message("+8611112345678")), channel.send(message("+8610012345678"))
        )
        assert isinstance(silent, Uncertain)
        assert isinstance(fine, Accepted)
        assert isinstance(await channel.send(message("+8610012345678")), Accepted)
        return len(line(world).centre.sessions)

    assert scene_with(tmp_path, scene, TIMEOUT) == 2


def test_over_tls_only_to_a_carrier_whose_certificate_is_vouched_for(tmp_path: Path) -> None:
    pem = certificate(tmp_path)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(pem)

    async def scene() -> list[object]:
        centre = MessageCentre(("id", ""), lambda _, respond: respond(0, "7"))
        server = await asyncio.get_running_loop().create_server(
            lambda: Esme(centre), "127.0.0.1", 0, ssl=context
        )
        port = server.sockets[0].getsockname()[1]
        outcomes: list[object] = []
        for ca_file in (str(pem), "", str(tmp_path / "none.pem")):
            channel = SmppChannel(
                SmppSettings("127.0.0.1", port, "id", "10690000", tls=True, ca_file=ca_file)
            )
            outcomes.append(await channel.send(message("+8613800000000")))
            await channel.close()
        await ended(server)
        return outcomes

    fine, unknown, missing = asyncio.run(scene())
    assert fine == Accepted("7")
    assert unknown == Transient("connect: SSLCertVerificationError")
    assert missing == Transient("connect: FileNotFoundError")
