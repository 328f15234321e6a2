"""The little of HTTP that the hot doors need: read a bounded body, answer JSON.

Bare ASGI: a framework's request and response objects cost more than the whole of the work here
(Starlette half as much again, a FastAPI model endpoint four times).
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any
from urllib.parse import parse_qs

Scope = MutableMapping[str, Any]  # Any: what ASGI says
Message = MutableMapping[str, Any]  # Any: what ASGI says
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Door = Callable[[Scope, Receive, Send], Awaitable[None]]

_JSON = (b"content-type", b"application/json")


class Refused(Exception):
    """The request gets `status` and one line that says why."""

    def __init__(self, status: int, reason: str, **headers: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}


class Gone(Exception):
    """The client left before its request was whole."""


async def answer(
    send: Send, status: int, document: object, headers: Mapping[str, str] | None = None
) -> None:
    """Send `document` as JSON."""
    body = json.dumps(document, separators=(",", ":")).encode()
    fields = [_JSON, (b"content-length", b"%d" % len(body))]
    for name, value in (headers or {}).items():
        fields.append((name.encode(), value.encode()))
    await send({"type": "http.response.start", "status": status, "headers": fields})
    await send({"type": "http.response.body", "body": body})


async def reply(send: Send, status: int, body: bytes, content_type: str) -> None:
    """Send `body` as it is."""
    fields = [(b"content-type", content_type.encode()), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": status, "headers": fields})
    await send({"type": "http.response.body", "body": body})


async def read_body(scope: Scope, receive: Receive, limit: int) -> bytes:
    """The whole body. Raises `Refused` (413) above `limit` bytes and `Gone`."""
    declared = header(scope, b"content-length")
    if declared.isdigit() and int(declared[:20]) > limit:
        raise _too_large(limit)
    chunks: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Gone
        chunk = message.get("body", b"")
        size += len(chunk)
        if size > limit:
            raise _too_large(limit)
        chunks.append(chunk)
        if not message.get("more_body", False):
            return chunks[0] if len(chunks) == 1 else b"".join(chunks)


def _too_large(limit: int) -> Refused:
    # The rest of the body is not read: what comes after it on this connection is not a request.
    return Refused(413, f"the body is larger than {limit} bytes", connection="close")


def header(scope: Scope, name: bytes) -> bytes:
    """The value of a header (its name in lower case), b"" where there is none."""
    for key, value in scope["headers"]:
        if key == name:
            return bytes(value)
    return b""


def bearer(scope: Scope) -> str:
    """The bearer token, "" where there is none."""
    scheme, _, token = header(scope, b"authorization").partition(b" ")
    return token.strip().decode("latin-1") if scheme.lower() == b"bearer" else ""


def want_method(scope: Scope, method: str) -> None:
    """Raise `Refused` (405) for any other method."""
    if scope["method"] != method:
        raise Refused(405, f"only {method} works here", allow=method)


def asked(scope: Scope, fields: tuple[str, ...]) -> dict[str, str]:
    """The fields of the query that say something. Raises `Refused`."""
    try:
        query = parse_qs(scope["query_string"].decode("latin-1"), max_num_fields=10)
    except ValueError:
        raise Refused(400, "the query has too many fields") from None
    strange = sorted(query.keys() - set(fields))
    if strange:
        raise Refused(422, f"there is no {strange[0][:80]}, only {', '.join(fields)}")
    return {name: values[0] for name, values in query.items()}
