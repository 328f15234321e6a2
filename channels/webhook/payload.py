"""The event that a receiver is sent, and whether an address can be one's."""

from __future__ import annotations

from datetime import datetime

from yarl import URL

from channels.contract import Message
from channels.webhook.posting import event_body

_LONGEST_URL = 2_000


def target_of(address: str, *, plain: bool) -> URL | None:
    """The receiver's address; None where it is no https one (`plain`: nor an http one).

    Credentials in an address end in logs: a receiver knows us by our signature.
    """
    if len(address) > _LONGEST_URL or not address.isascii() or not address.isprintable():
        return None
    try:
        url = URL(address, encoded=True)  # as it was given: %2F is not /
        schemes = ("https", "http") if plain else ("https",)
        good = url.scheme in schemes and url.host and url.port and url.user is None
    except ValueError:
        return None
    return URL(address.partition("#")[0], encoded=True) if good and " " not in address else None


def body(message: Message, source: str, now: datetime) -> bytes:
    """The event of a message; `data.attempt_id` is the webhook's id too."""
    expires_at = message.expires_at
    data = {
        "attempt_id": message.idempotency_key,
        "kind": message.kind,
        "urgency": message.urgency,
        "language": message.language,
        "subject": message.subject,
        "text": message.text,
        "link": message.link,
        "expires_at": expires_at.isoformat() if expires_at else None,
    }
    return event_body(f"reminder.{message.kind or 'message'}", source, now, data)
