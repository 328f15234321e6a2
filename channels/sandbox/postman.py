"""Posts signed receipts to the lender's door until each was taken."""

from __future__ import annotations

import asyncio
import json
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import aiohttp

from channels.signature import HEADER, sign

_PARALLEL = 16
_FIRST_WAIT_S = 0.05
_LONGEST_WAIT_S = 1.0
_TIMEOUT = aiohttp.ClientTimeout(total=10)


@dataclass(frozen=True, slots=True)
class Letter:
    """One receipt on its way, and what to do once the lender has it."""

    receipt: Mapping[str, object]
    posted: Callable[[], None]


class Postman:
    """Posts for one provider: arrays of up to `batch`, or objects one by one if that is 1.

    While the receiver is away or answers anything but 2xx the same body is tried again, for ever.
    """

    def __init__(self, url: str, secret: str, batch: int) -> None:
        self._url = url
        self._secret = secret
        self._batch = batch
        self._letters: deque[Letter] = deque()
        self._unposted = 0
        self._work = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._tasks: list[asyncio.Task[None]] = []
        self._session: aiohttp.ClientSession | None = None
        self.last_error = ""

    @property
    def unposted(self) -> int:
        return self._unposted

    def start(self) -> None:
        self._session = aiohttp.ClientSession(
            cookie_jar=aiohttp.DummyCookieJar(), timeout=_TIMEOUT, trust_env=False
        )
        self._tasks = [asyncio.create_task(self._run(self._session)) for _ in range(_PARALLEL)]

    def post(self, letter: Letter) -> None:
        self._unposted += 1
        self._idle.clear()
        self._letters.append(letter)
        self._work.set()

    async def all_posted(self) -> None:
        await self._idle.wait()

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._session is not None:
            await self._session.close()

    async def _run(self, session: aiohttp.ClientSession) -> None:
        while True:
            await self._work.wait()
            letters = self._take()
            if not letters:
                self._work.clear()
                continue
            await self._deliver(session, letters)
            for letter in letters:
                letter.posted()
            self._unposted -= len(letters)
            if self._unposted == 0:
                self._idle.set()

    def _take(self) -> list[Letter]:
        size = min(self._batch, len(self._letters))
        return [self._letters.popleft() for _ in range(size)]

    async def _deliver(self, session: aiohttp.ClientSession, letters: list[Letter]) -> None:
        found = [letter.receipt for letter in letters]
        body = json.dumps(found[0] if self._batch == 1 else found).encode()
        wait_s = _FIRST_WAIT_S
        while not await self._once(session, body):
            await asyncio.sleep(wait_s)
            wait_s = min(wait_s * 2, _LONGEST_WAIT_S)

    async def _once(self, session: aiohttp.ClientSession, body: bytes) -> bool:
        headers = {
            "Content-Type": "application/json",
            HEADER: sign(self._secret, body, int(time.time())),
        }
        try:
            async with session.post(self._url, data=body, headers=headers) as response:
                await response.read()
                if 200 <= response.status < 300:
                    return True
                self.last_error = f"the receiver answered {response.status}"
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            self.last_error = type(error).__name__
        return False
