"""Mailgun's webhooks: one event a post, signed inside its body.

Source: documentation.mailgun.com, "Webhooks" and "Events". The signature is HMAC-SHA256 of
timestamp and token under the account's webhook signing key; it does not cover the event, so a post
is only as safe as the HTTPS that it came by, and only as fresh as its timestamp.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import time

from channels.contract import Post, Told
from channels.email.events.entries import TAKEN, attempt_in, stop, undelivered, unix_instant
from channels.errors import ReceiptError
from channels.receipts import Entry, gather, text_of
from reminders.domain.outcome import Inbound, Receipt, ReceiptStatus

TOLERANCE_S = 300

_STATUSES = {
    "delivered": TAKEN,
    "opened": ReceiptStatus.READ,
    # Link scanners press links too: pressing shows reading at most.
    "clicked": ReceiptStatus.READ,
}
# What Mailgun itself would not send any more: the reason word, and whether the address is at fault.
_SUPPRESSED = {
    "suppress-bounce": ("suppressed_bounce", True),
    "suppress-complaint": ("suppressed_complaint", True),
    "suppress-unsubscribe": ("suppressed_unsubscribe", False),
}


def verify(secret: str, post: Post, now: float | None = None) -> bool:
    """True if the body carries a signature of this key that is at most five minutes off."""
    try:
        given = _object(json.loads(post.body), "signature")
        stamp, token = text_of(given, "timestamp"), text_of(given, "token")
        digest = text_of(given, "signature")
    except (ValueError, RecursionError):
        return False
    if not (secret and token and stamp.isascii() and stamp.isdigit() and len(stamp) <= 12):
        return False
    if abs((time.time() if now is None else now) - int(stamp)) > TOLERANCE_S:
        return False
    wanted = hmac.new(secret.encode(), (stamp + token).encode(), hashlib.sha256).hexdigest()
    return hmac.compare_digest(wanted.encode(), digest.encode())


def read(body: bytes) -> Told:
    """What one post says."""
    try:
        event = _object(json.loads(body), "event-data")
    except (ValueError, RecursionError) as error:
        if isinstance(error, ReceiptError):
            raise
        raise ReceiptError(f"not JSON: {type(error).__name__}") from error
    return gather([event], _read, "event")


def _read(event: Entry) -> Receipt | Inbound | None:
    word = text_of(event, "event")
    if word in ("accepted", "stored") or _by_machine(event):
        return None
    at, ref = unix_instant(event), text_of(event, "id")
    headers = _object(_object(event, "message"), "headers")
    attempt = attempt_in(text_of(headers, "message-id", 300))
    if word in _STATUSES:
        return Receipt(attempt, _STATUSES[word], at, ref)
    if word == "complained":
        return Receipt(attempt, ReceiptStatus.DELIVERED, at, ref, "complaint", dead_contact=True)
    if word == "unsubscribed":
        return stop(text_of(event, "recipient", 300), at, ref, attempt)
    if word == "failed":
        return _failed(event, attempt, ref)
    raise ReceiptError("event is none that is known")


def _failed(event: Entry, attempt: str, ref: str) -> Receipt | None:
    if text_of(event, "severity") == "temporary":
        return None  # it tries again by itself
    at = unix_instant(event)
    why = _SUPPRESSED.get(text_of(event, "reason"))
    if why is not None:
        return Receipt(attempt, ReceiptStatus.UNDELIVERED, at, ref, *why)
    told = _object(event, "delivery-status")
    said = " ".join(text_of(told, name, 2000) for name in ("code", "message", "description"))
    return undelivered(attempt, at, ref, said, text_of(told, "enhanced-code"))


def _by_machine(event: Entry) -> bool:
    """Opened by a mail program that fetches pictures for everybody."""
    client = event.get("client-info")
    return isinstance(client, dict) and bool(client.get("bot"))


def _object(entry: object, name: str) -> Entry:
    found = entry.get(name) if isinstance(entry, dict) else None
    if not isinstance(found, dict):
        raise ReceiptError(f"{name} is not an object")
    return found
