"""A small HTTP/1.1 server on an asyncio protocol: a carrier must be cheaper than what it serves."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import cast
from urllib.parse import unquote

import httptools

from channels.sandbox.listener import Conversation, Listener

_MAX_BODY = 1 << 20
_LINES = {
    status.value: f"HTTP/1.1 {status.value} {status.phrase}\r\n".encode() for status in HTTPStatus
}
_encode = json.JSONEncoder(separators=(",", ":")).encode


class Request:
    """One request, answered by `respond` at any later time, or never."""

    __slots__ = ("_connection", "began", "body", "headers", "method", "path", "target")

    def __init__(self, connection: Connection, began: float) -> None:
        self._connection = connection
        self.began = began
        self.method = ""
        self.path = ""
        self.target = ""  # path and query as they were called, escapes and all
        self.headers: dict[str, str] = {}
        self.body = b""

    def respond(
        self, status: int, content: Mapping[str, object], headers: Mapping[str, str] | None = None
    ) -> None:
        self._connection.reply(status, _encode(content).encode(), headers or {})

    def respond_with(
        self,
        status: int,
        body: bytes,
        content_type: str,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Answer in another form than JSON."""
        self._connection.reply(status, body, {**(headers or {}), "Content-Type": content_type})

    def bears(self, token: str) -> bool:
        return self.headers.get("authorization") == f"Bearer {token}"


Handler = Callable[[Request], None]


class Connection(Conversation):
    """One client connection; requests come one after another, without pipelining."""

    def __init__(self, handler: Handler, open_connections: set[Connection]) -> None:
        self._handler = handler
        self._open = open_connections
        self._transport: asyncio.Transport | None = None
        self._parser = httptools.HttpRequestParser(self)
        self._request: Request | None = None
        self._body: list[bytes] = []
        self._size = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transport has the methods of asyncio.Transport without being one.
        self._transport = cast(asyncio.Transport, transport)
        self._open.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        self._open.discard(self)

    def data_received(self, data: bytes) -> None:
        if self._request is None:
            self._request = Request(self, time.time())
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:
            self.close()

    def on_url(self, url: bytes) -> None:
        if self._request is not None:
            self._request.target = url.decode("latin-1")
            self._request.path = unquote(url.partition(b"?")[0].decode("latin-1"))

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._request is not None:
            self._request.headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_body(self, body: bytes) -> None:
        self._size += len(body)
        if self._size > _MAX_BODY:
            self.close()
            return
        self._body.append(body)

    def on_message_complete(self) -> None:
        request, self._request = self._request, None
        if request is None:
            return
        request.method = self._parser.get_method().decode("ascii")
        request.body = b"".join(self._body)
        self._body.clear()
        self._size = 0
        self._handler(request)

    def reply(self, status: int, body: bytes, headers: Mapping[str, str]) -> None:
        if self._transport is None:
            return
        extra = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        kind = "" if "Content-Type" in headers else "Content-Type: application/json\r\n"
        head = f"{kind}Content-Length: {len(body)}\r\n{extra}\r\n"
        line = _LINES.get(status) or f"HTTP/1.1 {status} Said\r\n".encode()
        self._transport.write(line + head.encode("latin-1") + body)

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()


class HttpServer(Listener[Connection]):
    """Gives each request to `handler`."""

    def __init__(self, handler: Handler) -> None:
        super().__init__(lambda connections: Connection(handler, connections))
