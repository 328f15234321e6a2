"""The simulated message centre: an SMPP 3.4 server that takes submit_sm and gives deliver_sm."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Final, cast

from channels.sms.smpp.errors import (
    BIND_FAILED,
    INVALID_COMMAND,
    INVALID_PASSWORD,
    NOT_BOUND,
    OK,
)
from channels.sms.smpp.pdu import RESPONSE, Command, Pdu, PduError, Units, decode, encode

_BINDS: Final = (Command.BIND_TRANSMITTER, Command.BIND_RECEIVER, Command.BIND_TRANSCEIVER)
_ANSWER_WITHIN_S: Final = 5.0

# Takes a submit_sm; the second answers it, now, later or never: status and message id.
Submit = Callable[[Pdu, Callable[[int, str], None]], None]


class Esme(asyncio.Protocol):
    """One client's session at the centre."""

    def __init__(self, centre: MessageCentre) -> None:
        self._centre = centre
        self._units = Units()
        self._transport: asyncio.Transport | None = None
        self._sequence = 0
        self._waiting: dict[int, asyncio.Future[int]] = {}
        self.bound: Command | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's has its methods only
        self._centre.sessions.append(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        self._centre.sessions.remove(self)
        for answer in self._waiting.values():
            if not answer.done():
                answer.set_result(NOT_BOUND)

    def data_received(self, data: bytes) -> None:
        try:
            for unit in self._units.feed(data):
                self._receive(decode(unit))
        except PduError:
            self.close()

    def _receive(self, pdu: Pdu) -> None:
        if pdu.command & RESPONSE:
            answer = self._waiting.get(pdu.sequence)
            if answer is not None and not answer.done():
                answer.set_result(pdu.status)
        elif pdu.command in _BINDS:
            self._bind(pdu)
        elif pdu.command == Command.SUBMIT_SM:
            self._submit(pdu)
        elif pdu.command in (Command.ENQUIRE_LINK, Command.UNBIND):
            self._answer(pdu)
            if pdu.command == Command.UNBIND:
                self.close()
        else:
            self._say(Pdu(Command.GENERIC_NACK, INVALID_COMMAND, pdu.sequence))

    def _bind(self, pdu: Pdu) -> None:
        login = (pdu.text("system_id"), pdu.text("password"))
        if self.bound is not None or login[0] != self._centre.login[0]:
            self._answer(pdu, BIND_FAILED)
        elif login != self._centre.login:
            self._answer(pdu, INVALID_PASSWORD)
        else:
            self.bound = Command(pdu.command)
            self._answer(pdu, texts={"system_id": "sandbox"})

    def _submit(self, pdu: Pdu) -> None:
        if self.bound in (None, Command.BIND_RECEIVER):
            self._answer(pdu, NOT_BOUND)
            return

        def respond(status: int, message_id: str) -> None:
            self._answer(pdu, status, {"message_id": message_id} if status == OK else {})

        self._centre.submit(pdu, respond)

    def _answer(self, pdu: Pdu, status: int = OK, texts: dict[str, str] | None = None) -> None:
        self._say(Pdu(pdu.command | RESPONSE, status, pdu.sequence, texts=texts or {}))

    def _say(self, pdu: Pdu) -> None:
        if self._transport is not None:
            self._transport.write(encode(pdu))

    async def give(self, pdu: Pdu) -> int:
        """Hand a deliver_sm to the client; its status. An answer that does not come is none."""
        self._sequence += 1
        sequence = self._sequence
        answer: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._waiting[sequence] = answer
        try:
            self._say(replace(pdu, sequence=sequence))
            await asyncio.wait((answer,), timeout=_ANSWER_WITHIN_S)
        finally:
            del self._waiting[sequence]
        return answer.result() if answer.done() else NOT_BOUND

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()


class MessageCentre:
    """Listens on 127.0.0.1."""

    def __init__(self, login: tuple[str, str], submit: Submit) -> None:
        self.login = login
        self.submit = submit
        self.sessions: list[Esme] = []
        self._server: asyncio.Server | None = None
        self._turn = 0
        self.port = 0

    async def start(self, port: int = 0) -> None:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: Esme(self), "127.0.0.1", port, backlog=1024)
        self.port = self._server.sockets[0].getsockname()[1]

    async def deliver(self, pdu: Pdu) -> str:
        """Give a deliver_sm to one of the sessions that hear; "" once it took it, else why not."""
        hearing = [
            each
            for each in self.sessions
            if each.bound in (Command.BIND_RECEIVER, Command.BIND_TRANSCEIVER)
        ]
        if not hearing:
            return "no receiver is bound"
        self._turn += 1
        status = await hearing[self._turn % len(hearing)].give(pdu)
        return "" if status == OK else f"the receiver answered 0x{status:02x}"

    def drop(self) -> None:
        """End every session without a word."""
        for session in tuple(self.sessions):
            session.close()

    async def close(self) -> None:
        if self._server is None:
            return
        self._server.close()
        self.drop()
        await self._server.wait_closed()
        until = time.monotonic() + 1
        while self.sessions and time.monotonic() < until:
            await asyncio.sleep(0)
