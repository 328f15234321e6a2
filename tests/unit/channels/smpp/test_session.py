"""A session's manners: what it answers, when it is given up, and what surely left."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

import pytest

from channels.errors import AnswerLost, NotConnected, NothingTaken
from channels.sms.smpp.errors import INVALID_COMMAND, OK, SYSTEM_ERROR, THROTTLED
from channels.sms.smpp.pdu import RESPONSE, Command, Pdu, Units, decode, encode
from channels.sms.smpp.session import Session

T = TypeVar("T")
ENQUIRY = Pdu(Command.ENQUIRE_LINK)
# uvloop runs timers before it reads, asyncio after.
LOOPS = (asyncio.new_event_loop, pytest.importorskip("uvloop").new_event_loop)


class Peer:
    """The other end, by hand."""

    def __init__(self, end: socket.socket) -> None:
        self._end = end
        self._units = Units()
        self._read: list[bytes] = []

    def say(self, *pdus: Pdu) -> None:
        self._end.sendall(b"".join(encode(pdu) for pdu in pdus))

    def raw(self, data: bytes) -> None:
        self._end.sendall(data)

    async def hears(self) -> Pdu:
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(60):
            while not self._read:
                data = await loop.sock_recv(self._end, 4096)
                assert data, "the session hung up"
                self._read += self._units.feed(data)
        return decode(self._read.pop(0))

    def hang_up(self) -> None:
        self._end.close()


def play(
    scene: Callable[[Session, Peer], Awaitable[T]],
    enquire_every_s: float = 60.0,
    patience_s: float = 0.2,
    hears: bool = False,
    loop_factory: Callable[[], asyncio.AbstractEventLoop] | None = None,
) -> T:
    async def run() -> T:
        near, far = socket.socketpair()
        far.setblocking(False)
        session = Session(enquire_every_s, patience_s, hears=hears)
        try:
            await asyncio.get_running_loop().create_connection(lambda: session, sock=near)
            return await scene(session, Peer(far))
        finally:
            session.abort()
            far.close()
            await asyncio.sleep(0)

    with asyncio.Runner(loop_factory=loop_factory) as runner:
        return runner.run(run())


async def bound(session: Session, peer: Peer) -> None:
    binding = asyncio.create_task(session.bind(Pdu(Command.BIND_TRANSMITTER), 30))
    asked = await peer.hears()
    peer.say(Pdu(asked.command | RESPONSE, OK, asked.sequence))
    await binding


def test_answers_find_their_requests_in_any_order() -> None:
    async def scene(session: Session, peer: Peer) -> list[int]:
        waiting = [asyncio.create_task(session.request(ENQUIRY, 30)) for _ in range(3)]
        sequences = [(await peer.hears()).sequence for _ in waiting]
        for sequence in (99, *reversed(sequences)):
            peer.say(Pdu(Command.ENQUIRE_LINK_RESP, sequence, sequence))
        return [
            (await each).status - sequence
            for each, sequence in zip(waiting, sequences, strict=True)
        ]

    assert play(scene) == [0, 0, 0]


def test_a_generic_nack_answers_too() -> None:
    async def scene(session: Session, peer: Peer) -> int:
        waiting = asyncio.create_task(session.request(ENQUIRY, 30))
        peer.say(Pdu(Command.GENERIC_NACK, THROTTLED, (await peer.hears()).sequence))
        return (await waiting).status

    assert play(scene) == THROTTLED


def test_what_it_answers_by_itself() -> None:
    async def scene(session: Session, peer: Peer) -> None:
        peer.say(
            Pdu(Command.ENQUIRE_LINK, sequence=5),
            Pdu(Command.DELIVER_SM, sequence=6),
            Pdu(0x0103, sequence=7),
            Pdu(Command.UNBIND, sequence=8),
        )
        assert await peer.hears() == Pdu(Command.ENQUIRE_LINK_RESP, OK, 5)
        refused = await peer.hears()
        # It hears nothing: the carrier keeps it for a session that does.
        assert (refused.command, refused.status) == (Command.DELIVER_SM_RESP, SYSTEM_ERROR)
        assert await peer.hears() == Pdu(Command.GENERIC_NACK, INVALID_COMMAND, 7)
        assert await peer.hears() == Pdu(Command.UNBIND_RESP, OK, 8)
        assert not session.usable
        with pytest.raises(NotConnected):
            await session.request(ENQUIRY, 30)

    play(scene)


def test_an_end_before_the_answer_is_not_an_end_before_the_request() -> None:
    async def scene(session: Session, peer: Peer) -> None:
        waiting = asyncio.create_task(session.request(ENQUIRY, 30))
        await peer.hears()
        peer.hang_up()
        with pytest.raises(AnswerLost):
            await waiting
        with pytest.raises(NotConnected):
            await session.request(ENQUIRY, 30)

    play(scene)


def test_silence_is_no_answer() -> None:
    async def scene(session: Session, _: Peer) -> None:
        with pytest.raises(AnswerLost):
            await session.request(ENQUIRY, 0.02)

    play(scene)


def test_garbage_ends_the_session() -> None:
    async def scene(session: Session, peer: Peer) -> None:
        waiting = asyncio.create_task(session.request(ENQUIRY, 30))
        await peer.hears()
        peer.raw(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        with pytest.raises(AnswerLost):
            await waiting
        assert not session.usable

    play(scene)


def test_a_nack_without_an_error_is_no_acceptance() -> None:
    async def scene(session: Session, peer: Peer) -> int:
        waiting = asyncio.create_task(session.request(ENQUIRY, 30))
        peer.say(Pdu(Command.GENERIC_NACK, OK, (await peer.hears()).sequence))
        return (await waiting).status

    assert play(scene) == INVALID_COMMAND


def test_a_unit_that_makes_no_sense_costs_nothing_but_itself() -> None:
    """The answer that is under way comes, and what stands behind the odd one is heard."""
    good = Pdu(Command.DELIVER_SM, sequence=3)

    async def scene(session: Session, peer: Peer) -> None:
        waiting = asyncio.create_task(session.request(ENQUIRY, 30))
        sequence = (await peer.hears()).sequence
        data_sm = _framed(0x0103, 1, b"\0\x01\x01861\0")
        odd = _framed(Command.DELIVER_SM, 2, b"\0\x01\x01861")
        unended = _framed(Command.SUBMIT_SM_RESP, sequence, b"id without its NUL")
        peer.raw(data_sm + odd + encode(good) + unended)
        assert (await waiting).status == OK
        assert await peer.hears() == Pdu(Command.GENERIC_NACK, INVALID_COMMAND, 1)
        (first, unit), (second, _) = await session.heard()
        # Whole and as it came: who reads it may still keep it for a person.
        assert (first.sequence, unit, second.sequence) == (2, odd, 3)
        assert session.usable

    play(scene, hears=True)


def _framed(command: int, sequence: int, body: bytes) -> bytes:
    words = (16 + len(body), command, 0, sequence)
    return b"".join(word.to_bytes(4, "big") for word in words) + body


def test_a_refused_bind_names_its_reason() -> None:
    async def scene(session: Session, peer: Peer) -> None:
        binding = asyncio.create_task(session.bind(Pdu(Command.BIND_TRANSMITTER), 30))
        asked = await peer.hears()
        peer.say(Pdu(asked.command | RESPONSE, 0x0D, asked.sequence))
        with pytest.raises(NothingTaken, match="bind_failed"):
            await binding

    play(scene)


def test_a_line_that_answers_is_kept_and_one_that_does_not_is_given_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # On a busy machine this loop stands still too, and asks again.
    monkeypatch.setattr("channels.sms.smpp.session._STOOD_STILL_S", 0.02)

    async def scene(session: Session, peer: Peer) -> None:
        await bound(session, peer)
        for _ in range(2):
            asked = await peer.hears()
            assert asked.command == Command.ENQUIRE_LINK
            peer.say(Pdu(Command.ENQUIRE_LINK_RESP, OK, asked.sequence))
        assert session.usable
        async with asyncio.timeout(60):
            while session.usable:
                await asyncio.sleep(0.02)

    play(scene, enquire_every_s=0.15, patience_s=0.15)


def test_a_loop_that_stood_still_asks_again_before_it_gives_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("channels.sms.smpp.session._STOOD_STILL_S", 0.1)

    async def scene(session: Session, peer: Peer) -> None:
        await bound(session, peer)
        await peer.hears()
        time.sleep(0.5)  # the answer would have been due by now
        asked = await peer.hears()
        peer.say(Pdu(Command.ENQUIRE_LINK_RESP, OK, asked.sequence))
        await asyncio.sleep(0.02)
        assert session.usable

    play(scene, enquire_every_s=0.2, patience_s=0.2)


@pytest.mark.parametrize("loop_factory", LOOPS)
def test_an_answer_that_lies_unread_counts(
    loop_factory: Callable[[], asyncio.AbstractEventLoop],
) -> None:
    async def scene(session: Session, peer: Peer) -> None:
        waiting = asyncio.create_task(session.request(ENQUIRY, 0.2))
        asked = await peer.hears()
        peer.say(Pdu(Command.ENQUIRE_LINK_RESP, OK, asked.sequence))
        time.sleep(0.3)  # the loop stands still past the time-out
        assert (await waiting).status == OK

    play(scene, loop_factory=loop_factory)


@pytest.mark.parametrize("loop_factory", LOOPS)
def test_an_end_that_lies_unread_is_met_before_the_next_request(
    monkeypatch: pytest.MonkeyPatch, loop_factory: Callable[[], asyncio.AbstractEventLoop]
) -> None:
    monkeypatch.setattr("channels.sms.smpp.session._JUST_NOW_S", 0.0)

    async def scene(session: Session, peer: Peer) -> bool:
        peer.hang_up()
        return await session.alive()

    assert not play(scene, loop_factory=loop_factory)


def test_after_a_long_silence_the_other_end_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("channels.sms.smpp.session._JUST_NOW_S", 0.0)
    monkeypatch.setattr("channels.sms.smpp.session._LATELY_S", 0.0)

    async def scene(session: Session, peer: Peer) -> tuple[bool, bool]:
        asking = asyncio.create_task(session.alive())
        peer.say(Pdu(Command.ENQUIRE_LINK_RESP, OK, (await peer.hears()).sequence))
        return await asking, await session.alive()

    assert play(scene, patience_s=0.3) == (True, False)


def test_what_it_hears_is_given_in_order_and_answered_by_its_owner() -> None:
    async def scene(session: Session, peer: Peer) -> list[int]:
        peer.say(*(Pdu(Command.DELIVER_SM, sequence=n) for n in (1, 2, 3)))
        heard = await session.heard()
        for pdu, unit in heard:
            assert decode(unit) == pdu
            session.answer(pdu)
        answers = [await peer.hears() for _ in heard]
        assert {answer.command for answer in answers} == {Command.DELIVER_SM_RESP}
        peer.hang_up()
        assert await session.heard() == []
        return [answer.sequence for answer in answers]

    assert play(scene, hears=True) == [1, 2, 3]
