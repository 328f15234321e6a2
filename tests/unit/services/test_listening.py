"""What is heard is on the stream before it is acknowledged; one that breaks stops no other."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, cast

import pytest

from channels.contract import ListeningChannel, Post
from reminders.services import listening
from reminders.services.streams import RECEIPT_BODY, RECEIPT_PROVIDER, RECEIPT_TYPE

Take = Callable[[Post], Awaitable[None]]


class Heard:
    """A provider that says what it is told to, and remembers what was acknowledged."""

    def __init__(self, says: list[Post | Exception]) -> None:
        self.says = says
        self.acknowledged = 0
        self.closed = False

    async def listen(self, take: Take) -> None:
        while self.says:
            said = self.says.pop(0)
            if isinstance(said, Exception):
                raise said
            await take(said)
            self.acknowledged += 1
        await asyncio.Event().wait()

    async def close(self) -> None:
        self.closed = True


class Stream:
    """Entries in memory; `down` refuses them."""

    def __init__(self) -> None:
        self.entries: list[Any] = []

    async def xadd(self, name: str, fields: Any) -> None:
        self.entries.append(fields)


@pytest.mark.parametrize("fault", [OSError("gone"), EOFError("half a packet"), KeyError("odd")])
def test_all_of_it_comes_onto_the_stream(monkeypatch: pytest.MonkeyPatch, fault: Exception) -> None:
    monkeypatch.setattr(listening, "_AGAIN_S", 0.0)
    broken = Heard([Post(b"1", {"content-type": "message/rfc822"}), fault, Post(b"2")])
    other = Heard([Post(b"3")])
    stream = Stream()

    async def scene() -> None:
        found = {"a": cast(ListeningChannel, broken), "b": cast(ListeningChannel, other)}
        task = asyncio.ensure_future(listening.listen(found, stream))
        while len(stream.entries) < 3:
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    asyncio.run(scene())
    said = {(each[RECEIPT_PROVIDER], each[RECEIPT_BODY]) for each in stream.entries}
    assert said == {(b"a", b"1"), (b"a", b"2"), (b"b", b"3")}
    assert stream.entries[0].get(RECEIPT_TYPE) == b"message/rfc822"
    assert (broken.acknowledged, other.acknowledged) == (2, 1)
    assert broken.closed
    assert other.closed
