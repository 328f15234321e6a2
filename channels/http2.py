"""HTTP/2 to one origin over one connection, with failures told apart by what surely left.

TLS with ALPN `h2`; an address that begins with `http://` is spoken to in cleartext, as HTTP/2 from
the first byte (RFC 9113 §3.3): for the sandbox.
"""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import timedelta

from hpack import NeverIndexedHeaderTuple
from yarl import URL

from channels.errors import AnswerLost, NotConnected, NothingTaken, TooLate
from channels.http2_connection import Exchange, HeaderList, Http2Connection
from channels.single_flight import SingleFlight
from channels.transport import Reply, despite_blips

# A worker's loop stands still between its deliveries, so what a connection was told meanwhile is
# unread. After a short silence there is time to read first, after a longer one the server is asked:
# what dies in a network's middle boxes dies unheard.
_FRESH_S = 0.1
_READ_S = 0.002
_PROBE_AFTER_S = 2.0
_PROBE_S = 2.0
_CLOSE_S = 1.0


class Http2Transport:
    """See `channels.transport.Transport`. `context` replaces the usual TLS settings."""

    def __init__(
        self,
        base_url: str,
        timeout: timedelta,
        *,
        context: ssl.SSLContext | None = None,
        probe_after_s: float = _PROBE_AFTER_S,
    ) -> None:
        origin = URL(base_url)
        self._host, self._port = origin.host or "", origin.port or 443
        self._tls = (context or _tls()) if origin.scheme == "https" else None
        self._scheme = origin.scheme
        self._authority = origin.authority
        self._total_s = timeout.total_seconds()
        self._connect_s = self._total_s / 2
        self._probe_after_s = probe_after_s
        self._current: Http2Connection | None = None
        self._connecting: SingleFlight[Http2Connection] = SingleFlight()
        self._live: set[Http2Connection] = set()

    async def request(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes | None = None,
        start_by: float | None = None,
    ) -> Reply:
        until = time.monotonic() + self._total_s
        listed = self._headers(method, url, headers)
        return await despite_blips(lambda: self._once(listed, body or b"", start_by, until))

    async def close(self) -> None:
        await self._connecting.close()
        self._current = None
        for connection in [each for each in self._live if _ours(each)]:
            connection.close()
            with suppress(TimeoutError):
                async with asyncio.timeout(_CLOSE_S):
                    await asyncio.shield(connection.closed)
            connection.abort()
        self._live.clear()

    def _headers(self, method: str, url: str, headers: Mapping[str, str]) -> HeaderList:
        path = URL(url, encoded=True).raw_path_qs
        return [
            (":method", method),
            (":scheme", self._scheme),
            (":authority", self._authority),
            # It names the addressee: of no use to compression, and nobody else's business.
            NeverIndexedHeaderTuple(":path", path),
            *((name.lower(), value) for name, value in headers.items()),
        ]

    async def _once(
        self, headers: HeaderList, body: bytes, start_by: float | None, until: float
    ) -> Reply:
        connection, exchange = await self._begin(headers, body, start_by, until)
        began_at = time.monotonic()
        try:
            async with asyncio.timeout(max(0.0, until - began_at)):
                return await exchange.done
        except TimeoutError:
            if connection.heard_at < began_at:
                connection.retire()  # nothing at all was heard: the next one shall not wait here
            if exchange.left:
                raise AnswerLost("timed out") from None
            raise NothingTaken("connect: no room to send in time") from None
        finally:
            connection.forget(exchange)

    async def _begin(
        self, headers: HeaderList, body: bytes, start_by: float | None, until: float
    ) -> tuple[Http2Connection, Exchange]:
        """The exchange, begun by `start_by` on a connection that lives."""
        now = time.monotonic()
        left_s = min(until - now, self._connect_s)
        if start_by is not None and start_by <= now:
            raise TooLate("its time to begin had passed")
        hurried = start_by is not None and start_by - now < left_s
        if start_by is not None and hurried:
            left_s = start_by - now
        try:
            async with asyncio.timeout(max(0.0, left_s)):
                return await self._opened(headers, body)
        except TimeoutError:
            if hurried:
                raise TooLate("no connection in time") from None
            raise NothingTaken("connect: timed out") from None

    async def _opened(self, headers: HeaderList, body: bytes) -> tuple[Http2Connection, Exchange]:
        while True:
            connection = await self._usable()
            exchange = connection.open(headers, body)
            if exchange is not None:
                return connection, exchange
            await connection.moved()

    async def _usable(self) -> Http2Connection:
        connection = self._current
        if connection is None or connection.retired or not _ours(connection):
            return await self._connecting.run(self._connect)
        silent_s = time.monotonic() - connection.heard_at
        if silent_s > self._probe_after_s:
            return await self._connecting.run(self._probe)
        if silent_s > _FRESH_S:
            await asyncio.sleep(_READ_S)
            if connection.retired:
                return await self._connecting.run(self._connect)
        return connection

    async def _probe(self) -> Http2Connection:
        """The connection if it answers, else a new one."""
        connection = self._current
        if connection is not None and not connection.retired:
            with suppress(TimeoutError):
                async with asyncio.timeout(min(_PROBE_S, self._connect_s / 2)):
                    await connection.ping()
                if not connection.retired:
                    return connection
            connection.retire()
        return await self._connect()

    async def _connect(self) -> Http2Connection:
        try:
            async with asyncio.timeout(self._connect_s):
                return await self._hand_shake()
        except TimeoutError:
            raise NothingTaken("connect: timed out") from None
        except (OSError, ssl.SSLError) as error:
            raise NotConnected(f"connect: {type(error).__name__}") from error

    async def _hand_shake(self) -> Http2Connection:
        loop = asyncio.get_running_loop()
        transport, connection = await loop.create_connection(
            Http2Connection, self._host, self._port, ssl=self._tls
        )
        self._live.add(connection)
        connection.closed.add_done_callback(self._ended(connection))
        try:
            chosen = transport.get_extra_info("ssl_object")
            if chosen is not None and chosen.selected_alpn_protocol() != "h2":
                raise NothingTaken("connect: the server speaks no HTTP/2")
            # Its first frame says how many streams it takes (RFC 9113 §3.4).
            await connection.ready
        except BaseException:
            connection.abort()
            raise
        self._current = connection
        return connection

    def _ended(self, connection: Http2Connection) -> Callable[[object], None]:
        return lambda _: self._live.discard(connection)


def _ours(connection: Http2Connection) -> bool:
    """True if it belongs to the loop that runs now."""
    return connection.closed.get_loop() is asyncio.get_running_loop()


def _tls() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["h2"])
    return context
