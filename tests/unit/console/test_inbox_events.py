"""Live inboxes: a stream tells each new state once, keeps the line open, and ends when asked."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError

from reminders.console import inbox_events
from reminders.console.asgi import Message, Refused
from reminders.console.inbox_events import InboxWatch
from reminders.services.inbox import NOTHING, Banner, Glance
from tests.unit.console.asgi_client import run
from tests.unit.console.conftest import NOW

ONE = Glance(1, "a1", Banner("a1", NOW, "B-1", "due_today", "high"))


@dataclass
class Ledger:
    """What a look shows, and how often it was asked."""

    shown: dict[str, Glance] = field(default_factory=dict)
    looks: list[list[str]] = field(default_factory=list)
    down: bool = False

    def look(self, customers: Collection[str]) -> Mapping[str, Glance]:
        self.looks.append(sorted(customers))
        if self.down:
            raise OperationalError("SELECT", {}, Exception("away"))
        return {each: self.shown.get(each, NOTHING) for each in customers}


@dataclass
class Client:
    """A hand-written reader of server-sent events over an ASGI scope."""

    lines: asyncio.Queue[str] = field(default_factory=asyncio.Queue)
    gone: asyncio.Event = field(default_factory=asyncio.Event)
    status: int = 0
    whole: bool = False

    async def receive(self) -> Message:
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            return
        self.whole = not message.get("more_body", False)
        for block in message["body"].decode().split("\n\n"):
            if block:
                self.lines.put_nowait(block)

    async def block(self) -> str:
        return await asyncio.wait_for(self.lines.get(), 60)

    async def ended(self) -> None:
        """Wait until the stream's last byte has come."""
        async with asyncio.timeout(60):
            while not self.whole:
                await asyncio.sleep(0.01)

    async def event(self) -> dict[str, Any]:  # Any: JSON
        """The next event, beyond the settings of the stream and comments."""
        while True:
            block = await self.block()
            fields = dict(line.split(": ", 1) for line in block.split("\n") if line[0] != ":")
            if "data" in fields:
                assert fields["event"] == "inbox"
                return {"id": fields["id"], **json.loads(fields["data"])}


@asynccontextmanager
async def streaming(watch: InboxWatch, who: str, known: str = "") -> AsyncIterator[Client]:
    client = Client()
    scope = {"type": "http", "headers": [(b"last-event-id", known.encode())] if known else []}
    running = asyncio.create_task(
        _as_coroutine(watch.door(who)(scope, client.receive, client.send))
    )
    try:
        yield client
    finally:
        client.gone.set()
        await asyncio.wait_for(running, 60)


async def _as_coroutine(waiting: Any) -> None:  # Any: an awaitable
    await waiting


def test_a_stream_tells_what_is_and_what_becomes() -> None:
    async def story() -> None:
        ledger = Ledger({"C-1": ONE})
        watch = InboxWatch(ledger.look, every_s=0.01)
        async with streaming(watch, "C-1") as client:
            first = await client.event()
            assert (first["unread"], first["newest"]) == (1, "a1")
            assert first["banner"]["urgency"] == "high"
            ledger.shown["C-1"] = NOTHING  # the bill was paid, and the message read
            second = await client.event()
            assert (second["unread"], second["banner"]) == (0, None)
            assert second["id"] != first["id"]
        assert client.status == 200

    run(story())


def test_who_comes_back_is_told_only_of_what_is_new() -> None:
    async def story() -> None:
        ledger = Ledger({"C-1": ONE})
        watch = InboxWatch(ledger.look, every_s=0.01, heartbeat_s=0.05)
        async with streaming(watch, "C-1") as client:
            known = (await client.event())["id"]
        async with streaming(watch, "C-1", known) as client:
            assert await client.block() == "retry: 3000"
            assert await client.block() == ":"  # nothing but a heartbeat
            ledger.shown["C-1"] = NOTHING
            assert (await client.event())["unread"] == 0

    run(story())


def test_one_look_serves_every_stream() -> None:
    async def story() -> None:
        ledger = Ledger({"C-1": ONE})
        watch = InboxWatch(ledger.look, every_s=30)
        async with (
            streaming(watch, "C-1") as first,
            streaming(watch, "C-1") as second,
            streaming(watch, "C-2") as third,
        ):
            told = [await client.event() for client in (first, second, third)]
            assert [each["unread"] for each in told] == [1, 1, 0]
        assert ledger.looks[-1] == ["C-1", "C-2"]
        assert len(ledger.looks) <= 3

    run(story())


def test_nobody_watching_is_no_look() -> None:
    async def story() -> None:
        ledger = Ledger()
        watch = InboxWatch(ledger.look, every_s=0.01)
        async with streaming(watch, "C-1") as client:
            await client.event()
        async with asyncio.timeout(60):
            while watch.looking:  # one look may be under way
                await asyncio.sleep(0.01)
        looks = len(ledger.looks)
        await asyncio.sleep(0.05)
        assert len(ledger.looks) == looks
        async with streaming(watch, "C-1") as client:  # and the next one is served again
            await client.event()

    run(story())


def test_without_the_ledger_the_line_stays_open() -> None:
    async def story() -> None:
        ledger = Ledger({"C-1": ONE}, down=True)
        watch = InboxWatch(ledger.look, every_s=0.01, heartbeat_s=0.02)
        async with streaming(watch, "C-1") as client:
            assert await client.block() == "retry: 3000"
            assert await client.block() == ":"
            ledger.down = False
            assert (await client.event())["unread"] == 1

    run(story())


def test_closing_ends_every_stream_in_order() -> None:
    async def story() -> None:
        watch = InboxWatch(Ledger().look, every_s=30)
        async with streaming(watch, "C-1") as client:
            await client.event()
            await watch.close()
            await client.ended()
            with pytest.raises(Refused):
                async with streaming(watch, "C-2"):
                    pass

    run(story())


def test_a_signal_ends_the_streams_before_the_server_hears_of_it() -> None:
    heard: list[int] = []
    before = signal.signal(signal.SIGTERM, lambda number, frame: heard.append(number))
    interrupt = signal.getsignal(signal.SIGINT)

    async def story() -> None:
        watch = InboxWatch(Ledger().look, every_s=30)
        async with streaming(watch, "C-1") as client:
            await client.event()
            os.kill(os.getpid(), signal.SIGTERM)
            await client.ended()
        await watch.close()

    try:
        run(story())
    finally:
        signal.signal(signal.SIGTERM, before)
        signal.signal(signal.SIGINT, interrupt)
    assert heard == [signal.SIGTERM]


def test_streams_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inbox_events, "MOST_OF_ONE", 1)
    monkeypatch.setattr(inbox_events, "MOST", 2)

    async def story() -> None:
        watch = InboxWatch(Ledger().look, every_s=30)
        async with streaming(watch, "C-1") as first:
            await first.event()
            with pytest.raises(Refused) as told:
                async with streaming(watch, "C-1"):
                    pass
            assert told.value.status == 429
            async with streaming(watch, "C-2") as second:
                await second.event()
                with pytest.raises(Refused) as told:
                    async with streaming(watch, "C-3"):
                        pass
                assert told.value.status == 503

    run(story())
