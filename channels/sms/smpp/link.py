"""The session that a process sends by: opened when first used, and again when it is stale."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from channels.errors import NothingTaken, TooLate
from channels.sms.smpp.session import Session, open_session
from channels.sms.smpp.settings import SmppSettings

# The first failures cost nothing, for a carrier that is just starting anew; then ever longer
# pauses: carriers lock an account out that keeps knocking.
_FREE_FAILURES: Final = 4
_FIRST_WAIT_S: Final = 0.5
_LONGEST_WAIT_S: Final = 30.0


class Link:
    """One session per event loop, shared by up to `window` messages at once."""

    def __init__(self, settings: SmppSettings) -> None:
        self._settings = settings
        self._loop: asyncio.AbstractEventLoop | None = None
        self._free = asyncio.Semaphore(settings.window)
        self._session: Session | None = None
        self._opening: asyncio.Task[Session] | None = None
        self._failures = 0
        self._open_at = 0.0

    @asynccontextmanager
    async def turn(self, start_by: float | None) -> AsyncIterator[Session]:
        """A session that is surely alive, and a place in its window. Raises `TooLate`,
        `NotConnected` or `NothingTaken`."""
        self._enter_loop()
        left = None if start_by is None else start_by - time.monotonic()
        if left is not None and left <= 0:
            raise TooLate("its time to begin had passed")
        free = self._free
        try:
            async with asyncio.timeout(left):
                await free.acquire()
        except TimeoutError as error:
            raise TooLate("no place in the window in time") from error
        try:
            yield await self._ready(start_by)
        finally:
            free.release()

    async def _ready(self, start_by: float | None) -> Session:
        """Whoever waits no longer leaves the opening to the next message."""
        if self._session is not None and self._session.fresh:
            return self._session
        if self._opening is None:
            self._opening = asyncio.create_task(self._alive())
            self._opening.add_done_callback(self._opened)
        left = None if start_by is None else max(0.0, start_by - time.monotonic())
        opening = self._opening
        await asyncio.wait((opening,), timeout=left)
        if not opening.done():
            raise TooLate("no session in time")
        return opening.result()

    def _opened(self, opening: asyncio.Task[Session]) -> None:
        self._opening = None
        if not opening.cancelled():
            opening.exception()  # told to whoever waits; nobody may

    async def _alive(self) -> Session:
        if self._session is not None and await self._session.alive():
            return self._session
        self._session = None
        if time.monotonic() < self._open_at:
            raise NothingTaken("connect: waiting after failures")
        try:
            self._session = await open_session(self._settings, self._settings.bind)
        except NothingTaken:
            self._fail()
            raise
        self._failures = 0
        return self._session

    def _fail(self) -> None:
        self._failures += 1
        if self._failures >= _FREE_FAILURES:
            doubled = _FIRST_WAIT_S * 2.0 ** min(self._failures - _FREE_FAILURES, 10)
            self._open_at = time.monotonic() + min(doubled, _LONGEST_WAIT_S)

    def _enter_loop(self) -> None:
        loop = asyncio.get_running_loop()
        if self._loop is not loop:
            self._loop = loop
            self._free = asyncio.Semaphore(self._settings.window)
            self._session = self._opening = None

    async def close(self) -> None:
        if self._loop is not asyncio.get_running_loop():
            return
        if self._opening is not None:
            self._opening.cancel()
            await asyncio.wait((self._opening,))
        if self._session is not None:
            session, self._session = self._session, None
            await session.unbind()
