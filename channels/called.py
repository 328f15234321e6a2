"""What the address of a post says: its query, and the secret that stands in for a signature.

Some providers sign nothing. The address that they are told to call then carries a secret of ours,
`?key=…`: whoever does not know it is nobody.
"""

from __future__ import annotations

import hmac
from typing import Final
from urllib.parse import parse_qsl, quote

KEY: Final = "key"
_MOST_FIELDS: Final = 50


def query_of(url: str) -> str:
    """The query of an address, whole or from its path on. Reads anything: it comes from outside."""
    return url.partition("#")[0].partition("?")[2]


def field_of(url: str, name: str) -> str:
    """The first value of a field of the query; "" where there is none."""
    try:
        fields = parse_qsl(query_of(url), max_num_fields=_MOST_FIELDS, errors="replace")
    except ValueError:
        return ""
    return next((value for field, value in fields if field == name), "")


def has_key(url: str, secret: str) -> bool:
    """Whether the address carries `secret`, compared in constant time; an empty one opens
    nothing."""
    given = field_of(url, KEY).encode("utf-8", "surrogatepass")
    return bool(secret) and hmac.compare_digest(given, secret.encode())


def with_key(url: str, secret: str) -> str:
    """The address to give to such a provider."""
    return f"{url}{'&' if '?' in url else '?'}{KEY}={quote(secret, safe='')}"
