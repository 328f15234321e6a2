"""SendGrid's Event Webhook: an array of events, signed by ECDSA in two headers.

Source: twilio.com/docs/sendgrid, "Event Webhook Reference" and "Event Webhook Security Features":
the signature (base64 of DER, P-256, SHA-256) covers the timestamp header and the body as it came;
the key that checks it is public, base64 of DER, as the account's page shows it.
"""

from __future__ import annotations

import binascii
import json
import time
from base64 import b64decode
from functools import lru_cache

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key

from channels.contract import Post, Told
from channels.email.events.entries import (
    TAKEN,
    attempt_in,
    attempt_of,
    stop,
    undelivered,
    unix_instant,
)
from channels.errors import ReceiptError
from channels.receipts import Entry, gather, text_of
from reminders.domain.outcome import Inbound, Receipt, ReceiptStatus

SIGNATURE = "x-twilio-email-event-webhook-signature"
TIMESTAMP = "x-twilio-email-event-webhook-timestamp"
TOLERANCE_S = 600  # a batch that could not be posted is signed anew when it is tried again

# Our own word in each event: opened, clicked, complained and unsubscribed come without the
# Message-ID (sendgrid/docs 5890; django-anymail does the same). "attempt" is SendGrid's.
_NAME = "attempt_id"

_STATUSES = {
    "delivered": TAKEN,
    "open": ReceiptStatus.READ,
    # Link scanners press links too: pressing shows reading at most.
    "click": ReceiptStatus.READ,
}
_NOTHING_YET = ("processed", "deferred", "group_resubscribe")
# What SendGrid itself would not send: the reason word, and whether the address is at fault.
_DROPPED = {
    "bounced address": ("suppressed_bounce", True),
    "invalid": ("invalid_address", True),
    "spam reporting address": ("suppressed_complaint", True),
    "unsubscribed address": ("suppressed_unsubscribe", False),
}


def headers(attempt_id: str) -> dict[str, str]:
    """What a mail carries so that each of its events names it; SendGrid takes it off again."""
    return {"X-SMTPAPI": json.dumps({"unique_args": {_NAME: attempt_id}})}


def verify(key: str, post: Post, now: float | None = None) -> bool:
    """True if the post was signed by the owner of `key` at most ten minutes ago."""
    stamp = post.headers.get(TIMESTAMP, "")
    if not (stamp.isascii() and stamp.isdigit() and len(stamp) <= 12):
        return False
    if abs((time.time() if now is None else now) - int(stamp)) > TOLERANCE_S:
        return False
    public = _key(key)
    if public is None:
        return False
    try:
        signature = b64decode(post.headers.get(SIGNATURE, ""), validate=True)
        public.verify(signature, stamp.encode() + post.body, ECDSA(SHA256()))
    except (binascii.Error, ValueError, InvalidSignature):
        return False
    return True


@lru_cache(maxsize=16)
def _key(text: str) -> EllipticCurvePublicKey | None:
    try:
        found = load_der_public_key(b64decode(text, validate=True))
    except (binascii.Error, ValueError, UnsupportedAlgorithm):
        return None
    return found if isinstance(found, EllipticCurvePublicKey) else None


def read(body: bytes) -> Told:
    """What one post says."""
    try:
        events = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise ReceiptError(f"not JSON: {type(error).__name__}") from error
    if not isinstance(events, list):
        raise ReceiptError("not an array")
    return gather(events, _read, "event")


def _read(event: Entry) -> Receipt | Inbound | None:
    word = text_of(event, "event")
    if word in _NOTHING_YET or event.get("sg_machine_open") is True:
        return None
    at, ref = unix_instant(event), text_of(event, "sg_event_id")
    named = attempt_of(text_of(event, _NAME))
    attempt = named or attempt_in(text_of(event, "smtp-id", 300))
    if word in _STATUSES:
        return Receipt(attempt, _STATUSES[word], at, ref)
    if word == "spamreport":
        return Receipt(attempt, ReceiptStatus.DELIVERED, at, ref, "complaint", dead_contact=True)
    if word in ("unsubscribe", "group_unsubscribe"):
        return stop(text_of(event, "email", 300), at, ref, attempt)
    if word in ("bounce", "dropped"):
        return _failed(event, word, attempt)
    raise ReceiptError("event is none that is known")


def _failed(event: Entry, word: str, attempt: str) -> Receipt:
    at, ref = unix_instant(event), text_of(event, "sg_event_id")
    said = text_of(event, "reason", 4000)
    why = _DROPPED.get(said.lower().strip()) if word == "dropped" else None
    if why is not None:
        return Receipt(attempt, ReceiptStatus.UNDELIVERED, at, ref, *why)
    blocked = text_of(event, "type") == "blocked"
    return undelivered(attempt, at, ref, said, text_of(event, "status"), blocked=blocked)
