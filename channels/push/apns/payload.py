"""The request of one push to one APNs token.

developer.apple.com, "Sending notification requests to APNs" and "Generating a remote notification".
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime

from channels.contract import Message
from channels.push.lifetime import lifetime

MOST_BYTES = 4096
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
_URGENT = frozenset({"raised", "high"})


def headers(message: Message, topic: str, now: datetime) -> Mapping[str, str]:
    """The attempt id is the notification's id, and what doubled pushes are shown as one by."""
    found = {
        "apns-topic": topic,
        "apns-push-type": "alert",
        # 10: at once; 5: when it costs the battery little
        "apns-priority": "10" if message.urgency in _URGENT else "5",
        "apns-id": message.idempotency_key,
        "apns-collapse-id": message.idempotency_key,
        "content-type": "application/json",
    }
    life = lifetime(message.expires_at, now)
    if life is not None:
        found["apns-expiration"] = str(int((now + life).timestamp()))
    return found


def body(message: Message) -> bytes:
    alert = {"title": message.subject, "body": message.text}
    sent = {
        "aps": {"alert": {name: text for name, text in alert.items() if text}, "sound": "default"},
        "attempt": message.idempotency_key,
        "kind": message.kind,
        "link": message.link,
    }
    return _encode({name: value for name, value in sent.items() if value}).encode(
        "utf-8", "replace"
    )
