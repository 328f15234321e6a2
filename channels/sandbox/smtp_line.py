"""A further mail relay, with a mailbox that bounces and complaints come back to."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from urllib.parse import quote

from channels.sandbox.bounce_mail import MailFolder
from channels.sandbox.carrier import Carrier
from channels.sandbox.email_carrier import EmailCarrier, MailPostman
from channels.sandbox.journal import Journal
from channels.sandbox.line import Office
from channels.sandbox.postman import signed_json
from channels.sandbox.smtp_server import SmtpServer

_SENDER = "bills@lender.example.com"
_BOUNCES = "bounces.lender.example.com"
# A virtual clock waits for every mail to be read: a folder on one's own disk costs nothing to see.
_LOOK_EVERY_S = 0.1


class SmtpLine:
    """See `channels.sandbox.line.Line`."""

    def __init__(self, name: str, office: Office) -> None:
        self._name = name
        self._wanted = office.ports.get(name, 0)
        self._secret, self._verp_key = secrets.token_urlsafe(24), secrets.token_urlsafe(24)
        postman = MailPostman(office.door(name), signed_json(self._secret), office.receipt_batch)
        journal = Journal(office.data / f"{name}.jsonl")
        carrier = EmailCarrier(office.agenda, office.draws, journal, postman)
        self._mailbox = carrier.mailbox = MailFolder(office.data / f"{name}-mailbox")
        self.carrier: Carrier = carrier
        self._server = SmtpServer(carrier)

    async def start(self) -> None:
        await self._server.start(self._wanted)

    async def close(self) -> None:
        await self._server.close()

    def account(self) -> Mapping[str, object]:
        return {
            "adapter": "smtp",
            "name": self._name,
            "host": "127.0.0.1",
            "port": self._server.port,
            "sender": _SENDER,
            "receipts_secret": self._secret,
            "verp_key": self._verp_key,
            "bounce_domain": _BOUNCES,
            "mailbox": f"maildir:{quote(str(self._mailbox.folder.resolve()))}",
            "mailbox_every": _LOOK_EVERY_S,
        }


def open_line(name: str, office: Office) -> SmtpLine:
    return SmtpLine(name, office)
