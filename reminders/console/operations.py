"""`GET /v1/operations`: how the system stands, for people; an operator's token opens it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from threading import Lock
from typing import TypeVar

from redis.exceptions import RedisError
from sqlalchemy.exc import SQLAlchemyError

from reminders.console.asgi import Receive, Refused, Scope, Send, asked, bearer, want_method
from reminders.console.operations_page import SECURITY, page
from reminders.console.operators import Operators
from reminders.services.metrics_overview import Overview
from reminders.services.resources import Resources

PATH = "/v1/operations"
_FIELDS = ("token",)
_TYPE = (b"content-type", b"text/html; charset=utf-8")
Seen = TypeVar("Seen")


class Opened:
    """What looks are made with, opened by the first of them. Safe to share by threads."""

    def __init__(self, opening: Callable[[], Resources]) -> None:
        self._opening = opening
        self._opened: Resources | None = None
        self._lock = Lock()

    def look(self, at: Callable[[Resources], Seen]) -> Callable[[], Seen]:
        """The call that looks."""
        return lambda: at(self._resources())

    def close(self) -> None:
        """Give the connections back, where any were opened."""
        if self._opened is not None:
            self._opened.engine.dispose()
            self._opened.redis.close()

    def _resources(self) -> Resources:
        with self._lock:
            if self._opened is None:
                self._opened = self._opening()
            return self._opened


class OperationsDoor:
    """`look` blocks; `tokens`: a person's name → their token."""

    def __init__(self, look: Callable[[], Overview], tokens: Mapping[str, str]) -> None:
        self._look = look
        self._operators = Operators(tokens)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        want_method(scope, "GET")
        said = asked(scope, _FIELDS)
        # A browser's address line can set no header; the page itself tells nobody its address.
        self._operators.named(bearer(scope) or said.get("token", ""))
        try:
            seen = await asyncio.to_thread(self._look)
        except (SQLAlchemyError, RedisError, LookupError):
            raise Refused(503, "cannot look now", retry_after="5") from None
        body = page(seen).encode("utf-8", "replace")
        fields = [(name.encode(), each.encode()) for name, each in SECURITY.items()]
        fields += [_TYPE, (b"content-length", b"%d" % len(body))]
        await send({"type": "http.response.start", "status": 200, "headers": fields})
        await send({"type": "http.response.body", "body": body})
