"""The carrier simulator as one object: two carriers, their clock, logs and control door."""

from __future__ import annotations

import asyncio
import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from channels.sandbox.agenda import Agenda
from channels.sandbox.carrier import Carrier
from channels.sandbox.control import Control
from channels.sandbox.email_carrier import EmailCarrier
from channels.sandbox.http_server import HttpServer
from channels.sandbox.journal import Journal
from channels.sandbox.line import Office, open_line
from channels.sandbox.postman import Postman, signed_json
from channels.sandbox.scripts import DELAYS, Draws
from channels.sandbox.sms_gateway import SmsGateway
from channels.sandbox.smtp_server import SmtpServer

READY_FILE = "sandbox.json"
_FLUSH_EVERY_S = 0.2


def _secret() -> str:
    return secrets.token_urlsafe(24)


@dataclass(frozen=True, slots=True)
class Secrets:
    """Shared between the lender's system and the simulated carriers; random where not given."""

    sms_token: str = field(default_factory=_secret, repr=False)
    sms_receipts_secret: str = field(default_factory=_secret, repr=False)
    email_receipts_secret: str = field(default_factory=_secret, repr=False)
    control_token: str = field(default_factory=_secret, repr=False)


@dataclass(frozen=True, slots=True)
class SandboxSettings:
    """`start` is the virtual clock's first instant; None follows the machine's. Port 0: any.

    Receipts go to `{receipts_url}/{sms_name}` and `{receipts_url}/{email_name}`.
    """

    data: Path
    receipts_url: str
    start: datetime | None = None
    seed: int = 1
    sms_port: int = 0
    smtp_port: int = 0
    control_port: int = 0
    sms_name: str = "sms"
    email_name: str = "email"
    receipt_batch: int = 100
    delays: tuple[timedelta, ...] = DELAYS
    lines: tuple[tuple[str, str], ...] = ()  # further providers: adapter, name
    line_ports: Mapping[str, int] = field(default_factory=dict)  # by name; others take any
    secrets: Secrets = field(default_factory=Secrets)


class Sandbox:
    """Runs in the loop that starts it. `await start()`, then `await close()`."""

    def __init__(self, settings: SandboxSettings) -> None:
        self._settings = settings
        self.secrets = settings.secrets
        self.agenda = Agenda(settings.start)
        draws = Draws(settings.seed, settings.delays)
        self.sms = Carrier(
            self.agenda,
            draws,
            Journal(settings.data / "sms.jsonl"),
            self._postman(settings.sms_name, self.secrets.sms_receipts_secret),
        )
        self.email = EmailCarrier(
            self.agenda,
            draws,
            Journal(settings.data / "email.jsonl"),
            self._postman(settings.email_name, self.secrets.email_receipts_secret),
        )
        office = Office(
            self.agenda,
            draws,
            settings.data,
            settings.receipts_url,
            settings.receipt_batch,
            settings.line_ports,
        )
        self.lines = [open_line(adapter, name, office) for adapter, name in settings.lines]
        self._carriers = (self.sms, self.email, *(line.carrier for line in self.lines))
        self.control = Control(self.agenda, self._carriers, self.secrets.control_token)
        self._sms_server = HttpServer(SmsGateway(self.sms, self.secrets.sms_token).handle)
        self._smtp_server = SmtpServer(self.email)
        self._control_server = HttpServer(self.control.handle)
        self._flusher: asyncio.Task[None] | None = None

    def _postman(self, name: str, secret: str) -> Postman:
        url = f"{self._settings.receipts_url.rstrip('/')}/{name}"
        batch = self._settings.receipt_batch
        return Postman(url, signed_json(secret, single=batch == 1), batch)

    async def start(self) -> None:
        """Listen, then write `sandbox.json`: whoever finds that file finds the ports open."""
        (self._settings.data / READY_FILE).unlink(missing_ok=True)
        for line in self.lines:
            await line.start()
        await self._smtp_server.start(self._settings.smtp_port)
        await self._control_server.start(self._settings.control_port)
        await self._sms_server.start(self._settings.sms_port)
        for carrier in self._carriers:
            carrier.postman.start()
        self._flusher = asyncio.create_task(self._flush())
        _write_private(self._settings.data / READY_FILE, self.describe())

    def describe(self) -> Mapping[str, object]:
        return {
            "pid": os.getpid(),
            "sms_url": f"http://127.0.0.1:{self._sms_server.port}",
            "smtp_host": "127.0.0.1",
            "smtp_port": self._smtp_server.port,
            "control_url": f"http://127.0.0.1:{self._control_server.port}",
            "sms_name": self._settings.sms_name,
            "email_name": self._settings.email_name,
            **asdict(self.secrets),
            "accounts": [line.account() for line in self.lines],
        }

    async def _flush(self) -> None:
        while True:
            await asyncio.sleep(_FLUSH_EVERY_S)
            for carrier in self._carriers:
                carrier.journal.flush()

    async def close(self) -> None:
        (self._settings.data / READY_FILE).unlink(missing_ok=True)
        if self._flusher is not None:
            self._flusher.cancel()
            await asyncio.gather(self._flusher, return_exceptions=True)
        self.agenda.close()
        await self.control.close()
        for server in (self._sms_server, self._smtp_server, self._control_server):
            await server.close()
        for line in self.lines:
            await line.close()
        for carrier in self._carriers:
            await carrier.postman.close()
            carrier.journal.close()


def _write_private(path: Path, content: Mapping[str, object]) -> None:
    """Whole or not at all, and for its owner's eyes: it holds the secrets."""
    draft = path.with_suffix(".tmp")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(content, file, indent=1)
    draft.replace(path)
