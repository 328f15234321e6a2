"""`reminders listen`: the process that listens to providers who speak over our own connections."""

from __future__ import annotations

import asyncio
import signal
from typing import cast

import structlog
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialBackoff

from channels.contract import ListeningChannel
from config.logs import set_up
from config.settings import Settings, load
from reminders.cli.running import wrong
from reminders.services import listening
from reminders.services.opening import open_providers

log = structlog.get_logger(__name__)


def listen() -> None:
    """Listen to providers that speak over our own connections (SMPP, mailboxes), until SIGTERM."""
    settings = load()
    set_up(settings)
    found = listening.listeners(open_providers(settings))
    if not found:
        raise wrong("no provider of REMINDERS_PROVIDER_FILE is listened to (smpp, mailbox are)")
    log.info("listening", providers=sorted(found))
    asyncio.run(_until_stopped(settings, found))


async def _until_stopped(settings: Settings, found: dict[str, ListeningChannel]) -> None:
    redis = Redis.from_url(
        settings.redis_url,
        socket_timeout=10,
        socket_connect_timeout=5,
        retry=Retry(ExponentialBackoff(cap=2, base=0.1), 8),
    )
    task = asyncio.ensure_future(listening.listen(found, cast(listening.Stream, redis)))
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    try:
        await task
    except asyncio.CancelledError:
        log.info("listening ended")
    finally:
        await redis.aclose()
