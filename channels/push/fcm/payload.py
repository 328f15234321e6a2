"""The request of one push to one FCM token (firebase.google.com, REST resource v1 messages)."""

from __future__ import annotations

import json
from datetime import datetime

from channels.contract import Message
from channels.push.lifetime import lifetime

MOST_BYTES = 4096  # firebase.google.com, "About FCM messages": maximum payload
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
_URGENT = frozenset({"raised", "high"})


def body(message: Message, token: str, now: datetime) -> bytes:
    """JSON. The attempt id is the tag, so that a doubled push shows once, and the collapse key: up
    to four of those wait for a device that is away, of messages without one only the last."""
    attempt = message.idempotency_key
    android: dict[str, object] = {
        "priority": "HIGH" if message.urgency in _URGENT else "NORMAL",
        "collapse_key": attempt,
        "notification": {"tag": attempt},
    }
    life = lifetime(message.expires_at, now)
    if life is not None:
        android["ttl"] = f"{int(life.total_seconds())}s"
    data = {"attempt": attempt, "kind": message.kind, "link": message.link}
    sent = {
        "token": token,
        "notification": {"title": message.subject, "body": message.text},
        "data": {name: value for name, value in data.items() if value},
        "android": android,
    }
    return _encode({"message": sent}).encode("utf-8", "replace")
