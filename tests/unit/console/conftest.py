"""An application over a Redis in memory, and the failures it can have."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import cast

import pytest
from fakeredis import FakeAsyncRedis, FakeServer
from pydantic import SecretStr

from config.settings import Settings
from reminders.console.app import create_app
from reminders.console.doors import Doors

NOW = datetime(2026, 3, 25, 1, 30, tzinfo=UTC)
LIMIT = 4096


@dataclass(frozen=True)
class Shown:
    """A message as the inbox's reader gives it."""

    attempt_id: str
    read_at: datetime | None = None
    written_at: datetime = NOW
    bill_id: str = "B-1"
    kind: str = "due_today"
    urgency: str = "normal"
    open: bool = True
    subject: str = "Your bill"
    text: str = "12.00 is due today"


@dataclass
class House:
    """The application with what is behind its doors."""

    app: Doors
    server: FakeServer
    messages: list[Shown]
    asked: list[str]

    async def stream(self, name: str) -> list[dict[bytes, bytes]]:
        async with FakeAsyncRedis(server=self.server) as client:
            found = cast("list[tuple[bytes, dict[bytes, bytes]]]", await client.xrange(name))
            return [fields for _, fields in found]


@pytest.fixture
def house() -> Iterator[House]:
    settings = Settings(
        REDIS_URL="redis://127.0.0.1:1",
        DATABASE_URL="postgresql://127.0.0.1:1/none",
        encryption_keys={"k1": SecretStr("0" * 64)},
        hash_key=SecretStr("h"),
        inbox_key=SecretStr("inbox-key"),
        producer_tokens={"billing": SecretStr("b-token"), "core": SecretStr("c-token")},
        receipt_secrets={"sms-gateway": SecretStr("s3cret"), "unset": SecretStr("")},
        http_max_body=LIMIT,
    )
    server = FakeServer()
    messages: list[Shown] = []
    asked: list[str] = []

    def read(customer: str) -> Sequence[Shown]:
        asked.append(customer)
        return messages

    client = FakeAsyncRedis(server=server)
    app = create_app(settings, client=client, read_inbox=read, now=lambda: NOW)
    yield House(app, server, messages, asked)
    server.connected = True
    asyncio.run(client.aclose())
