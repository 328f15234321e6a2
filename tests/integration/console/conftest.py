"""The doors on a real uvicorn, over the real Redis and PostgreSQL of the session."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
import redis
import uvicorn
from pydantic import SecretStr

from config.settings import Settings
from reminders.console.app import create_app

NOW = datetime(2026, 3, 25, 1, 30, tzinfo=UTC)


@dataclass(frozen=True)
class Shown:
    """The one message of everybody's inbox."""

    attempt_id: str = "0f" * 16
    written_at: datetime = NOW
    bill_id: str = "B-1"
    kind: str = "due_today"
    urgency: str = "normal"
    open: bool = True
    subject: str = "Your bill"
    text: str = "12.00 is due today"
    read_at: datetime | None = None


@pytest.fixture(scope="module")
def settings(redis_url: str, database_url: str) -> Settings:
    return Settings(
        REDIS_URL=redis_url,
        DATABASE_URL=database_url,
        encryption_keys={"k1": SecretStr("0" * 64)},
        hash_key=SecretStr("h"),
        inbox_key=SecretStr("inbox-key"),
        producer_tokens={"billing": SecretStr("b-token")},
        operator_tokens={"lin": SecretStr("lin-token")},
        metrics_token=SecretStr("m-token"),
        receipt_secrets={"sms-gateway": SecretStr("s3cret")},
    )


@pytest.fixture(scope="module")
def door(settings: Settings) -> Iterator[str]:
    """The address of the doors."""
    listening = socket.create_server(("127.0.0.1", 0))
    app = create_app(settings, read_inbox=lambda customer: [Shown()], now=lambda: NOW)
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="on"))
    thread = threading.Thread(target=lambda: asyncio.run(server.serve([listening])))
    thread.start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(30)
        listening.close()


@pytest.fixture
def streams(redis_url: str) -> Iterator[redis.Redis]:
    """A client of the streams, which are empty at the beginning of each test."""
    with redis.Redis.from_url(redis_url) as client:
        client.delete("reminders:events", "reminders:receipts")
        yield client
