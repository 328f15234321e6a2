"""One HTTP/2 connection on the h2 library: many exchanges at once, each knowing what of it left."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import cast

from h2.config import H2Configuration
from h2.connection import ConnectionState, H2Connection
from h2.errors import ErrorCodes
from h2.events import (
    ConnectionTerminated,
    DataReceived,
    Event,
    PingAckReceived,
    RemoteSettingsChanged,
    ResponseReceived,
    StreamEnded,
    StreamReset,
    WindowUpdated,
)
from h2.exceptions import NoAvailableStreamIDError, ProtocolError
from h2.settings import SettingCodes, Settings
from hpack import HeaderTuple

from channels.errors import AnswerLost, NotConnected
from channels.transport import Reply

_MOST_BODY = 64 * 1024  # of a reply; what comes beyond is read and dropped

_FRAME_HEAD = 9  # bytes: the length in three, type, flags, stream (RFC 9113 §4.1)
# Nobody pushes to us, and what is read of a reply is small.
_SETTINGS = {SettingCodes.ENABLE_PUSH: 0, SettingCodes.MAX_HEADER_LIST_SIZE: 16 * 1024}

HeaderList = Sequence[tuple[str, str] | HeaderTuple]


class Exchange:
    """One request and its reply. `left`: its last byte was written, so it may have been taken."""

    __slots__ = ("_body", "_head", "body", "done", "left", "stream_id")

    def __init__(self, stream_id: int, body: bytes) -> None:
        self.stream_id = stream_id
        self.body = memoryview(body)  # what is still to be sent
        self.left = not body
        self.done: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        self._head: Mapping[str, str] | None = None
        self._body = bytearray()

    def answered(self, headers: Mapping[str, str]) -> None:
        self._head = headers

    def read(self, data: bytes) -> None:
        self._body += data[: _MOST_BODY - len(self._body)]

    def end(self) -> None:
        """The reply is whole."""
        if self.done.done():
            return
        status = (self._head or {}).get(":status", "")
        if self._head is not None and status.isascii() and status.isdigit():
            self.done.set_result(Reply(int(status), self._head, bytes(self._body)))
        else:
            self.lost("no status")

    def lost(self, why: str, *, untouched: bool = False) -> None:
        """No reply will come. `untouched`: the server says it did not look at the request."""
        if self.done.done():
            return
        if self.left and not untouched:
            self.done.set_exception(AnswerLost(why))
        else:
            self.done.set_exception(NotConnected(f"connect: {why}"))


class Http2Connection(asyncio.Protocol):
    """Opens streams as far as the server's settings and windows go. Raises nothing but what its
    exchanges are told: `AnswerLost`, or `NotConnected` where surely nothing was taken."""

    def __init__(self) -> None:
        loop = asyncio.get_running_loop()
        self._h2 = H2Connection(H2Configuration(client_side=True, header_encoding="utf-8"))
        self._transport: asyncio.Transport | None = None
        self._unread = b""
        self._exchanges: dict[int, Exchange] = {}
        self._waiting: set[asyncio.Future[None]] = set()  # for room, or for an answer to a ping
        self.ready: asyncio.Future[None] = loop.create_future()
        self.closed: asyncio.Future[None] = loop.create_future()
        self.retired = False  # takes no further exchange
        self.heard_at = time.monotonic()
        self._pings = 0
        self._pongs = 0

    # What asyncio calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transport has the methods of asyncio.Transport without being one.
        self._transport = cast(asyncio.Transport, transport)
        self._h2.local_settings = Settings(client=True, initial_values=_SETTINGS)
        self._h2.initiate_connection()
        self._flush()

    def data_received(self, data: bytes) -> None:
        self.heard_at = time.monotonic()
        try:
            for frame in self._frames(data):
                for event in self._h2.receive_data(frame):
                    self._hear(event)
            self._pump()
        except ProtocolError:
            self._flush()  # h2 has put down why it goes
            self.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        self.retired = True
        for exchange in tuple(self._exchanges.values()):
            exchange.lost("closed")
        self._exchanges.clear()
        if not self.ready.done():
            self.ready.set_exception(NotConnected("connect: closed"))
            self.ready.exception()  # whoever waits sees it; nobody waiting is no news
        if not self.closed.done():
            self.closed.set_result(None)
        self._wake()

    # What the client asks.

    def open(self, headers: HeaderList, body: bytes) -> Exchange | None:
        """Begin an exchange; None while the server takes no further stream.

        Raises `NotConnected` if this connection takes no more.
        """
        if self.retired:
            raise NotConnected("connect: closed")
        if len(self._exchanges) >= self._h2.remote_settings.max_concurrent_streams:
            return None
        try:
            stream_id = self._h2.get_next_available_stream_id()
            self._h2.send_headers(stream_id, headers, end_stream=not body)
        except (NoAvailableStreamIDError, ProtocolError) as error:
            self.retire()
            raise NotConnected(f"connect: {type(error).__name__}") from error
        exchange = self._exchanges[stream_id] = Exchange(stream_id, body)
        self._pump()
        return exchange

    def forget(self, exchange: Exchange) -> None:
        """The exchange is over for the client, answered or not."""
        if self._exchanges.pop(exchange.stream_id, None) is not None:
            self._reset(exchange.stream_id)
        self._settle()

    async def moved(self) -> None:
        """Wait until something changed: room for a stream, a ping answered, the end."""
        waiter = asyncio.get_running_loop().create_future()
        self._waiting.add(waiter)
        try:
            await waiter
        finally:
            self._waiting.discard(waiter)

    async def ping(self) -> None:
        """Wait until the server answers a ping, or the connection ends."""
        if self._transport is None:
            return
        self._pings += 1
        wanted = self._pings
        self._h2.ping(wanted.to_bytes(8, "big"))
        self._flush()
        while self._pongs < wanted and not self.closed.done():
            await self.moved()

    def retire(self) -> None:
        """Take no further exchange; close once those under way are over."""
        self.retired = True
        self._settle()

    def abort(self) -> None:
        self.retired = True
        if self._transport is not None:
            self._transport.abort()

    def close(self) -> None:
        """Say good-bye and close; exchanges under way are lost."""
        self.retired = True
        if self._transport is not None:
            self._h2.close_connection()
            self._flush()
            self._transport.close()

    # How it works.

    def _frames(self, data: bytes) -> Iterator[bytes]:
        """Whole frames, one by one: what a GOAWAY means must be known before the next is read.

        Raises `ProtocolError` for one that is too long (RFC 9113 §4.2).
        """
        data = self._unread + data
        at = 0
        while len(data) - at >= _FRAME_HEAD:
            length = int.from_bytes(data[at : at + 3], "big")
            if length > self._h2.max_inbound_frame_size:
                raise ProtocolError("a frame longer than we take")  # h2 would wait for all of it
            if len(data) - at < _FRAME_HEAD + length:
                break
            yield data[at : at + _FRAME_HEAD + length]
            at += _FRAME_HEAD + length
        self._unread = data[at:]

    def _hear(self, event: Event) -> None:
        exchange = self._exchanges.get(getattr(event, "stream_id", None) or 0)
        match event:
            case RemoteSettingsChanged():
                if not self.ready.done():
                    self.ready.set_result(None)
            case PingAckReceived():
                self._pongs = max(self._pongs, int.from_bytes(event.ping_data or b"", "big"))
            case ConnectionTerminated():
                self._go_away(event)
            case ResponseReceived() | DataReceived() | StreamEnded() | StreamReset():
                self._hear_stream(event, exchange)
            case WindowUpdated():
                return  # `_pump` follows
            case _:
                return
        self._wake()

    def _hear_stream(self, event: Event, exchange: Exchange | None) -> None:
        if isinstance(event, DataReceived):
            # Also for one that was given up: the connection's window is everybody's.
            self._h2.acknowledge_received_data(event.flow_controlled_length or 0, event.stream_id)
        if exchange is None:
            return
        match event:
            case ResponseReceived():
                exchange.answered({str(name): str(value) for name, value in event.headers or ()})
            case DataReceived():
                exchange.read(event.data or b"")
            case StreamReset():
                # RFC 9113 §8.7: a refused stream was not processed.
                refused = event.error_code == ErrorCodes.REFUSED_STREAM
                del self._exchanges[exchange.stream_id]
                exchange.lost("reset", untouched=refused)
            case StreamEnded():
                del self._exchanges[exchange.stream_id]
                if exchange.body:
                    self._reset(exchange.stream_id)  # answered before it had heard everything
                exchange.end()
        self._settle()

    def _go_away(self, event: ConnectionTerminated) -> None:
        """RFC 9113 §6.8: streams above the last one named were not processed, the others go on."""
        last = event.last_stream_id or 0
        for stream_id in [each for each in self._exchanges if each > last]:
            self._exchanges.pop(stream_id).lost("sent away", untouched=True)
        if event.error_code == ErrorCodes.NO_ERROR:
            # h2 takes the connection for closed and would refuse the replies still to come
            # (python-hyper/h2 issue 1181).
            self._h2.state_machine.state = ConnectionState.CLIENT_OPEN
        self.retire()

    def _pump(self) -> None:
        """Send of every body what the windows let through."""
        for exchange in self._exchanges.values():
            while exchange.body:
                stream_id = exchange.stream_id
                room = self._h2.local_flow_control_window(stream_id)
                size = min(room, self._h2.max_outbound_frame_size, len(exchange.body))
                if size <= 0:
                    break
                data, exchange.body = exchange.body[:size], exchange.body[size:]
                self._h2.send_data(stream_id, data, end_stream=not exchange.body)
                exchange.left = not exchange.body
        self._flush()

    def _reset(self, stream_id: int) -> None:
        try:
            self._h2.reset_stream(stream_id, ErrorCodes.CANCEL)
        except ProtocolError:
            return  # it is closed already
        self._flush()

    def _settle(self) -> None:
        if self.retired and not self._exchanges:
            self.close()
        self._wake()

    def _wake(self) -> None:
        for waiter in self._waiting:
            if not waiter.done():
                waiter.set_result(None)

    def _flush(self) -> None:
        data = self._h2.data_to_send()
        if data and self._transport is not None:
            self._transport.write(data)
