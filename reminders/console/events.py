"""`POST /v1/events`: takes events for the stream, and answers once Redis has them on disk."""

from __future__ import annotations

import hmac
import time
from collections.abc import Mapping

from pydantic_core import from_json

from reminders.console.appender import Appender
from reminders.console.asgi import (
    Receive,
    Refused,
    Scope,
    Send,
    answer,
    bearer,
    header,
    read_body,
    want_method,
)
from reminders.events.split import Unreadable, split
from reminders.services.streams import EVENTS_STREAM, event_entry

MAX_EVENTS = 50_000
_LINES = (b"application/x-ndjson", b"application/ndjson", b"application/jsonl")


class EventsDoor:
    """One event, an array, or a line for each; `tokens` maps each producer to its own token."""

    def __init__(self, appender: Appender, tokens: Mapping[str, str], max_body: int) -> None:
        self._appender = appender
        self._tokens = {name: token.encode() for name, token in tokens.items() if token}
        self._max_body = max_body

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        want_method(scope, "POST")
        producer = self._producer(bearer(scope).encode())
        body = await read_body(scope, receive, self._max_body)
        content_type = header(scope, b"content-type").partition(b";")[0].strip().lower()
        events = _events(body, lines=content_type in _LINES)
        taken_at = time.time()
        await self._appender.append(
            EVENTS_STREAM, [event_entry(event, producer, taken_at) for event in events]
        )
        await answer(send, 202, {"accepted": len(events)})

    def _producer(self, token: bytes) -> str:
        """Whose token this is. Every token is compared, so that time tells nothing."""
        found = ""
        for name, wanted in self._tokens.items():
            if hmac.compare_digest(wanted, token):
                found = name
        if not found:
            raise Refused(401, "a producer's bearer token is wanted", www_authenticate="Bearer")
        return found


def _events(body: bytes, *, lines: bool) -> list[bytes]:
    try:
        events = split(body, lines=lines)
        if len(events) == 1 and not lines:
            from_json(events[0], cache_strings=False)
    except ValueError as wrong:
        reason = str(wrong) if isinstance(wrong, Unreadable) else f"the body is not JSON: {wrong}"
        raise Refused(400, reason) from None
    if lines and not events:
        raise Refused(400, "the body is empty")
    if len(events) > MAX_EVENTS:
        raise Refused(413, f"{len(events)} events are more than the {MAX_EVENTS} of one request")
    return events
