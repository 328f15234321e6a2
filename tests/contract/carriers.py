"""The sandbox carriers and a receipt door in one loop, for whoever tests a channel."""

from __future__ import annotations

import asyncio
import atexit
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar
from uuid import uuid4

from channels.accounts import accounts_of
from channels.contract import Message
from channels.email.smtp import EmailSettings
from channels.in_app import InAppSettings
from channels.registry import Account
from channels.sandbox.http_server import HttpServer, Request
from channels.sandbox.sandbox import Sandbox, SandboxSettings, Secrets
from channels.sms.gateway import SmsSettings

START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
# An answer that comes is worth waiting for, however busy the machine is, and one that does not is
# worth little: whoever asks for silence says so.
PATIENT = timedelta(seconds=30)
TIMEOUT = timedelta(seconds=1)
INBOX_KEY = "inbox-secret"
SECRETS = Secrets("sms-token", "sms-secret", "email-secret", "control-token")

T = TypeVar("T")
_taken: list[socket.socket] = []


def message(address: str, **changes: object) -> Message:
    plain = Message(
        idempotency_key=str(uuid4()),
        address=address,
        text="您的账单 ¥1,234.56 明天到期。\nYour bill is due tomorrow.",
        language="zh-CN",
        subject="账单提醒 Bill reminder",
        html="<p>您的账单 ¥1,234.56 明天到期。</p>",
    )
    return replace(plain, **changes)  # type: ignore[arg-type]  # fields by name, from tests only


@dataclass(slots=True)
class Door:
    """Where the carriers post receipts; `answers` are given first, then 200s."""

    posts: list[tuple[str, bytes, Mapping[str, str]]] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)

    def handle(self, request: Request) -> None:
        status = self.answers.pop(0) if self.answers else 200
        if status == 200:
            self.posts.append((request.target, request.body, request.headers))
        request.respond(status, {})


@dataclass(frozen=True, slots=True)
class World:
    sandbox: Sandbox
    door: Door
    folder: Path
    door_url: str = ""
    timeout: timedelta = PATIENT  # of the channels that are made of it

    @property
    def accounts(self) -> Mapping[str, Account]:
        """The accounts of the sandbox's further lines, by name."""
        found = accounts_of([line.account() for line in self.sandbox.lines])
        return {account.name: account for account in found}

    @property
    def sms(self) -> SmsSettings:
        return SmsSettings(
            base_url=str(self.sandbox.describe()["sms_url"]),
            token=SECRETS.sms_token,
            receipts_secret=SECRETS.sms_receipts_secret,
            timeout=self.timeout,
        )

    @property
    def email(self) -> EmailSettings:
        return EmailSettings(
            host="127.0.0.1",
            port=int(str(self.sandbox.describe()["smtp_port"])),
            sender="bills@lender.example.com",
            sender_name="示例银行",
            receipts_secret=SECRETS.email_receipts_secret,
            timeout=self.timeout,
        )

    @property
    def in_app(self) -> InAppSettings:
        return InAppSettings(receipts_secret=INBOX_KEY)

    async def advance(self, by: timedelta) -> None:
        """Move the business clock and wait until the receipts due by then were posted."""
        self.sandbox.agenda.advance(self.sandbox.agenda.now() + by)
        further = [line.carrier for line in self.sandbox.lines]
        for carrier in (self.sandbox.sms, self.sandbox.email, *further):
            await carrier.postman.all_posted()
        self.sandbox.control.status()


@asynccontextmanager
async def world(
    folder: Path, lines: tuple[tuple[str, str], ...] = (), timeout: timedelta = PATIENT
) -> AsyncIterator[World]:
    door = Door()
    server = HttpServer(door.handle)
    await server.start(0)
    sandbox = Sandbox(
        SandboxSettings(
            data=folder,
            receipts_url=f"http://127.0.0.1:{server.port}/v1/receipts",
            start=START,
            secrets=SECRETS,
            lines=lines,
        )
    )
    await sandbox.start()
    try:
        yield World(sandbox, door, folder, f"http://127.0.0.1:{server.port}", timeout)
    finally:
        await sandbox.close()
        await server.close()


def play(
    folder: Path,
    scene: Callable[[World], Awaitable[T]],
    lines: tuple[tuple[str, str], ...] = (),
    timeout: timedelta = PATIENT,
) -> T:
    """Run one scene against fresh carriers."""

    async def run() -> T:
        async with world(folder, lines, timeout) as running:
            return await scene(running)

    return asyncio.run(run())


async def ended(server: asyncio.Server) -> None:
    """Close a server, and see the far ends of its connections gone.

    What a loop leaves open the garbage collector finds in the midst of some other test.
    """
    server.close()
    await server.wait_closed()
    async with asyncio.timeout(60):
        while getattr(server, "_active_count", 0):  # Python 3.11 does not wait for them
            await asyncio.sleep(0.01)


def closed_port() -> int:
    """A port where nobody listens, and nobody will: it stays taken as long as the tests run."""
    taken = socket.socket()
    taken.bind(("127.0.0.1", 0))
    _taken.append(taken)
    return int(taken.getsockname()[1])


@atexit.register
def _give_back() -> None:
    for taken in _taken:
        taken.close()
