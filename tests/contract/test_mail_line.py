"""The mail line's mailbox: what comes back as a mail is heard like what comes back by post."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import cast

import pytest

from channels.contract import Post
from channels.email.smtp import EmailSettings, ListeningEmailChannel, build
from reminders.domain.outcome import Accepted, Receipt, ReceiptStatus
from tests.contract.carriers import TIMEOUT, message, world

NAME = "relay"


async def heard(channel: ListeningEmailChannel, count: int) -> list[Receipt]:
    """The receipts of the next `count` mails of its mailbox."""
    posts: list[Post] = []
    enough = asyncio.Event()

    async def take(post: Post) -> None:
        posts.append(post)
        if len(posts) == count:
            enough.set()

    listening = asyncio.create_task(channel.listen(take))
    await asyncio.wait_for(enough.wait(), timeout=10)
    await asyncio.sleep(0.05)
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
            assert account.mailbox_every == timedelta(seconds=1)
            channel = build(replace(account, timeout=TIMEOUT))
            assert isinstance(channel, ListeningEmailChannel)
            try:
                assert isinstance(await channel.send(sent), Accepted)
                await found.advance(timedelta(minutes=10))
                (receipt,) = await heard(channel, 1)
            finally:
                await channel.close()
            assert not found.door.posts
            assert receipt.attempt_id == sent.idempotency_key
            assert (receipt.status, receipt.reason) == (status, reason)
            assert receipt.dead_contact is dead
            assert receipt.at <= found.sandbox.agenda.now()

    asyncio.run(scene())
