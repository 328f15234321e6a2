"""Calls an ASGI application in memory, as a server would."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from reminders.console.asgi import Door, Message

Result = TypeVar("Result")


def run(work: Coroutine[Any, Any, Result]) -> Result:  # Any: what asyncio.run takes
    return asyncio.run(work)


@dataclass
class Answer:
    """What the client saw; `whole` once the last byte is there."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    whole: bool = False

    @property
    def json(self) -> Any:  # Any: JSON
        return json.loads(self.body)


async def call(
    app: Door,
    method: str,
    path: str,
    body: bytes | Sequence[bytes] = b"",
    headers: Mapping[str, str] | None = None,
    query: str | bytes = "",
    raw_headers: Sequence[tuple[bytes, bytes]] = (),
) -> Answer:
    """One request. A sequence of bytes comes in chunks; the client leaves after the last.
    `raw_headers` follow the others as they stand."""
    chunks = [body] if isinstance(body, bytes) else list(body)
    answer = Answer()
    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "query_string": query.encode() if isinstance(query, str) else query,
        "headers": [
            *((k.lower().encode(), v.encode()) for k, v in (headers or {}).items()),
            *raw_headers,
        ],
    }

    async def receive() -> Message:
        if not chunks:
            return {"type": "http.disconnect"}
        return {"type": "http.request", "body": chunks.pop(0), "more_body": bool(chunks)}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            assert not answer.status, "a server lets nobody answer twice"
            answer.status = message["status"]
            answer.headers = {k.decode(): v.decode() for k, v in message["headers"]}
        else:
            answer.body += message["body"]
            answer.whole = not message.get("more_body", False)

    await app(scope, receive, send)
    return answer
