"""The request of one short message."""

from __future__ import annotations

import json

from channels.contract import Message

_encode = json.JSONEncoder(separators=(",", ":")).encode


def body(message: Message) -> bytes:
    """JSON in ASCII: `{"to", "text", "reference"}`, the reference being the attempt id."""
    return _encode(
        {"to": message.address, "text": message.text, "reference": message.idempotency_key}
    ).encode("ascii")
