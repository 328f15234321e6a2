"""The SMTP pool keeps a connection that opened too late for the mail that wanted it."""

from __future__ import annotations

import asyncio
import time
from datetime import timedelta

import pytest

from channels.email.smtp.connection import SmtpConnection
from channels.email.smtp.pool import SmtpPool
from channels.email.smtp.settings import EmailSettings
from channels.errors import NotConnected, TooLate


class Opened:
    """As much of a connection as the pool looks at."""

    usable = True
    messages = 0

    def __init__(self) -> None:
        self.used_at = time.monotonic()

    def abort(self) -> None:
        self.usable = False

    async def quit(self) -> None:
        self.usable = False


def _settings() -> EmailSettings:
    return EmailSettings(
        host="127.0.0.1",
        port=9,
        sender="bills@lender.example.com",
        receipts_secret="unused",  # noqa: S106 - no secret
        concurrency=1,
        timeout=timedelta(seconds=30),
    )


def test_a_slow_greeting_serves_the_next_mail(monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[Opened] = []

    async def slowly(settings: EmailSettings) -> Opened:
        await asyncio.sleep(0.1)
        opened.append(Opened())
        return opened[-1]

    monkeypatch.setattr(SmtpConnection, "open", slowly)

    async def mails() -> None:
        pool = SmtpPool(_settings())
        with pytest.raises(TooLate):
            await pool.acquire(time.monotonic() + 0.02)
        await asyncio.sleep(0.2)
        kept: object = await pool.acquire(time.monotonic() + 30)
        assert kept is opened[0]
        await pool.close()

    asyncio.run(mails())
    assert len(opened) == 1


def test_a_late_failure_gives_its_place_back(monkeypatch: pytest.MonkeyPatch) -> None:
    tries: list[int] = []

    async def failing(settings: EmailSettings) -> Opened:
        tries.append(1)
        await asyncio.sleep(0.05)
        raise NotConnected("refused")

    monkeypatch.setattr(SmtpConnection, "open", failing)

    async def mails() -> None:
        pool = SmtpPool(_settings())
        for _ in range(3):
            with pytest.raises(TooLate):
                await pool.acquire(time.monotonic() + 0.01)
            await asyncio.sleep(0.1)
        with pytest.raises(NotConnected):
            await pool.acquire(time.monotonic() + 30)
        await pool.close()

    asyncio.run(mails())
    assert len(tries) == 4
