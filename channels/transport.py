"""HTTP to providers, over aiohttp: keep-alive, and failures told apart by what surely left."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol, TypeVar

import aiohttp
from aiohttp.abc import AbstractResolver
from tenacity import AsyncRetrying, retry_if_exception_type, stop_after_attempt, wait_fixed
from yarl import URL

from channels.errors import AnswerLost, NotConnected, NothingTaken, TooLate

# Many servers close idle connections after 5 s (uvicorn's default). Ours go first, so that a
# request seldom meets a connection that the other side is just closing: that is `Uncertain`.
_KEEP_ALIVE_S = 4.0
_BLIP_RETRIES = 2
_BLIP_WAIT_S = 0.12

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Reply:
    """What a provider answered, whole. Headers are looked up in any case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Transport(Protocol):
    """How a channel speaks HTTP; small, so that a faster client can take aiohttp's place."""

    async def request(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes | None = None,
        start_by: float | None = None,
    ) -> Reply:
        """One exchange. Raises `NothingTaken`, `TooLate` or `AnswerLost`, nothing else."""

    async def close(self) -> None:
        """Give connections back; must run in the loop that used them."""


async def despite_blips(call: Callable[[], Awaitable[T]]) -> T:
    """Run `call`, twice more within 0.3 s if it found no connection: surely nothing left.

    The first run does without tenacity, which costs more CPU than the rest of a send.
    """
    try:
        return await call()
    except NotConnected:
        await asyncio.sleep(_BLIP_WAIT_S)
    again = AsyncRetrying(
        retry=retry_if_exception_type(NotConnected),
        stop=stop_after_attempt(_BLIP_RETRIES),
        wait=wait_fixed(_BLIP_WAIT_S),
        reraise=True,
    )
    async for attempt in again:
        with attempt:
            return await call()
    raise NotConnected("connect: given up")  # not reached: the last failure is raised above


class AiohttpTransport:
    """One session per event loop, made when first used.

    For addresses that others chose: `per_host` bounds the connections to one of them, `max_body`
    what is read of a reply, and `resolver` looks names up.
    """

    def __init__(
        self,
        connections: int,
        timeout: timedelta,
        *,
        per_host: int = 0,
        max_body: int | None = None,
        resolver: Callable[[], AbstractResolver] | None = None,
    ) -> None:
        self._connections = connections
        self._per_host = per_host
        self._max_body = max_body
        self._resolver = resolver
        self._total_s = timeout.total_seconds()
        # The wait for a connection ends before the whole does, so that the whole's time-out can
        # only mean "connected, and no answer".
        self._connect_s = self._total_s / 2
        self._timeout = aiohttp.ClientTimeout(total=self._total_s, connect=self._connect_s)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._session: aiohttp.ClientSession | None = None

    async def request(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes | None = None,
        start_by: float | None = None,
    ) -> Reply:
        return await despite_blips(lambda: self._once(method, url, headers, body, start_by))

    async def _once(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes | None,
        start_by: float | None,
    ) -> Reply:
        timeout = self._timeout_for(start_by)
        try:
            async with self._session_here().request(
                method,
                URL(url, encoded=True),
                headers=headers,
                data=body,
                timeout=timeout,
                allow_redirects=False,
            ) as response:
                return Reply(response.status, response.headers, await self._read(response))
        except aiohttp.ConnectionTimeoutError as error:
            if timeout is not self._timeout:
                raise TooLate("no connection in time") from error
            raise NothingTaken("connect: timed out") from error
        except aiohttp.ClientConnectorError as error:
            raise NotConnected(f"connect: {_kind(error.os_error)}") from error
        except aiohttp.InvalidURL as error:
            raise NothingTaken("connect: the provider's URL is wrong") from error
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise AnswerLost(_kind(error)) from error

    async def _read(self, response: aiohttp.ClientResponse) -> bytes:
        if self._max_body is None:
            return await response.read()
        # Of a longer one no more is read, and its connection is not used again.
        return await response.content.read(self._max_body)

    def _timeout_for(self, start_by: float | None) -> aiohttp.ClientTimeout:
        if start_by is None:
            return self._timeout
        left = start_by - time.monotonic()
        if left <= 0:
            raise TooLate("its time to begin had passed")
        if left >= self._connect_s:
            return self._timeout
        return aiohttp.ClientTimeout(total=self._total_s, connect=left)

    def _session_here(self) -> aiohttp.ClientSession:
        loop = asyncio.get_running_loop()
        if self._session is None or self._loop is not loop:
            self._loop = loop
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(
                    limit=self._connections,
                    limit_per_host=self._per_host,
                    keepalive_timeout=_KEEP_ALIVE_S,
                    ttl_dns_cache=60,
                    resolver=self._resolver() if self._resolver else None,
                ),
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
                trust_env=False,
            )
        return self._session

    async def close(self) -> None:
        session, self._session = self._session, None
        if session is not None and self._loop is asyncio.get_running_loop():
            await session.close()


def _kind(error: BaseException) -> str:
    """The sort of failure, without the address it happened at."""
    return type(error).__name__
