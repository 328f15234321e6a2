"""TC3-HMAC-SHA256, version 3 of Tencent Cloud's request signature.

Source: cloud.tencent.com/document/api/382/52072, whose worked example the tests hold.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

ALGORITHM: Final = "TC3-HMAC-SHA256"


def authorization(
    secret_id: str,
    secret_key: str,
    service: str,
    headers: Mapping[str, str],
    body: bytes,
    at: int,
) -> str:
    """The `Authorization` header of a POST to `/`. `headers` are all that are signed, by
    lower-case name; `at` is the unix second in `X-TC-Timestamp`."""
    names = sorted(headers)
    canonical = "".join(f"{name}:{headers[name].strip().lower()}\n" for name in names)
    signed = ";".join(names)
    request = "\n".join(("POST", "/", "", canonical, signed, hashlib.sha256(body).hexdigest()))
    day = datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d")
    scope = f"{day}/{service}/tc3_request"
    hashed = hashlib.sha256(request.encode()).hexdigest()
    wanted = f"{ALGORITHM}\n{at}\n{scope}\n{hashed}"
    key = f"TC3{secret_key}".encode()
    for part in (day, service, "tc3_request"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    signature = hmac.new(key, wanted.encode(), hashlib.sha256).hexdigest()
    return (
        f"{ALGORITHM} Credential={secret_id}/{scope}, SignedHeaders={signed}, Signature={signature}"
    )
