"""Posts signed receipts to the lender's door until each was taken."""

from __future__ import annotations

import asyncio
import json
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import aiohttp
from yarl import URL

from channels.signature import HEADER, sign

_PARALLEL = 16
_FIRST_WAIT_S = 0.05
_LONGEST_WAIT_S = 1.0
_TIMEOUT = aiohttp.ClientTimeout(total=10)


@dataclass(frozen=True, slots=True)
class Letter:
    """One receipt on its way, and what to do once the lender has it. `url`: where this message's
    receipts were asked to go, where a provider lets each message say."""

    receipt: Mapping[str, object]
    posted: Callable[[], None]
    url: str = ""


# Receipts as one provider writes and signs them for `url`: the body, and its headers.
Write = Callable[[Sequence[Mapping[str, object]], str], tuple[bytes, Mapping[str, str]]]


def signed_json(secret: str, *, single: bool = False) -> Write:
    """JSON under our own signature: an array, or with `single` the one receipt."""

    def write(found: Sequence[Mapping[str, object]], url: str) -> tuple[bytes, Mapping[str, str]]:
        body = json.dumps(found[0] if single else found).encode()
        signature = sign(secret, body, int(time.time()))
        return body, {"Content-Type": "application/json", HEADER: signature}

    return write


class Postman:
    """Posts for one provider: up to `batch` receipts at once, in the form that `write` gives them.

    While the receiver is away or answers anything but 2xx the same body is tried again, for ever.
    """

    def __init__(self, url: str, write: Write, batch: int) -> None:
        self._url = url
        self._write = write
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
        taken = [self._letters.popleft()] if self._letters else []
        while self._letters and len(taken) < self._batch and self._letters[0].url == taken[0].url:
            taken.append(self._letters.popleft())
        return taken

    async def _deliver(self, session: aiohttp.ClientSession, letters: list[Letter]) -> None:
        found = [letter.receipt for letter in letters]
        url = letters[0].url or self._url
        wait_s = _FIRST_WAIT_S
        while not await self._once(session, url, found):
            await asyncio.sleep(wait_s)
            wait_s = min(wait_s * 2, _LONGEST_WAIT_S)

    async def _once(
        self, session: aiohttp.ClientSession, url: str, found: Sequence[Mapping[str, object]]
    ) -> bool:
        body, headers = self._write(found, url)
        try:
            target = URL(url, encoded=True)
            async with session.post(target, data=body, headers=headers) as response:
                await response.read()
                if 200 <= response.status < 300:
                    return True
                self.last_error = f"the receiver answered {response.status}"
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            self.last_error = type(error).__name__
        return False
