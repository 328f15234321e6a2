"""WeChat's signature of a call to us: SHA-1 over the token, timestamp and nonce, sorted.

developers.weixin.qq.com, 接入指南. It stands in the query. In plain text mode (`signature`) it does
not cover the body: whoever knows an address of the last five minutes could post another body to it,
and TLS alone keeps it from others. In encrypted mode (`msg_signature`) the sealed text is a fourth.
"""

from __future__ import annotations

import hashlib
import hmac
import time

from channels.called import field_of

TOLERANCE_S = 300


def sign(token: str, timestamp: str, nonce: str, *sealed: str) -> str:
    """Hex."""
    text = "".join(sorted((token, timestamp, nonce, *sealed)))
    return hashlib.sha1(text.encode("utf-8", "replace"), usedforsecurity=False).hexdigest()


def verify(token: str, url: str, now: float | None = None, sealed: str = "") -> bool:
    """True if the query of `url` is signed with `token`, and over `sealed` where there is such a
    text, and at most five minutes off."""
    given = field_of(url, "msg_signature" if sealed else "signature")
    timestamp, nonce = field_of(url, "timestamp"), field_of(url, "nonce")
    if not token or not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 12):
        return False
    if abs((time.time() if now is None else now) - int(timestamp)) > TOLERANCE_S:
        return False
    wanted = sign(token, timestamp, nonce, *([sealed] if sealed else []))
    return hmac.compare_digest(wanted.encode(), given.encode("utf-8", "replace"))
