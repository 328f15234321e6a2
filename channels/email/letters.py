"""Letters that customers write back: who wrote, and what."""

from __future__ import annotations

import re
from datetime import datetime

from channels.email.bounces.letter import Letter
from channels.email.bounces.traces import ADDRESS
from channels.errors import ReceiptError
from reminders.domain.outcome import Inbound

# What mail programs write for a customer who presses "unsubscribe" (RFC 2369 §3.2, mailto form).
_STOP = re.compile(r"\s*(?:unsubscribe|stop)\s*", re.IGNORECASE)
# Where the message begins that is answered, as mail programs write it (Gmail breaks its line), or
# a signature (RFC 3676 §4.3) or a telephone's.
_QUOTED = re.compile(
    r"^(?:>|On .{5,200}(?:\n.{0,200})?wrote:|-{3,}|_{5,}|在.{2,80}写道"
    r"|.{1,120}于.{6,60}写道[:\uff1a]|(?:From: .+\n(?:Sent|Date): |发件人[:\uff1a])"
    r"|-- ?$|Sent from (?:my )?(?:iP|Android|mobile|phone|Galaxy|Samsung|Huawei|Xiaomi|Outlook|"
    r"Yahoo).{0,40}$|发自我的.{1,20}$|来自我的(?:华为|荣耀|小米|手机|iP).{0,20}$).*",
    re.MULTILINE,
)
_MOST = 2000


def written(letter: Letter, attempt: str, at: datetime) -> Inbound:
    """What the customer wrote in answer to `attempt`. Raises `ReceiptError` if nobody did."""
    sender = ADDRESS.search(" ".join(letter.head("from")))
    if sender is None or not attempt:
        raise ReceiptError("a letter that answers no message of ours")
    text = (
        "STOP"
        if asks_to_stop(letter)
        else _own(letter.plain.strip() or letter.words) or " ".join(letter.head("subject"))
    )
    return Inbound(
        sender=_storable(sender[0]),
        text=_storable(text)[:_MOST],
        at=at,
        ref=_storable(" ".join(letter.head("message-id")))[:200],
        attempt_id=attempt,
    )


def _own(words: str) -> str:
    """What of a letter is not quoted: what stands before the quote or, for those who write below
    what they answer, between its lines and behind them."""
    quoted = _QUOTED.search(words)
    before = (words[: quoted.start()] if quoted else words).strip()
    if before or "\n>" not in words:
        return before
    return _QUOTED.sub("", words).strip()


def _storable(text: str) -> str:
    """No database takes a NUL."""
    return text.replace("\0", "")


def asks_to_stop(letter: Letter) -> bool:
    """Its subject is that of the mail which a press on "unsubscribe" sends."""
    return _STOP.fullmatch(" ".join(letter.head("subject"))) is not None
