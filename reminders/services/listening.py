"""Providers that speak to us over a connection of our own: what they say goes onto the stream,
and only then is it acknowledged to them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Mapping
from typing import Any, Protocol, cast

import structlog
from redis.exceptions import RedisError

from channels.contract import Channel, ListeningChannel, Post
from reminders.services.streams import RECEIPTS_STREAM, receipt_entry

log = structlog.get_logger(__name__)
_AGAIN_S = 5.0  # after a listener ended by a fault of its own


class Stream(Protocol):
    """The one method of `redis.asyncio.Redis` that this needs."""

    async def xadd(self, name: str, fields: Any) -> Any:  # Any: redis-py's own types
        """Append one entry; it is on Redis's disk when this returns."""


def listeners(providers: Iterable[Channel]) -> dict[str, ListeningChannel]:
    """Those providers that are listened to, by name."""
    return {
        each.name: cast(ListeningChannel, each) for each in providers if hasattr(each, "listen")
    }


async def listen(found: Mapping[str, ListeningChannel], stream: Stream) -> None:
    """Listen to all of them until cancelled. One that breaks is begun again, the others go on."""
    async with asyncio.TaskGroup() as group:
        for name, provider in found.items():
            group.create_task(_one(name, provider, stream))


async def _one(name: str, provider: ListeningChannel, stream: Stream) -> None:
    async def take(post: Post) -> None:
        kind = post.headers.get("content-type", "")
        entry = receipt_entry(post.body, name, time.time(), kind, post.url)
        await stream.xadd(RECEIPTS_STREAM, entry)

    try:
        while True:
            try:
                await provider.listen(take)
            except (OSError, RedisError) as error:
                log.warning("listening broke off", provider=name, reason=type(error).__name__)
            except Exception:  # whatever it is, the others must go on, and this one begin again
                log.exception("listening broke off", provider=name)
            await asyncio.sleep(_AGAIN_S)
    finally:
        await provider.close()
