"""`GET /v1/inbox/{customer}`: a customer's in-app messages. Reading one is a receipt."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Protocol
from urllib.parse import parse_qs

import structlog
from redis.exceptions import RedisError
from sqlalchemy.exc import SQLAlchemyError

from channels.in_app.provider import read_receipts_body
from reminders.console.appender import Appender, StreamDown
from reminders.console.asgi import Receive, Refused, Scope, Send, bearer, want_method
from reminders.services.inbox_token import customer_of
from reminders.services.streams import IN_APP, RECEIPTS_STREAM, receipt_entry

PATH = "/v1/inbox/"
_log = structlog.get_logger()


class InboxMessage(Protocol):
    """What the inbox shows of one message."""

    @property
    def attempt_id(self) -> str: ...
    @property
    def written_at(self) -> datetime: ...
    @property
    def bill_id(self) -> str: ...
    @property
    def subject(self) -> str: ...
    @property
    def text(self) -> str: ...
    @property
    def read_at(self) -> datetime | None: ...


class InboxDoor:
    """Unread messages, and with `?history=1` the read ones too; `?peek=1` marks none as read.

    `read` gives all messages of a customer and blocks, `now` is the business clock and may block.
    """

    def __init__(
        self,
        appender: Appender,
        key: str,
        read: Callable[[str], Sequence[InboxMessage]],
        now: Callable[[], datetime],
    ) -> None:
        self._appender = appender
        self._key = key
        self._read = read
        self._now = now

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        want_method(scope, "GET")
        customer = scope["path"].removeprefix(PATH)
        whose = customer_of(bearer(scope), self._key) if self._key else None
        if whose is None:
            raise Refused(401, "a fresh inbox token is wanted", www_authenticate="Bearer")
        if whose != customer:
            raise Refused(403, "the token is for another inbox")
        query = parse_qs(scope["query_string"].decode("latin-1"))
        try:
            messages = await asyncio.to_thread(self._read, customer)
        except SQLAlchemyError:
            raise Refused(503, "cannot read the inbox now", retry_after="1") from None
        unread = [message for message in messages if message.read_at is None]
        await _start(send, messages if query.get("history") == ["1"] else unread)
        # The answer ends only when its receipt is on the stream: whoever has read an inbox to its
        # end, such as a driver waiting for quiet, knows that nothing of it is still to come.
        if unread and query.get("peek") != ["1"]:
            await self._mark_read(unread)
        await send({"type": "http.response.body", "body": b""})

    async def _mark_read(self, messages: Sequence[InboxMessage]) -> None:
        try:
            at = (await asyncio.to_thread(self._now)).astimezone(UTC)
            body = read_receipts_body([message.attempt_id for message in messages], at)
            await self._appender.append(RECEIPTS_STREAM, [receipt_entry(body, IN_APP, time.time())])
        except (StreamDown, RedisError, LookupError) as down:
            # They stay unread, and the next look at the inbox says so again.
            _log.warning("inbox.receipt_not_taken", messages=len(messages), reason=str(down))


async def _start(send: Send, messages: Sequence[InboxMessage]) -> None:
    shown = [
        {
            "attempt_id": message.attempt_id,
            "written_at": message.written_at.isoformat(),
            "bill_id": message.bill_id,
            "subject": message.subject,
            "text": message.text,
            "read_at": message.read_at.isoformat() if message.read_at else None,
        }
        for message in messages
    ]
    headers = [(b"content-type", b"application/json"), (b"cache-control", b"no-store")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    body = json.dumps({"messages": shown}, separators=(",", ":")).encode()
    await send({"type": "http.response.body", "body": body, "more_body": True})
