"""Hands every mail of a mailbox on, once it is safe elsewhere marks it, and looks again.

A mail is marked only after `take` returned: a crash between the two gives it a second time, with
the same words and the same instant, which changes nothing when it is applied.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from urllib.parse import unquote, urlsplit

import structlog

from channels.contract import Post
from channels.email.heard import mail_post
from channels.email.mailbox.box import AT_ONCE, Mailbox, MailboxTrouble, MailTrouble, Place
from channels.email.mailbox.imap import ImapFolder
from channels.email.mailbox.maildir import Maildir

log = structlog.get_logger(__name__)
_LONGEST_WAIT = timedelta(minutes=5)

Take = Callable[[Post], Awaitable[None]]


async def listen(place: Place, take: Take) -> None:
    """Until cancelled; what the mailbox refuses is tried again, later and later."""
    wait = place.every
    door = _Door(place)
    box: Mailbox | None = None
    try:
        while True:
            try:
                if box is None:
                    box = await asyncio.to_thread(door.open)
                while await _round(place.name, box, take):
                    pass
                wait = place.every
            except MailboxTrouble as error:
                log.warning("mailbox", provider=place.name, problem=str(error))
                if box is not None:
                    box.close()
                box = None
                wait = min(wait * 2, max(_LONGEST_WAIT, place.every))
            await asyncio.sleep(wait.total_seconds())
    finally:
        door.left = True
        if box is not None:
            box.close()


async def _round(account: str, box: Mailbox, take: Take) -> bool:
    """Take what waits now; True where more may wait behind it. One that cannot be read stays, and
    keeps none behind it waiting."""
    unread = 0
    names = await asyncio.to_thread(box.waiting)
    for name in names:
        try:
            kept = await asyncio.to_thread(box.fetch, name)
        except MailTrouble as error:
            log.warning("mail", provider=account, problem=str(error))
            unread += 1
            continue
        if kept is not None:
            await take(mail_post(kept.raw, kept.delivered_at))
            await asyncio.to_thread(box.mark, name)
    return len(names) == AT_ONCE > unread


class _Door:
    """Opens the mailbox in a thread; what opens after everybody left is closed again at once."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self.left = False

    def open(self) -> Mailbox:
        where = urlsplit(self._place.url)
        if where.scheme == "maildir":
            return Maildir(Path(unquote(where.path)))
        folder = ImapFolder(self._place)
        if self.left:
            folder.close()
        return folder
