"""The simulated SMTP server: PIPELINING, DSN and ENHANCEDSTATUSCODES, on an asyncio protocol."""

from __future__ import annotations

import asyncio
import re
import time
from typing import cast

from channels.sandbox.carrier import Handover
from channels.sandbox.email_carrier import EmailCarrier, Mailed
from channels.sandbox.listener import Conversation, Listener
from channels.sandbox.mail_text import read_mail
from channels.sandbox.scripts import script_of_address

_END = b"\r\n.\r\n"
_MAX_MAIL = 10 << 20
_MAX_LINE = 4096
_PATH = re.compile(rb"(?:MAIL FROM|RCPT TO):\s*<([^>]*)>(.*)", re.IGNORECASE)
_ENVID = re.compile(rb"ENVID=(\S+)", re.IGNORECASE)
_HELLO = (
    b"250-sandbox.example.com\r\n250-PIPELINING\r\n250-SIZE 10485760\r\n250-8BITMIME\r\n"
    b"250-DSN\r\n250-AUTH PLAIN LOGIN\r\n250 ENHANCEDSTATUSCODES\r\n"
)


class SmtpConnection(Conversation):
    """One client's conversation. One recipient a message: a reminder has one customer."""

    def __init__(self, carrier: EmailCarrier, open_connections: set[SmtpConnection]) -> None:
        self._carrier = carrier
        self._open = open_connections
        self._transport: asyncio.Transport | None = None
        self._buffer = bytearray()
        self._in_data = False
        self._paused = False
        self._login_lines = 0
        self._began = 0.0
        self._sender: str | None = None
        self._envid = ""
        self._recipient = ""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transport has the methods of asyncio.Transport without being one.
        self._transport = cast(asyncio.Transport, transport)
        self._open.add(self)
        self._say(b"220 sandbox.example.com ESMTP\r\n")

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        self._open.discard(self)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        self._work()

    def _work(self) -> None:
        while not self._paused and self._transport is not None:
            if self._in_data:
                if not self._data():
                    return
                continue
            line, found, rest = bytes(self._buffer).partition(b"\r\n")
            if not found:
                if len(self._buffer) > _MAX_LINE:
                    self.close()
                return
            self._buffer = bytearray(rest)
            self._command(line)

    def _command(self, line: bytes) -> None:
        if self._login_lines:
            self._login_lines -= 1
            self._say(b"334 UGFzc3dvcmQ6\r\n" if self._login_lines else b"235 2.7.0 welcome\r\n")
            return
        verb = line[:4].upper()
        handler = {
            b"EHLO": self._hello,
            b"HELO": self._hello,
            b"AUTH": self._auth,
            b"MAIL": self._mail,
            b"RCPT": self._rcpt,
            b"DATA": self._start_data,
            b"RSET": self._rset,
            b"NOOP": self._noop,
            b"QUIT": self._quit,
        }.get(verb)
        if handler is None:
            self._say(b"500 5.5.2 what is that?\r\n")
        else:
            handler(line)

    def _hello(self, line: bytes) -> None:
        self._forget()
        self._say(_HELLO if line[:4].upper() == b"EHLO" else b"250 sandbox.example.com\r\n")

    def _auth(self, line: bytes) -> None:
        """Anybody is welcome: the sandbox has no accounts."""
        if line.upper().startswith(b"AUTH LOGIN"):
            self._login_lines = 2
            self._say(b"334 VXNlcm5hbWU6\r\n")
        else:
            self._say(b"235 2.7.0 welcome\r\n")

    def _mail(self, line: bytes) -> None:
        found = _PATH.match(line)
        if found is None:
            self._say(b"501 5.5.4 MAIL FROM:<address>\r\n")
            return
        self._forget()
        self._began = time.time()
        self._sender = found[1].decode("latin-1")
        envid = _ENVID.search(found[2])
        self._envid = envid[1].decode("latin-1") if envid else ""
        self._say(b"250 2.1.0 ok\r\n")

    def _rcpt(self, line: bytes) -> None:
        found = _PATH.match(line)
        if found is None or self._sender is None or self._recipient:
            self._say(b"503 5.5.1 one MAIL, then one RCPT\r\n")
            return
        address = found[1].decode("latin-1")
        script = script_of_address(address)
        if not self._carrier.refusals.refuse(script, address):
            self._recipient = address
            self._say(b"250 2.1.5 ok\r\n")
            return
        message = Handover(self._envid, self._envid, address, "", script, self._began)
        self._carrier.requested(message)
        self._carrier.answered(message, script.refusal[:3], script.refusal)
        self._say(script.refusal.encode() + b"\r\n")
        if script.refusal.startswith("421"):
            self.close()

    def _start_data(self, line: bytes) -> None:
        if not self._recipient:
            self._say(b"503 5.5.1 no valid recipients\r\n")
            return
        self._in_data = True
        self._say(b"354 go on\r\n")

    def _data(self) -> bool:
        """Take the message if it is whole; False while more of it must come."""
        if self._buffer.startswith(b".\r\n"):
            end, after = 0, 3
        else:
            end = self._buffer.find(_END)
            after = end + len(_END)
        if end < 0:
            if len(self._buffer) > _MAX_MAIL:
                self.close()
            return False
        content = bytes(self._buffer[:end])
        del self._buffer[:after]
        self._in_data = False
        if content.startswith(b"."):
            content = content[1:]
        self._take(content.replace(b"\r\n..", b"\r\n."))
        return True

    def _take(self, content: bytes) -> None:
        mail = read_mail(content)
        script = script_of_address(self._recipient)
        message = Mailed(
            reference=mail.reference or self._envid,
            key=mail.reference or self._envid,
            to=self._recipient,
            text=mail.text,
            subject=mail.subject,
            script=script,
            began=self._began,
            return_path=self._sender or "",
        )
        self._forget()
        self._carrier.requested(message)
        ref = self._carrier.draws.message_id(message.reference)
        self._carrier.take(message, ref, reached_at_once=True)
        if not script.answers:
            self._paused = True  # for ever: the client must give up by itself
        elif script.answer_after_s:
            self._paused = True
            self._carrier.in_flight += 1
            asyncio.get_running_loop().call_later(
                script.answer_after_s, self._accept_late, message, ref
            )
        else:
            self._accept(message, ref)

    def _accept_late(self, message: Handover, ref: str) -> None:
        self._carrier.in_flight -= 1
        self._paused = False
        self._accept(message, ref)
        self._work()

    def _accept(self, message: Handover, ref: str) -> None:
        self._carrier.answered(message, "250", ref=ref)
        self._say(f"250 2.0.0 queued as {ref}\r\n".encode())

    def _rset(self, line: bytes) -> None:
        self._forget()
        self._say(b"250 2.0.0 ok\r\n")

    def _noop(self, line: bytes) -> None:
        self._say(b"250 2.0.0 ok\r\n")

    def _quit(self, line: bytes) -> None:
        self._say(b"221 2.0.0 bye\r\n")
        self.close()

    def _forget(self) -> None:
        self._sender = None
        self._recipient = ""
        self._envid = ""

    def _say(self, line: bytes) -> None:
        if self._transport is not None:
            self._transport.write(line)

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()
            self._transport = None


class SmtpServer(Listener[SmtpConnection]):
    """Takes mail for `carrier`."""

    def __init__(self, carrier: EmailCarrier) -> None:
        super().__init__(lambda connections: SmtpConnection(carrier, connections))
