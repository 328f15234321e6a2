"""Meta's signature of a webhook: `X-Hub-Signature-256: sha256=<hex HMAC of the body>`.

developers.facebook.com, "Webhooks, event notifications". It has no date: an old post can be posted
again, which says nothing new.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping

HEADER = "x-hub-signature-256"


def sign(secret: str, body: bytes) -> str:
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def verify(secret: str, body: bytes, headers: Mapping[str, str]) -> bool:
    given = next((value for name, value in headers.items() if name.lower() == HEADER), "")
    return bool(secret) and hmac.compare_digest(
        sign(secret, body).encode(), given.encode("utf-8", "replace")
    )
