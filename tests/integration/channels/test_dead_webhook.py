"""A receiver that takes our posts and never answers holds up no other receiver."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

from channels.contract import Channel
from channels.webhook import WebhookChannel, WebhookSettings
from reminders.domain.outcome import Accepted, Outcome
from tests.contract.carriers import PATIENT, ended, message

SIGNED_BY = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3"  # made up
SETTINGS = WebhookSettings(
    SIGNED_BY, per_host=2, concurrency=6, timeout=2 * PATIENT, allow_private=True
)
TAKEN = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def serving(answer: bytes) -> Serve:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            while True:
                await reader.readuntil(b"\r\n\r\n")
                writer.write(answer)
                await writer.drain()

    async def guarded(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await serve(reader, writer)
        finally:
            writer.close()

    return guarded


async def post(channel: Channel, server: asyncio.Server) -> Outcome:
    port = server.sockets[0].getsockname()[1]
    return await channel.send(message(f"http://127.0.0.1:{port}/in"))


def test_one_dead_receiver_leaves_the_others_their_connections() -> None:
    async def scene() -> list[Outcome]:
        dead = await asyncio.start_server(serving(b""), "127.0.0.1", 0)
        well = await asyncio.start_server(serving(TAKEN), "127.0.0.1", 0)
        channel = WebhookChannel(SETTINGS)
        hanging = [asyncio.create_task(post(channel, dead)) for _ in range(12)]
        try:
            await asyncio.sleep(0)
            async with asyncio.timeout(PATIENT.total_seconds() / 2):
                told = await asyncio.gather(*(post(channel, well) for _ in range(3)))
            assert not any(each.done() for each in hanging)
            return told
        finally:
            for each in hanging:
                each.cancel()
            await asyncio.gather(*hanging, return_exceptions=True)
            await channel.close()
            await ended(dead)
            await ended(well)

    assert all(isinstance(each, Accepted) for each in asyncio.run(scene()))
