"""`/v1/inbox/{customer}`: a customer's in-app messages. Reading one is a receipt.

GET …: unread messages, the most urgent about an open bill pinned as `banner`; with `?history=1`
the read ones too; `?peek=1` marks none as read. POST …/read {"attempt_ids": […]}: these were
read. GET …/events: live, see `reminders.console.inbox_events`.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Protocol
from urllib.parse import parse_qs

import structlog
from pydantic_core import from_json, to_json
from redis.exceptions import RedisError
from sqlalchemy.exc import SQLAlchemyError

from channels.in_app.provider import read_receipts_body
from reminders.console.appender import Appender, StreamDown
from reminders.console.asgi import (
    Door,
    Receive,
    Refused,
    Scope,
    Send,
    answer,
    bearer,
    read_body,
    want_method,
)
from reminders.services.inbox import pinned
from reminders.services.inbox_token import customer_of
from reminders.services.streams import IN_APP, RECEIPTS_STREAM, receipt_entry

PATH = "/v1/inbox/"
MAX_BODY = 16_384
_MOST = 200  # messages that an inbox shows, and so those that can be read
_FRESH = {"cache-control": "no-store"}
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
    def kind(self) -> str: ...
    @property
    def urgency(self) -> str: ...
    @property
    def open(self) -> bool: ...
    @property
    def subject(self) -> str: ...
    @property
    def text(self) -> str: ...
    @property
    def read_at(self) -> datetime | None: ...


class InboxDoor:
    """`read` gives all messages of a customer and blocks, `now` is the business clock and may
    block; `events` answers for a customer whose pass was shown."""

    def __init__(
        self,
        appender: Appender,
        key: str,
        read: Callable[[str], Sequence[InboxMessage]],
        now: Callable[[], datetime],
        events: Callable[[str], Door],
    ) -> None:
        self._appender = appender
        self._key = key
        self._read = read
        self._now = now
        self._events = events

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        query = parse_qs(scope["query_string"].decode("latin-1"))
        asked = scope["path"].removeprefix(PATH)
        # A browser's EventSource can set no header: only there may the query carry the pass.
        in_query = query.get("token", [""])[-1] if asked.endswith("/events") else ""
        token = bearer(scope) or in_query
        whose = customer_of(token, self._key) if self._key else None
        if whose is None:
            raise Refused(401, "a fresh inbox token is wanted", www_authenticate="Bearer")
        if asked == whose:
            want_method(scope, "GET")
            await self._show(whose, query, send)
        elif asked == f"{whose}/read":
            want_method(scope, "POST")
            await self._take_read(whose, await read_body(scope, receive, MAX_BODY), send)
        elif asked == f"{whose}/events":
            want_method(scope, "GET")
            await self._events(whose)(scope, receive, send)
        else:
            raise Refused(403, "the token is for another inbox")

    async def _show(self, customer: str, query: dict[str, list[str]], send: Send) -> None:
        messages = await self._messages(customer)
        unread = [message for message in messages if message.read_at is None]
        await _start(send, messages if query.get("history") == ["1"] else unread, unread)
        # The answer ends only when its receipt is on the stream: whoever has read an inbox to its
        # end, such as a driver waiting for quiet, knows that nothing of it is still to come.
        if unread and query.get("peek") != ["1"]:
            try:
                await self._mark_read([message.attempt_id for message in unread])
            except (StreamDown, RedisError, LookupError) as down:
                # They stay unread, and the next look at the inbox says so again.
                _log.warning("inbox.receipt_not_taken", messages=len(unread), reason=str(down))
        await send({"type": "http.response.body", "body": b""})

    async def _take_read(self, customer: str, body: bytes, send: Send) -> None:
        """Receipts of the customer's own messages alone, whatever else is named."""
        named = _named(body)
        unread = {
            message.attempt_id
            for message in await self._messages(customer)
            if message.read_at is None
        }
        told = sorted(unread & named)
        if told:
            try:
                await self._mark_read(told)
            except (RedisError, LookupError):
                raise Refused(503, "cannot store this now", retry_after="1") from None
        await answer(send, 200, {"read": told, "unread": len(unread) - len(told)}, _FRESH)

    async def _messages(self, customer: str) -> Sequence[InboxMessage]:
        try:
            return await asyncio.to_thread(self._read, customer)
        except SQLAlchemyError:
            raise Refused(503, "cannot read the inbox now", retry_after="1") from None

    async def _mark_read(self, attempts: Sequence[str]) -> None:
        at = (await asyncio.to_thread(self._now)).astimezone(UTC)
        body = read_receipts_body(attempts, at)
        await self._appender.append(RECEIPTS_STREAM, [receipt_entry(body, IN_APP, time.time())])


def _named(body: bytes) -> frozenset[str]:
    """The attempt ids of a body. Raises `Refused`."""
    try:
        given = from_json(body)
    except ValueError:
        raise Refused(400, "the body is not JSON") from None
    ids = given.get("attempt_ids") if isinstance(given, dict) else None
    if not isinstance(ids, list) or not all(isinstance(each, str) for each in ids):
        raise Refused(422, 'want {"attempt_ids": [id, …]}')
    if len(ids) > _MOST:
        raise Refused(422, f"at most {_MOST} ids at a time")
    return frozenset(ids)


async def _start(
    send: Send, messages: Sequence[InboxMessage], unread: Sequence[InboxMessage]
) -> None:
    banner = pinned(unread)
    document = {
        "messages": [_shown(message) for message in messages],
        "unread": len(unread),
        "banner": None if banner is None else banner.attempt_id,
    }
    headers = [(b"content-type", b"application/json"), (b"cache-control", b"no-store")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": to_json(document), "more_body": True})


def _shown(message: InboxMessage) -> dict[str, object]:
    return {
        "attempt_id": message.attempt_id,
        "written_at": message.written_at.isoformat(),
        "bill_id": message.bill_id,
        "kind": message.kind,
        "urgency": message.urgency,
        "open": message.open,
        "subject": message.subject,
        "text": message.text,
        "read_at": message.read_at.isoformat() if message.read_at else None,
    }
