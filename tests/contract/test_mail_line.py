"""The mail line's mailbox: what comes back as a mail is heard like what comes back by post."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import cast

import pytest

from channels.contract import Post
from channels.email.smtp import EmailSettings, ListeningEmailChannel, build
from reminders.domain.outcome import Accepted, Receipt, ReceiptStatus
from tests.contract.carriers import PATIENT, message, world

NAME = "relay"


async def heard(channel: ListeningEmailChannel, clock: Awaitable[None]) -> list[Receipt]:
    """The receipts in its mailbox once the carriers' clock has moved."""
    posts: list[Post] = []

    async def take(post: Post) -> None:
        await asyncio.sleep(0.02)  # a stream that takes its time
        posts.append(post)

    listening = asyncio.create_task(channel.listen(take))
    await asyncio.wait_for(clock, timeout=60)
    listening.cancel()
    with suppress(asyncio.CancelledError):
        await listening
    return [receipt for post in posts for receipt in channel.hear(post).receipts]


@pytest.mark.parametrize(
    ("address", "status", "reason", "dead"),
    [
        ("li@bounce.example.com", ReceiptStatus.UNDELIVERED, "no_such_mailbox", True),
        ("li@full.example.com", ReceiptStatus.UNDELIVERED, "mailbox_full", False),
        ("li@complains.example.com", ReceiptStatus.DELIVERED, "complaint", True),
    ],
)
def test_what_comes_back_by_mail_is_heard(
    address: str, status: ReceiptStatus, reason: str, dead: bool, tmp_path: Path
) -> None:
    sent = message(address)

    async def scene() -> None:
        async with world(tmp_path, lines=(("smtp", NAME),)) as found:
            account = cast(EmailSettings, found.accounts[NAME])
            channel = build(replace(account, timeout=PATIENT))
            assert isinstance(channel, ListeningEmailChannel)
            try:
                assert isinstance(await channel.send(sent), Accepted)
                (receipt,) = await heard(channel, found.advance(timedelta(minutes=10)))
            finally:
                await channel.close()
            assert not found.door.posts
            assert receipt.attempt_id == sent.idempotency_key
            assert (receipt.status, receipt.reason) == (status, reason)
            assert receipt.dead_contact is dead
            assert receipt.at <= found.sandbox.agenda.now()

    asyncio.run(scene())


def test_the_clock_waits_until_the_mail_was_read(tmp_path: Path) -> None:
    """A virtual day would else go by before the bounce of its morning is heard."""
    sent = message("li@bounce.example.com")

    async def scene() -> None:
        async with world(tmp_path, lines=(("smtp", NAME),)) as found:
            channel = build(replace(cast(EmailSettings, found.accounts[NAME]), timeout=PATIENT))
            assert isinstance(channel, ListeningEmailChannel)
            assert isinstance(await channel.send(sent), Accepted)
            moving = asyncio.ensure_future(found.advance(timedelta(minutes=10)))
            async with asyncio.timeout(60):
                while not (status := found.sandbox.control.status())["last_error"]:
                    await asyncio.sleep(0.02)
            assert not moving.done()
            assert (status["in_flight"], status["last_error"]) == (1, "nobody has read the mailbox")
            assert len(await heard(channel, moving)) == 1
            assert found.sandbox.control.status()["in_flight"] == 0
            await channel.close()

    asyncio.run(scene())
