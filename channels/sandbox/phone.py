"""The simulated phone: opens customers' inboxes through the public door and logs what they read."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from types import TracebackType
from urllib.parse import quote

import aiohttp

from channels.sandbox.journal import Journal

_TIMEOUT = aiohttp.ClientTimeout(total=30)


class PhoneError(Exception):
    """The inbox did not open; the message carries the status."""


@dataclass(frozen=True, slots=True)
class Visit:
    """One look of one customer, with the token that the lender's app holds for them."""

    customer_id: str
    token: str = field(repr=False)


class Phone:
    """`async with Phone(base_url, log_path) as phone: await phone.open(customer, token, now)`."""

    def __init__(self, base_url: str, log_path: Path, parallel: int = 20) -> None:
        self._base_url = base_url.rstrip("/")
        self._journal = Journal(log_path)
        self._parallel = asyncio.Semaphore(parallel)
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Phone:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def open(
        self, customer_id: str, token: str, now: datetime, *, history: bool = False
    ) -> Sequence[Mapping[str, object]]:
        """Read one inbox at business time `now`; the messages as the door gave them.

        With `history` all that was ever in it is looked at and nothing is marked as read.
        Raises `PhoneError` if the door refuses.
        """
        url = f"{self._base_url}/v1/inbox/{quote(customer_id, safe='')}"
        if history:
            url += "?history=1&peek=1"
        headers = {"Authorization": f"Bearer {token}"}
        async with self._parallel, self._opened().get(url, headers=headers) as response:
            if response.status != 200:
                raise PhoneError(f"the inbox answered {response.status}")
            found = await response.json()
        messages = found if isinstance(found, list) else found.get("messages", [])
        kind = "inbox" if history else "read"
        self._journal.write(kind, now, time.time(), customer=customer_id, messages=messages)
        return [message for message in messages if isinstance(message, dict)]

    async def open_many(
        self, visits: Iterable[Visit], now: datetime, *, history: bool = False
    ) -> int:
        """Open all these inboxes, a few at a time; how many messages were seen in them."""
        seen = await asyncio.gather(
            *(self.open(one.customer_id, one.token, now, history=history) for one in visits)
        )
        self._journal.flush()
        return sum(len(messages) for messages in seen)

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()
        self._journal.close()

    def _opened(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                cookie_jar=aiohttp.DummyCookieJar(), timeout=_TIMEOUT, trust_env=False
            )
        return self._session
