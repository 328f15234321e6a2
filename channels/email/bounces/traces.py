"""What in a mail leads back to the message that it is about."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from channels.email.bounces.letter import Letter, heads_of

ADDRESS = re.compile(r"[^\s<>;,:()\"\[\]]{1,64}@[A-Za-z0-9.-]{1,253}")
_ID = re.compile(r"<([^\s<>@]{1,100})@")
_PATHS = (
    "to",
    "delivered-to",
    "x-original-to",
    "envelope-to",
    "x-envelope-to",
    "x-rcpt-to",
    "original-mail-from",
    "return-path",
    "x-return-path",
    # Of a returned message: Microsoft's feedback loop keeps its headers, but for the envelope's.
    "list-unsubscribe",
)


def date_of(letter: Letter) -> datetime | None:
    """What its Date says, aware UTC; None where it is unreadable."""
    for value in letter.head("date"):
        try:
            at = parsedate_to_datetime(value)
            return at.astimezone(UTC) if at.tzinfo is not None else None
        except (ValueError, TypeError, IndexError, OverflowError):
            continue
    return None


def message_ids(letter: Letter) -> tuple[str, ...]:
    """Left halves of the Message-IDs it speaks of; the envelope id is one by itself (RFC 3461)."""
    found: dict[str, None] = {}
    returned = heads_of(letter.returned)
    for name, value in (*heads_of(letter.reports), *heads_of(letter.feedback)):
        if name == "original-envelope-id":
            found[value.partition("@")[0].strip("<> ")] = None
    for name in ("message-id", "in-reply-to", "references"):
        heads = returned if name == "message-id" else letter.heads
        for known, value in heads:
            if known == name:
                found.update(dict.fromkeys(_ID.findall(value)))
    return tuple(each for each in found if each)[:20]


def return_paths(letter: Letter) -> tuple[str, ...]:
    """Every address that it was sent to, or that the returned message was sent from."""
    found: dict[str, None] = {}
    heads = (*letter.heads, *heads_of(letter.feedback), *heads_of(letter.returned))
    for name, value in heads:
        if name in _PATHS:
            found.update(dict.fromkeys(ADDRESS.findall(value)))
    return tuple(found)[:50]
