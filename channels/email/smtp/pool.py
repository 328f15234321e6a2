"""Connections to one relay, kept for the next mail; one set per event loop."""

from __future__ import annotations

import asyncio
import time

from channels.email.smtp.connection import SmtpConnection
from channels.email.smtp.settings import EmailSettings
from channels.errors import TooLate

# Relays drop a quiet client after five minutes at the earliest (RFC 5321 §4.5.3.2.7) but many do
# so sooner, and most limit what they take over one connection.
_MOST_IDLE_S = 30.0
_MOST_MESSAGES = 100


class SmtpPool:
    def __init__(self, settings: EmailSettings) -> None:
        self._settings = settings
        self._loop: asyncio.AbstractEventLoop | None = None
        self._free = asyncio.Semaphore(settings.concurrency)
        self._idle: list[SmtpConnection] = []
        self._late: set[asyncio.Task[SmtpConnection]] = set()

    async def acquire(self, start_by: float | None) -> SmtpConnection:
        """A connection ready for a mail. Raises `TooLate`, `NotConnected` or `Refused`."""
        self._enter_loop()
        left = None if start_by is None else start_by - time.monotonic()
        if left is not None and left <= 0:
            raise TooLate("its time to begin had passed")
        try:
            async with asyncio.timeout(left) as limit:
                await self._free.acquire()
                return self._kept() or await self._opened()
        except TimeoutError as error:
            if limit.expired():
                raise TooLate("no connection in time") from error
            raise

    async def _opened(self) -> SmtpConnection:
        """A new connection. One that nobody waits for any more is kept for the next mail.

        A relay that takes longer to greet than a call may wait to begin would else never get one.
        """
        opening = asyncio.create_task(SmtpConnection.open(self._settings))
        try:
            return await asyncio.shield(opening)
        except asyncio.CancelledError:
            self._late.add(opening)
            opening.add_done_callback(self._came_late)
            raise
        except BaseException:
            self._free.release()
            raise

    def _came_late(self, opening: asyncio.Task[SmtpConnection]) -> None:
        self._late.discard(opening)
        self._free.release()
        if not opening.cancelled() and opening.exception() is None:
            self._idle.append(opening.result())

    def _enter_loop(self) -> None:
        loop = asyncio.get_running_loop()
        if self._loop is not loop:
            self._loop = loop
            self._free = asyncio.Semaphore(self._settings.concurrency)
            self._idle = []
            self._late = set()

    def _kept(self) -> SmtpConnection | None:
        while self._idle:
            connection = self._idle.pop()
            if connection.usable and time.monotonic() - connection.used_at < _MOST_IDLE_S:
                return connection
            connection.abort()
        return None

    def release(self, connection: SmtpConnection) -> None:
        self._free.release()
        if connection.usable and connection.messages < _MOST_MESSAGES:
            self._idle.append(connection)
        else:
            connection.abort()

    async def close(self) -> None:
        idle, self._idle = self._idle, []
        if self._loop is asyncio.get_running_loop():
            for opening in tuple(self._late):
                opening.cancel()
            await asyncio.gather(*(connection.quit() for connection in idle))
