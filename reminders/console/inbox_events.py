"""`GET /v1/inbox/{customer}/events`: server-sent events, one whenever the inbox looks different.

Each tells the whole state, {unread, banner, newest}, so that a client which missed some has lost
nothing: `id:` names the state, and who comes back with it as Last-Event-ID is told only of a new
one. A process asks the ledger once a second for everybody it has a stream of, in two statements.
Asking rather than listening, because it sees a payment, a receipt and a hold as well as a new
message, whoever wrote them, and needs no word from the gate that could be lost.
"""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict
from hashlib import blake2b
from types import FrameType

import structlog
from pydantic_core import to_json
from sqlalchemy.exc import SQLAlchemyError

from reminders.console.asgi import Door, Receive, Refused, Scope, Send, header
from reminders.services.inbox import Glance

EVERY_S = 1.0  # between two looks at the ledger
HEARTBEAT_S = 15.0  # a comment after so long a silence: what stands between keeps the line open
LONGEST_S = 3600.0  # then the client comes again, with a pass that is still fresh
AGAIN_AFTER_MS = 3_000  # a client whose stream ended
PATIENCE_S = 30.0  # a client that takes nothing for so long is gone
MOST = 2_000  # streams of a process
MOST_OF_ONE = 8  # streams of a customer: their devices
Look = Callable[[Collection[str]], Mapping[str, Glance]]
_log = structlog.get_logger()


class _Stream:
    """One client: the last state that the ledger showed, and a bell for each new one."""

    def __init__(self) -> None:
        self.glance: Glance | None = None
        self.bell = asyncio.Event()


class InboxWatch:
    """Looks at the inboxes that somebody watches. `look` blocks; it may raise SQLAlchemyError."""

    def __init__(
        self, look: Look, every_s: float = EVERY_S, heartbeat_s: float = HEARTBEAT_S
    ) -> None:
        self._look = look
        self._every_s = every_s
        self._heartbeat_s = heartbeat_s
        self._watched: dict[str, set[_Stream]] = {}
        self._new = asyncio.Event()
        self._looking: asyncio.Task[None] | None = None
        self._closed = self._hooked = False

    def door(self, customer: str) -> Door:
        """The stream of one customer, whose pass was looked at."""

        async def stream(scope: Scope, receive: Receive, send: Send) -> None:
            known = header(scope, b"last-event-id").decode("latin-1")
            with self._watching(customer) as mine:
                await _start(send)
                leaving = asyncio.create_task(_gone(receive))
                leaving.add_done_callback(lambda _: mine.bell.set())
                try:
                    with suppress(TimeoutError):
                        async with asyncio.timeout(LONGEST_S):
                            await self._tell(mine, known, leaving, send)
                finally:
                    leaving.cancel()
                    with suppress(asyncio.CancelledError):
                        await leaving
            with suppress(TimeoutError):
                await _write(send, b"", more=False)

        return stream

    @property
    def looking(self) -> bool:
        """Whether the ledger is asked from time to time."""
        return self._looking is not None

    async def close(self) -> None:
        """End every stream, for good."""
        self._end()
        if self._looking is not None:
            self._looking.cancel()
            with suppress(asyncio.CancelledError):
                await self._looking

    def _end(self) -> None:
        self._closed = True
        for streams in self._watched.values():
            for each in streams:
                each.bell.set()

    @contextmanager
    def _watching(self, customer: str) -> Iterator[_Stream]:
        if self._closed or sum(map(len, self._watched.values())) >= MOST:
            raise Refused(503, "no stream is free", retry_after="5")
        mine = _Stream()
        streams = self._watched.setdefault(customer, set())
        if len(streams) >= MOST_OF_ONE:
            raise Refused(429, f"at most {MOST_OF_ONE} streams of one inbox", retry_after="5")
        streams.add(mine)
        self._new.set()
        if not self._hooked:
            self._hooked = True
            _before_signals(self._end)
        if self._looking is None:
            self._looking = asyncio.create_task(self._look_on())
        try:
            yield mine
        finally:
            streams.discard(mine)
            if not streams:
                self._watched.pop(customer, None)

    async def _tell(
        self, mine: _Stream, known: str, leaving: asyncio.Task[None], send: Send
    ) -> None:
        """Until the client leaves or the process ends."""
        while not leaving.done() and not self._closed:
            glance = mine.glance
            if glance is not None and (name := _name(glance)) != known:
                await _write(send, _event(name, glance))
                known = name
            try:
                await asyncio.wait_for(mine.bell.wait(), self._heartbeat_s)
            except TimeoutError:
                await _write(send, b":\n\n")
            mine.bell.clear()

    async def _look_on(self) -> None:
        """For as long as anybody watches."""
        while self._watched:
            self._new.clear()
            customers = list(self._watched)
            try:
                found = await asyncio.to_thread(self._look, customers)
            except SQLAlchemyError as error:
                # The streams stay open, and say what has changed once the ledger answers again.
                _log.warning("inbox.not_seen", watched=len(customers), reason=type(error).__name__)
            else:
                self._show(found)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._new.wait(), self._every_s)
        self._looking = None

    def _show(self, found: Mapping[str, Glance]) -> None:
        for customer, glance in found.items():
            for stream in self._watched.get(customer, ()):
                if stream.glance != glance:
                    stream.glance = glance
                    stream.bell.set()


def _event(name: str, glance: Glance) -> bytes:
    document = to_json(asdict(glance))
    return b"event: inbox\nid: %s\ndata: %s\n\n" % (name.encode(), document)


def _name(glance: Glance) -> str:
    """The same name for the same state in every process."""
    return blake2b(to_json(asdict(glance)), digest_size=8).hexdigest()


async def _start(send: Send) -> None:
    headers = [
        (b"content-type", b"text/event-stream"),
        (b"cache-control", b"no-store"),
        (b"x-accel-buffering", b"no"),  # nginx hands on each event at once
    ]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await _write(send, b"retry: %d\n\n" % AGAIN_AFTER_MS)


async def _write(send: Send, body: bytes, *, more: bool = True) -> None:
    async with asyncio.timeout(PATIENCE_S):
        await send({"type": "http.response.body", "body": body, "more_body": more})


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _before_signals(end: Callable[[], None]) -> None:
    """Call `end` when the process is told to stop, before its server is.

    A server waits for open answers before it says that it shuts down, and these never end by
    themselves. Only the main thread has signals; elsewhere whoever runs the server cancels them.
    """
    if threading.current_thread() is not threading.main_thread():
        return
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        before = signal.getsignal(number)
        if callable(before):
            signal.signal(number, _chained(before, loop, end))


def _chained(
    before: Callable[[int, FrameType | None], object],
    loop: asyncio.AbstractEventLoop,
    end: Callable[[], None],
) -> Callable[[int, FrameType | None], None]:
    def stop(number: int, frame: FrameType | None) -> None:
        if not loop.is_closed():
            loop.call_soon_threadsafe(end)
        before(number, frame)

    return stop
