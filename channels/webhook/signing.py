"""Standard Webhooks 1.0 signatures: `v1,<base64 HMAC-SHA256 of "id.timestamp.body">`.

Source: the Standard Webhooks specification, "Signature scheme" and "Webhook headers". Over bytes:
what is signed is what is sent, whether or not it is text.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping, Sequence
from datetime import datetime

from channels.errors import ChannelSettingsError

ID, TIMESTAMP, SIGNATURE = "webhook-id", "webhook-timestamp", "webhook-signature"
TOLERANCE_S = 300
_PREFIX = "whsec_"


def key_of(secret: str) -> bytes:
    """The key inside a `whsec_…` secret. Raises `ChannelSettingsError`."""
    text = secret.removeprefix(_PREFIX).rstrip("=")
    try:
        key = base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not key:
        raise ChannelSettingsError("a webhook's secret is whsec_ and base64")
    return key


def own_key(key: bytes, address: str) -> bytes:
    """The key of one receiver, made of the lender's and its address: with one key for all, each
    receiver could sign what the others take for ours."""
    return hmac.new(key, address.encode("utf-8", "replace"), hashlib.sha256).digest()


def secret_of(key: bytes) -> str:
    """A key as a receiver is given it."""
    return _PREFIX + base64.b64encode(key).decode("ascii")


def signed(keys: Sequence[bytes], message_id: str, at: datetime, body: bytes) -> dict[str, str]:
    """The three headers of `body`, signed by each key in its order."""
    stamp = int(at.timestamp())
    signatures = (f"v1,{_digest(key, message_id, stamp, body)}" for key in keys)
    return {ID: message_id, TIMESTAMP: str(stamp), SIGNATURE: " ".join(signatures)}


def verify(secret: str, headers: Mapping[str, str], body: bytes, now: datetime) -> bool:
    """True if `headers` carry a signature of `body` by `secret`, at most five minutes off `now`.

    Raises `ChannelSettingsError` if `secret` is none.
    """
    found = {name.lower(): value for name, value in headers.items()}
    message_id, given = found.get(ID, ""), found.get(SIGNATURE, "")
    stamp = _stamp(found.get(TIMESTAMP, ""))
    if not message_id or stamp is None or abs(now.timestamp() - stamp) > TOLERANCE_S:
        return False
    wanted = f"v1,{_digest(key_of(secret), message_id, stamp, body)}".encode()
    return any(
        hmac.compare_digest(wanted, each.encode("utf-8", "replace")) for each in given.split(" ")
    )


def _stamp(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 12 else None


def _digest(key: bytes, message_id: str, stamp: int, body: bytes) -> str:
    content = f"{message_id}.{stamp}.".encode("utf-8", "replace") + body
    return base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode("ascii")
