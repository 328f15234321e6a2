"""WeChat's signature of a call to us: SHA-1 over the sorted token, timestamp and nonce.

developers.weixin.qq.com, 接入指南. It stands in the query and does not cover the body: whoever
knows an address of the last five minutes could post another body to it. TLS keeps it from others.
"""

from __future__ import annotations

import hashlib
import hmac
import time

from channels.called import field_of

TOLERANCE_S = 300


def sign(token: str, timestamp: str, nonce: str) -> str:
    """Hex."""
    text = "".join(sorted((token, timestamp, nonce)))
    return hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()


def verify(token: str, url: str, now: float | None = None) -> bool:
    """True if the query of `url` is signed with `token` and at most five minutes off."""
    signature, timestamp, nonce = (
        field_of(url, name) for name in ("signature", "timestamp", "nonce")
    )
    if not token or not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 12):
        return False
    if abs((time.time() if now is None else now) - int(timestamp)) > TOLERANCE_S:
        return False
    wanted = sign(token, timestamp, nonce)
    return hmac.compare_digest(wanted.encode(), signature.encode("utf-8", "replace"))
