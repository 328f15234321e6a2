"""Signed callbacks: `X-Reminders-Signature: t=<unix seconds>,v1=<hex HMAC-SHA256 of "t.body">`."""

from __future__ import annotations

import hashlib
import hmac
import time
from collections.abc import Mapping

HEADER = "x-reminders-signature"
TOLERANCE_S = 300


def sign(secret: str, body: bytes, at: int | None = None) -> str:
    """The header's value for `body`, at a unix second of the machine clock (default: now)."""
    stamp = int(time.time()) if at is None else at
    return f"t={stamp},v1={_digest(secret, stamp, body)}"


def verify(secret: str, body: bytes, headers: Mapping[str, str], now: float | None = None) -> bool:
    """True if `headers` carry a signature of `body` that is at most five minutes off.

    An empty secret verifies nothing: a provider without one must not be open to everybody.
    """
    fields = [part.partition("=") for part in _value(headers).split(",")]
    stamps = [value for name, _, value in fields if name.strip() == "t"]
    digests = [value.strip() for name, _, value in fields if name.strip() == "v1"]
    stamp = _stamp(stamps)
    if not secret or stamp is None:
        return False
    if abs((time.time() if now is None else now) - stamp) > TOLERANCE_S:
        return False
    wanted = _digest(secret, stamp, body).encode()
    return any(hmac.compare_digest(wanted, got.encode()) for got in digests)


def _value(headers: Mapping[str, str]) -> str:
    if HEADER in headers:
        return headers[HEADER]
    return next((value for name, value in headers.items() if name.lower() == HEADER), "")


def _stamp(stamps: list[str]) -> int | None:
    if len(stamps) != 1 or not (stamps[0].isascii() and stamps[0].isdigit()):
        return None
    return int(stamps[0]) if len(stamps[0]) <= 12 else None


def _digest(secret: str, stamp: int, body: bytes) -> str:
    return hmac.new(secret.encode(), b"%d." % stamp + body, hashlib.sha256).hexdigest()
