"""X-Twilio-Signature: base64 HMAC-SHA1 of the address called and the form's fields, sorted.

Source: twilio.com/docs/usage/webhooks/webhooks-security and Twilio's own request validators: a
field given twice counts each different value once, in order; a body that is no form is signed as
`bodySHA256` in the query; the port may or may not stand in what Twilio signs.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterable
from urllib.parse import SplitResult, parse_qsl, urlsplit

from channels.called import field_of, query_of
from channels.contract import Post

HEADER = "x-twilio-signature"
_PORTS = {"https": 443, "http": 80}

Fields = Iterable[tuple[str, str]]


def sign(token: str, url: str, fields: Fields) -> str:
    """The header's value for a POST of `fields` to `url`."""
    parts = "".join(name + value for name, value in sorted(set(fields)))
    text = (url + parts).encode("utf-8", "surrogatepass")
    digest = hmac.new(token.encode(), text, hashlib.sha1).digest()
    return base64.b64encode(digest).decode("ascii")


def is_signed(token: str, receipts_url: str, post: Post) -> bool:
    """Whether Twilio signed this post. It signs the address as it was told it, `receipts_url` with
    the query of this call; what the door was called by may be a proxy's name for it."""
    base, _, ours = receipts_url.partition("?")
    query = query_of(post.url) or ours
    given = next((each for name, each in post.headers.items() if name.lower() == HEADER), "")
    return verify(token, f"{base}?{query}" if query else base, post.body, given)


def verify(token: str, url: str, body: bytes, given: str) -> bool:
    """True if `given` is Twilio's signature of this post. An empty token verifies nothing."""
    if not token or not given:
        return False
    hashed = field_of(url, "bodySHA256")
    if hashed:
        if not _same(hashlib.sha256(body).hexdigest(), hashed.lower()):
            return False
        fields: list[tuple[str, str]] = []
    else:
        fields = form(body)
    return any(_same(sign(token, each, fields), given) for each in _spellings(url))


def form(body: bytes) -> list[tuple[str, str]]:
    """The fields of a form post, empty ones too; [] where it is none.

    Raises nothing: what is not UTF-8 is read with marks in its place.
    """
    text = body.decode("utf-8", "replace")
    try:
        return parse_qsl(text, keep_blank_values=True, max_num_fields=200, errors="replace")
    except ValueError:
        return []


def _same(wanted: str, given: str) -> bool:
    return hmac.compare_digest(wanted.encode(), given.encode("utf-8", "surrogatepass"))


def _spellings(url: str) -> Iterable[str]:
    """The address without a port, and with one: Twilio's servers sign either way."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return (url,)
    if parts.scheme not in _PORTS or not parts.hostname:
        return (url,)
    usual = port or _PORTS[parts.scheme]
    return dict.fromkeys((url, _with_host(url, parts, ""), _with_host(url, parts, f":{usual}")))


def _with_host(url: str, parts: SplitResult, port: str) -> str:
    """`url` with another port; its path and query stay letter by letter as they were."""
    host, _, _ = parts.netloc.rpartition(":") if parts.port else (parts.netloc, "", "")
    start = len(parts.scheme) + len("://")
    return f"{parts.scheme}://{host}{port}{url[start + len(parts.netloc) :]}"
