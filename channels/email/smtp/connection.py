"""One SMTP connection (RFC 5321), pipelined where the relay offers it (RFC 2920).

smtplib in threads costs half as much CPU again and says less about what surely left; aiosmtplib
three times as much.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import time
from base64 import b64encode

from channels.email.smtp.errors import Stage
from channels.email.smtp.reply import SmtpGarbled, SmtpReply, read_reply
from channels.email.smtp.settings import EmailSettings, Tls
from channels.errors import AnswerLost, NotConnected, NothingTaken

_PASS_OVER_S = 2.0  # for answers that a refusal has made worthless
_BROKEN = (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, SmtpGarbled)


def _context(settings: EmailSettings) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=settings.ca_file or None)


async def _streams(settings: EmailSettings) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    context = _context(settings) if settings.tls is Tls.IMPLICIT else None
    return await asyncio.open_connection(settings.host, settings.port, ssl=context)


def _goes_on(stage: Stage, reply: SmtpReply) -> bool:
    return reply.code == 354 if stage is Stage.DATA else reply.fine


class Refused(Exception):
    """The relay said no, before or at the final dot."""

    def __init__(self, stage: Stage, reply: SmtpReply) -> None:
        super().__init__(f"{reply.code} at {stage}")
        self.stage = stage
        self.reply = reply


class SmtpConnection:
    """Delivers one message after another. Once `usable` is False it is only good for closing."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._extensions: dict[str, str] = {}
        self._must_reset = False
        self._tried = 0  # mails, taken or not
        self._usable = True
        self.messages = 0
        self.used_at = time.monotonic()

    @property
    def usable(self) -> bool:
        return self._usable and not self._reader.at_eof() and not self._writer.is_closing()

    @classmethod
    async def open(cls, settings: EmailSettings) -> SmtpConnection:
        """Connect, greet, and log in if asked to. Raises `NotConnected` or `Refused`."""
        timeout_s = settings.timeout.total_seconds() / 2
        connection: SmtpConnection | None = None
        try:
            async with asyncio.timeout(timeout_s):
                connection = cls(*await _streams(settings))
                await connection._greet(settings)
                return connection
        except BaseException as error:
            if connection is not None:
                connection.abort()
            if isinstance(error, TimeoutError):
                raise NothingTaken("connect: timed out") from error
            if isinstance(error, _BROKEN):
                raise NotConnected(f"connect: {type(error).__name__}") from error
            raise

    async def _greet(self, settings: EmailSettings) -> None:
        self._expect(await read_reply(self._reader))
        await self._hello(settings)
        if settings.tls is Tls.STARTTLS:
            self._expect(await self._ask(b"STARTTLS\r\n"))
            await self._nothing_more_in_the_clear()
            await self._writer.start_tls(_context(settings), server_hostname=settings.host)
            await self._hello(settings)
        if settings.username:
            if settings.tls is Tls.NONE and not settings.password_without_tls:
                raise NothingTaken("connect: a password is not sent without TLS")
            await self._log_in(settings)

    async def _nothing_more_in_the_clear(self) -> None:
        """Whoever sits between could write replies that we would read under TLS as the relay's
        own (CVE-2011-0411 and its kin). Raises `SmtpGarbled`."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(0):
                await self._reader.read(1)
                raise SmtpGarbled("more than the reply to STARTTLS")

    async def _hello(self, settings: EmailSettings) -> None:
        name = settings.message_id_domain or settings.sender.rpartition("@")[2]
        reply = await self._ask(f"EHLO {name}\r\n".encode())
        if not reply.fine:
            self._expect(await self._ask(f"HELO {name}\r\n".encode()))
            return
        offers = [line.partition(" ") for line in reply.lines[1:]]
        self._extensions = {word.upper(): rest for word, _, rest in offers}

    async def _log_in(self, settings: EmailSettings) -> None:
        """AUTH PLAIN (RFC 4616), or LOGIN where only that is offered."""
        user, password = settings.username.encode(), settings.password.encode()
        methods = self._extensions.get("AUTH", "").upper().split()
        if "PLAIN" in methods or "LOGIN" not in methods:
            token = b64encode(b"\0" + user + b"\0" + password)
            self._expect(await self._ask(b"AUTH PLAIN " + token + b"\r\n"))
            return
        for line in (b"AUTH LOGIN", b64encode(user), b64encode(password)):
            reply = await self._ask(line + b"\r\n")
            if reply.code != 334:
                self._expect(reply)

    async def deliver(
        self, sender: str, recipient: str, reference: str, mail: bytes, timeout_s: float
    ) -> SmtpReply:
        """Hand one mail over; the reply is the relay's acceptance.

        Raises `Refused`; `NothingTaken` if the connection broke before the final dot was written;
        `AnswerLost` if it broke, or nothing came, after it.
        """
        dot_written = False
        self._tried += 1
        try:
            async with asyncio.timeout(timeout_s):
                await self._envelope(sender, recipient, reference)
                # Dot-stuffing (RFC 5321 §4.5.2); base64 lines never begin with a dot.
                stuffed = mail.replace(b"\r\n.", b"\r\n..")
                dot_written = True
                reply = await self._ask(stuffed + b".\r\n")
        except (*_BROKEN, TimeoutError) as error:
            self.abort()
            kind = type(error).__name__
            if dot_written:
                raise AnswerLost(kind) from error
            if isinstance(error, TimeoutError):
                raise NothingTaken("smtp: timed out") from error
            raise NotConnected(f"smtp: {kind}") from error
        except asyncio.CancelledError:
            self.abort()
            raise
        self.messages += 1
        self.used_at = time.monotonic()
        if not reply.fine:
            self._refuse(Stage.DATA, reply)
        return reply

    async def _envelope(self, sender: str, recipient: str, reference: str) -> None:
        """MAIL, RCPT, DATA: in one write if the relay takes it so."""
        envid = f" ENVID={reference}" if "DSN" in self._extensions else ""
        commands = [
            (Stage.MAIL, f"MAIL FROM:<{sender}>{envid}\r\n".encode("ascii")),
            (Stage.RCPT, f"RCPT TO:<{recipient}>\r\n".encode("ascii")),
            (Stage.DATA, b"DATA\r\n"),
        ]
        if self._must_reset:
            self._must_reset = False
            await self._ask(b"RSET\r\n")
        if "PIPELINING" not in self._extensions:
            for stage, command in commands:
                reply = await self._ask(command)
                if not _goes_on(stage, reply):
                    self._refuse(stage, reply)
            return
        self._writer.write(b"".join(command for _, command in commands))
        for place, (stage, _) in enumerate(commands):
            reply = await read_reply(self._reader)
            if not _goes_on(stage, reply):
                await self._pass_over(reply, len(commands) - 1 - place)
                self._refuse(stage, reply)

    async def _pass_over(self, refusal: SmtpReply, count: int) -> None:
        """Hear the answers to what was written behind a refused command. A relay that hangs up
        instead, as some do, takes nothing of its refusal back."""
        if refusal.code == 421:
            return
        reply = refusal
        try:
            async with asyncio.timeout(_PASS_OVER_S):
                for _ in range(count):
                    reply = await read_reply(self._reader)
                if reply.code == 354:
                    # RFC 2920 §3.1: it would take data for nobody; an empty mail ends that.
                    await self._ask(b".\r\n")
        except (*_BROKEN, TimeoutError):
            self.abort()

    def _refuse(self, stage: Stage, reply: SmtpReply) -> None:
        self._must_reset = True
        if reply.code == 421:
            self.abort()
            if stage is Stage.MAIL and self._tried > 1:
                raise NotConnected("smtp: a kept connection had come to its end")
        raise Refused(stage, reply)

    def _expect(self, reply: SmtpReply) -> None:
        if not reply.fine:
            raise Refused(Stage.HELLO, reply)

    async def _ask(self, command: bytes) -> SmtpReply:
        self._writer.write(command)
        return await read_reply(self._reader)

    def abort(self) -> None:
        """Close without a word."""
        self._usable = False
        self._writer.close()

    async def quit(self) -> None:
        """Say good-bye, and do not wait long for an answer."""
        if self.usable:
            with contextlib.suppress(*_BROKEN, TimeoutError):
                async with asyncio.timeout(1):
                    await self._ask(b"QUIT\r\n")
        self.abort()
        with contextlib.suppress(OSError):
            await self._writer.wait_closed()
