"""What the listener asks of a mailbox, whatever it is kept in. Every call blocks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

# Of a mail no more is read: what a bounce says stands at its beginning, and a stream entry is no
# place for a video.
MOST_BYTES = 512 * 1024
AT_ONCE = 100


class MailboxTrouble(Exception):
    """The mailbox cannot be read now; the message says why, without secrets."""


class MailTrouble(MailboxTrouble):
    """This one mail cannot be read now; the others can."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a mailbox is, and who opens it: `imaps://host:993/folder`, `imap://…`, `maildir:/…`."""

    name: str  # of the account, for logs
    url: str
    user: str = field(default="", repr=False)
    password: str = field(default="", repr=False)
    ca_file: str = ""
    without_tls: bool = False
    every: timedelta = timedelta(seconds=30)
    timeout: timedelta = timedelta(seconds=20)


@dataclass(frozen=True, slots=True)
class Kept:
    """One mail as the mailbox has it: its name there, its bytes, and when it came in."""

    name: str
    raw: bytes = field(repr=False)
    delivered_at: datetime


class Mailbox(Protocol):
    """One mailbox, open."""

    def waiting(self) -> Sequence[str]:
        """Names of the mails that nobody marked yet, the oldest first, at most `AT_ONCE`."""

    def fetch(self, name: str) -> Kept | None:
        """One mail, unmarked still; None if it is gone. Raises `MailTrouble` for it alone."""

    def mark(self, name: str) -> None:
        """This mail is on the stream: it waits no more."""

    def close(self) -> None:
        """Let go of it, at once, even while another thread waits in a call."""
