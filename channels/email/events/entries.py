"""What the readers of providers' mail events share."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from uuid import UUID

from channels.email.bounces.verdict import judge
from channels.errors import ReceiptError
from channels.receipts import Entry
from reminders.domain.outcome import Inbound, Receipt, ReceiptStatus

_LOCAL = re.compile(r"<?([0-9A-Fa-f-]{36})@")
# What providers call delivered: the customer's server took the mail, and may send it back yet. Only
# no bounce within its time confirms it.
TAKEN = ReceiptStatus.ACCEPTED
_LAST = datetime(9999, 1, 1, tzinfo=UTC).timestamp()


def attempt_in(message_id: str) -> str:
    """The attempt that one of our Message-IDs names."""
    found = _LOCAL.match(message_id)
    try:
        return str(UUID(found[1])) if found else _nobody()
    except ValueError:
        return _nobody()


def attempt_of(text: str) -> str:
    """The attempt that a provider quotes as we gave it; "" where it quotes none."""
    try:
        return str(UUID(text))
    except ValueError:
        return ""


def _nobody() -> str:
    raise ReceiptError("its Message-ID names no attempt of ours")


def unix_instant(entry: Entry, name: str = "timestamp") -> datetime:
    """Seconds since 1970, whole or not, as an aware UTC instant."""
    value = entry.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= _LAST:
        raise ReceiptError(f"{name} is no unix time")
    return datetime.fromtimestamp(value, UTC)


def stop(sender: str, at: datetime, ref: str, attempt: str) -> Inbound:
    """Somebody pressed "unsubscribe"."""
    if not sender:
        raise ReceiptError("it does not say who unsubscribed")
    return Inbound(sender, "STOP", at, ref, attempt)


def undelivered(
    attempt: str, at: datetime, ref: str, said: str, status: str, *, blocked: bool = False
) -> Receipt:
    """A bounce: the refusing server's words decide, unless the provider says it was a block."""
    verdict = judge(said, status)
    dead = verdict.hard and not blocked and not verdict.status.startswith("4")
    reason = "blocked" if blocked and verdict.reason == "undefined" else verdict.reason
    return Receipt(attempt, ReceiptStatus.UNDELIVERED, at, ref, reason, dead)
