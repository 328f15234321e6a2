"""The request of one short message."""

from __future__ import annotations

import json
import re

from channels.contract import Message

# E.164: a plus and up to fifteen digits, the first not 0 (ITU-T E.164 §6.2).
_NUMBER = re.compile(r"\+[1-9][0-9]{6,14}")
_encode = json.JSONEncoder(separators=(",", ":")).encode


def is_number(address: str) -> bool:
    return _NUMBER.fullmatch(address) is not None


def body(message: Message) -> bytes:
    """JSON in ASCII: `{"to", "text", "reference"}`, the reference being the attempt id."""
    return _encode(
        {"to": message.address, "text": message.text, "reference": message.idempotency_key}
    ).encode("ascii")
