"""A small HTTP/2 server in cleartext, on the h2 library: for carriers that are spoken to so."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Mapping
from typing import cast

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import (
    ConnectionTerminated,
    DataReceived,
    Event,
    RequestReceived,
    StreamEnded,
    StreamReset,
)
from h2.exceptions import ProtocolError
from h2.settings import SettingCodes, Settings

from channels.sandbox.listener import Conversation, Listener

_MOST_STREAMS = 100
_MOST_BODY = 1 << 16


class Http2Request:
    """One request, answered by `respond` at any later time, or never."""

    __slots__ = ("began", "body", "connection", "headers", "stream_id")

    def __init__(
        self, connection: Http2ServerConnection, stream_id: int, headers: Mapping[str, str]
    ) -> None:
        self.connection = connection
        self.stream_id = stream_id
        self.headers = headers
        self.body = b""
        self.began = time.time()

    @property
    def method(self) -> str:
        return self.headers.get(":method", "")

    @property
    def path(self) -> str:
        return self.headers.get(":path", "")

    def respond(
        self,
        status: int,
        content: Mapping[str, object] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        body = b"" if content is None else json.dumps(content).encode()
        self.connection.reply(self.stream_id, status, headers or {}, body)


Handler = Callable[[Http2Request], None]


class Http2ServerConnection(Conversation):
    """One client's connection."""

    def __init__(
        self, handler: Handler, most_streams: int, everyone: set[Http2ServerConnection]
    ) -> None:
        self.h2 = H2Connection(H2Configuration(client_side=False, header_encoding="utf-8"))
        self._handler = handler
        self._most_streams = most_streams
        self._everyone = everyone
        self._requests: dict[int, Http2Request] = {}
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transport has the methods of asyncio.Transport without being one.
        self.transport = cast(asyncio.Transport, transport)
        self._everyone.add(self)
        self.h2.local_settings = Settings(
            client=False,
            initial_values={SettingCodes.MAX_CONCURRENT_STREAMS: self._most_streams},
        )
        self.h2.initiate_connection()
        self.flush()

    def data_received(self, data: bytes) -> None:
        try:
            for event in self.h2.receive_data(data):
                self._hear(event)
            self.flush()
        except ProtocolError:
            self.flush()
            self.close()

    def connection_lost(self, exc: Exception | None) -> None:
        self.transport = None
        self._everyone.discard(self)

    def _hear(self, event: Event) -> None:
        match event:
            case RequestReceived():
                headers = {str(name): str(value) for name, value in event.headers or ()}
                stream_id = event.stream_id or 0
                self._requests[stream_id] = Http2Request(self, stream_id, headers)
            case DataReceived():
                self.h2.acknowledge_received_data(
                    event.flow_controlled_length or 0, event.stream_id or 0
                )
                request = self._requests[event.stream_id or 0]
                request.body = (request.body + (event.data or b""))[:_MOST_BODY]
            case StreamEnded():
                self._handler(self._requests.pop(event.stream_id or 0))
            case StreamReset():
                self._requests.pop(event.stream_id or 0, None)
            case ConnectionTerminated():
                self.close()

    def reply(self, stream_id: int, status: int, headers: Mapping[str, str], body: bytes) -> None:
        """Replies are small: they fit any window that a client begins with."""
        listed = [(":status", str(status)), *headers.items()]
        try:
            self.h2.send_headers(stream_id, listed, end_stream=not body)
            if body:
                self.h2.send_data(stream_id, body, end_stream=True)
        except ProtocolError:
            return  # the client gave that stream up
        self.flush()

    def flush(self) -> None:
        data = self.h2.data_to_send()
        if data and self.transport is not None:
            self.transport.write(data)

    def close(self) -> None:
        if self.transport is not None:
            self.transport.close()


class Http2Server(Listener[Http2ServerConnection]):
    """Gives each request to `handler`."""

    def __init__(self, handler: Handler, most_streams: int = _MOST_STREAMS) -> None:
        super().__init__(
            lambda connections: Http2ServerConnection(handler, most_streams, connections)
        )
