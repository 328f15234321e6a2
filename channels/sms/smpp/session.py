"""One bound session: requests and their answers by sequence number, and a line kept alive.

A protocol with timers and no tasks: a worker's event loop stands still between its deliveries, and
whatever happened meanwhile (answers, enquire_links, the end of the connection) is met when it runs
again, before anything is judged by the time that passed.
"""

from __future__ import annotations

import asyncio
import ssl
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import replace
from typing import Final, cast

from channels.errors import AnswerLost, NotConnected, NothingTaken
from channels.sms.smpp.errors import INVALID_COMMAND, OK, SYSTEM_ERROR, row_of
from channels.sms.smpp.pdu import (
    RESPONSE,
    Command,
    Pdu,
    PduError,
    Units,
    decode,
    encode,
    header_of,
)
from channels.sms.smpp.settings import Bind, SmppSettings

_VERSION: Final = 0x34
_LAST_SEQUENCE: Final = 0x7FFF_FFFF
# After a time-out the loop gets so long to read what had come while it stood still.
_GRACE_S: Final = 0.05
_STOOD_STILL_S: Final = 1.0
# A line that spoke so recently needs no look; one that spoke a while ago only that what came
# meanwhile be read (it may be its end); after a longer silence the other end is asked.
_JUST_NOW_S: Final = 0.1
_LATELY_S: Final = 2.0
_TURNS_TO_READ: Final = 3  # of the loop: one to poll, one to read, one to hear of it
_MOST_PATIENCE_S: Final = 5.0  # for the answer to an enquire_link
_MOST_UNSEEN: Final = 500

_BINDS: Final = {
    Bind.TRANSMITTER: Command.BIND_TRANSMITTER,
    Bind.RECEIVER: Command.BIND_RECEIVER,
    Bind.TRANSCEIVER: Command.BIND_TRANSCEIVER,
}

Heard = tuple[Pdu, bytes]  # a deliver_sm, and the octets it came in


class Session(asyncio.Protocol):
    """`hears`: deliver_sm are kept for `heard`; else they are refused for now, so that the carrier
    gives them to a session that hears."""

    def __init__(self, enquire_every_s: float, patience_s: float, *, hears: bool = False) -> None:
        self._loop = asyncio.get_running_loop()
        self._enquire_every_s = enquire_every_s
        self._patience_s = patience_s
        self._hears = hears
        self._transport: asyncio.Transport | None = None
        self._units = Units()
        self._sequence = 0
        self._waiting: dict[int, asyncio.Future[Pdu | None]] = {}
        self._unseen: deque[Heard] = deque()
        self._stirred = asyncio.Event()
        self._heard_at = time.monotonic()
        self._probed_at: float | None = None
        self._tick_at = 0.0
        self._timer: asyncio.TimerHandle | None = None

    # What asyncio calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's has its methods only

    def data_received(self, data: bytes) -> None:
        self._heard_at = time.monotonic()
        try:
            for unit in self._units.feed(data):
                self._receive(_read(unit), unit)
        except PduError:
            self.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        if self._timer is not None:
            self._timer.cancel()
        for answer in self._waiting.values():
            if not answer.done():
                answer.set_result(None)
        self._stirred.set()

    # What its owner calls.

    @property
    def usable(self) -> bool:
        return self._transport is not None and not self._transport.is_closing()

    @property
    def fresh(self) -> bool:
        """Whether the other end was heard just now."""
        return self.usable and self._silent_s < _JUST_NOW_S

    @property
    def _silent_s(self) -> float:
        return time.monotonic() - self._heard_at

    async def request(self, pdu: Pdu, timeout_s: float) -> Pdu:
        """The answer to `pdu`. Raises `NotConnected` if nothing was written, `AnswerLost` if the
        connection ended or the time passed without an answer, `PduError` for an impossible one."""
        transport = self._transport
        if transport is None or transport.is_closing():
            raise NotConnected("connect: the session is over")
        self._sequence = self._sequence % _LAST_SEQUENCE + 1
        sequence = self._sequence
        unit = encode(replace(pdu, sequence=sequence))
        answer: asyncio.Future[Pdu | None] = self._loop.create_future()
        self._waiting[sequence] = answer
        try:
            transport.write(unit)
            for patience_s in (timeout_s, _GRACE_S):
                if not answer.done():
                    await asyncio.wait((answer,), timeout=max(0.0, patience_s))
        finally:
            del self._waiting[sequence]
        if not answer.done():
            raise AnswerLost("timed out")
        found = answer.result()
        if found is None:
            raise AnswerLost("the connection ended")
        return found

    async def bind(self, pdu: Pdu, timeout_s: float) -> None:
        """Raises `NothingTaken`, with the carrier's reason."""
        try:
            answer = await self.request(pdu, timeout_s)
        except AnswerLost as error:
            raise NotConnected(f"connect: no answer to the bind: {error}") from error
        if answer.status != OK:
            raise NothingTaken(f"connect: bind refused ({row_of(answer.status).reason})")
        self._set_timer(self._enquire_every_s)

    async def alive(self) -> bool:
        """Whether the other end is surely still there: it was heard just now, or answers."""
        silent_s = self._silent_s
        if silent_s >= _JUST_NOW_S:
            for _ in range(_TURNS_TO_READ):
                await asyncio.sleep(0)
        if not self.usable or silent_s < _LATELY_S:
            return self.usable
        try:
            await self.request(Pdu(Command.ENQUIRE_LINK), self._patience_s)
        except (AnswerLost, NotConnected):
            self.abort()
        return self.usable

    async def heard(self) -> list[Heard]:
        """What came since the last time, at least one; nothing once the session is over."""
        while not self._unseen and self._transport is not None:
            self._stirred.clear()
            await self._stirred.wait()
        found = list(self._unseen)
        self._unseen.clear()
        if self.usable and self._transport is not None:
            self._transport.resume_reading()
        return found

    def answer(self, pdu: Pdu, status: int = OK) -> None:
        """Answer a request of the carrier."""
        self._write(Pdu(pdu.command | RESPONSE, status, pdu.sequence))

    async def unbind(self) -> None:
        """Say good-bye, and do not wait long for an answer."""
        try:
            await self.request(Pdu(Command.UNBIND), 1.0)
        except (AnswerLost, NotConnected):
            pass
        finally:
            self.abort()
            await asyncio.sleep(0)  # in which the loop gives the socket back

    def abort(self) -> None:
        """Close without a word."""
        if self._timer is not None:
            self._timer.cancel()
        if self._transport is not None:
            self._transport.abort()

    # What comes in.

    def _receive(self, pdu: Pdu, unit: bytes) -> None:
        if pdu.command & RESPONSE:
            answer = self._waiting.get(pdu.sequence)
            if answer is not None and not answer.done():
                answer.set_result(_as_meant(pdu))
        elif pdu.command == Command.ENQUIRE_LINK:
            self.answer(pdu)
        elif pdu.command == Command.DELIVER_SM:
            self._keep(pdu, unit)
        elif pdu.command == Command.UNBIND:
            self.answer(pdu)
            if self._transport is not None:
                self._transport.close()
        else:
            self._write(Pdu(Command.GENERIC_NACK, INVALID_COMMAND, pdu.sequence))

    def _keep(self, pdu: Pdu, unit: bytes) -> None:
        if not self._hears:
            self.answer(pdu, SYSTEM_ERROR)
            return
        self._unseen.append((pdu, unit))
        self._stirred.set()
        if len(self._unseen) >= _MOST_UNSEEN and self._transport is not None:
            self._transport.pause_reading()

    def _write(self, pdu: Pdu) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(encode(pdu))

    # Keeping the line.

    def _set_timer(self, after_s: float) -> None:
        self._tick_at = self._loop.time() + after_s
        self._timer = self._loop.call_later(after_s, self._tick)

    def _tick(self) -> None:
        """Enquire after a silence; give the line up where an enquiry is not answered in time.

        A tick that comes late says that the loop stood still: the answer may lie unread.
        """
        late = self._loop.time() - self._tick_at > _STOOD_STILL_S
        probed_at, self._probed_at = self._probed_at, None
        if probed_at is not None and self._heard_at < probed_at and not late:
            self.abort()
            return
        silent_s = self._silent_s
        if silent_s < self._enquire_every_s and not late:
            self._set_timer(self._enquire_every_s - silent_s)
            return
        self._sequence = self._sequence % _LAST_SEQUENCE + 1
        self._probed_at = time.monotonic()
        self._write(Pdu(Command.ENQUIRE_LINK, sequence=self._sequence))
        self._set_timer(min(self._patience_s, self._enquire_every_s))


def _read(unit: bytes) -> Pdu:
    """A unit whose body makes no sense costs neither the others of its session nor, since the
    carrier would give it again and again, every receipt behind it."""
    try:
        return decode(unit)
    except PduError:
        return header_of(unit)


def _as_meant(answer: Pdu) -> Pdu:
    """A nack says that nothing was taken, though some centres give it status 0."""
    nacked = answer.command == Command.GENERIC_NACK and answer.status == OK
    return replace(answer, status=INVALID_COMMAND) if nacked else answer


async def open_session(settings: SmppSettings, bind: Bind, *, hears: bool = False) -> Session:
    """Connect and bind. Raises `NotConnected`, or `NothingTaken` where the carrier refuses."""
    timeout_s = settings.timeout.total_seconds() / 2
    loop = asyncio.get_running_loop()
    patience_s = min(_MOST_PATIENCE_S, timeout_s)
    session = Session(settings.enquire_link_every.total_seconds(), patience_s, hears=hears)
    try:
        context = _context(settings)
        async with asyncio.timeout(timeout_s):
            await loop.create_connection(lambda: session, settings.host, settings.port, ssl=context)
    except TimeoutError as error:
        raise NothingTaken("connect: timed out") from error
    except OSError as error:
        raise NotConnected(f"connect: {type(error).__name__}") from error
    try:
        await session.bind(_bind_of(settings, bind), timeout_s)
    except BaseException:
        session.abort()
        raise
    return session


def _context(settings: SmppSettings) -> ssl.SSLContext | None:
    return ssl.create_default_context(cafile=settings.ca_file or None) if settings.tls else None


def _bind_of(settings: SmppSettings, bind: Bind) -> Pdu:
    texts: Mapping[str, str] = {
        "system_id": settings.system_id,
        "password": settings.password,
        "system_type": settings.system_type,
    }
    return Pdu(_BINDS[bind], texts=texts, numbers={"interface_version": _VERSION})
