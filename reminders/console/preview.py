"""`GET /v1/preview?kind=&language=&brand=&urgency=&bill=&pack=`: a message in every channel's form.

A real bill is personal: the page wants an operator's token, as a bearer or, so that a browser can
ask for it, as the password of HTTP Basic.
"""

from __future__ import annotations

import asyncio
import binascii
from base64 import b64decode
from collections.abc import Callable, Mapping
from threading import Lock
from typing import Protocol

from sqlalchemy.exc import SQLAlchemyError

from reminders.console.asgi import Receive, Refused, Scope, Send, asked, bearer, header, want_method
from reminders.console.operators import Operators
from reminders.ledger.errors import LedgerError
from reminders.messages.errors import TemplateError
from reminders.services.compose_preview import SAMPLE, Asked, preview_bill
from reminders.services.resources import Resources

PATH = "/v1/preview"
_FIELDS = ("kind", "language", "brand", "urgency", "bill", "pack")
_HEADERS = {
    # A mail's own markup has styles of its own; nothing is loaded and nothing runs.
    "content-security-policy": (
        "default-src 'none'; style-src 'unsafe-inline'; frame-src 'self' about:; base-uri 'none';"
        " form-action 'none'; frame-ancestors 'none'"
    ),
    "cache-control": "no-store",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}


class PreviewDesk(Protocol):
    """Writes the page. Blocks; may raise `TemplateError` and `LedgerError`."""

    def page(self, asked: Asked) -> str: ...


class LedgerPreviewDesk:
    """On the ledger; what is opened is opened with the first visit. Safe to share by threads."""

    def __init__(self, opening: Callable[[], Resources]) -> None:
        self._opening = opening
        self._opened: Resources | None = None
        self._lock = Lock()

    def page(self, asked: Asked) -> str:
        with self._lock:
            if self._opened is None:
                self._opened = self._opening()
        return preview_bill(self._opened, asked).page()

    def close(self) -> None:
        """Give the connections back, where any were opened."""
        if self._opened is not None:
            self._opened.engine.dispose()
            self._opened.redis.close()


class PreviewDoor:
    """`tokens`: a person's name → their token."""

    def __init__(self, desk: PreviewDesk, tokens: Mapping[str, str]) -> None:
        self._desk = desk
        self._operators = Operators(tokens)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        want_method(scope, "GET")
        self._operators.named(bearer(scope) or _password(scope), 'Basic realm="preview"')
        try:
            page = await asyncio.to_thread(self._desk.page, _asked(scope))
        except TemplateError as error:
            raise Refused(422, str(error)) from None
        except LedgerError as error:
            raise Refused(404, str(error)) from None
        except SQLAlchemyError:
            raise Refused(503, "cannot do this now", retry_after="1") from None
        body = page.encode("utf-8", "replace")
        fields = [
            (b"content-type", b"text/html; charset=utf-8"),
            (b"content-length", b"%d" % len(body)),
            *((name.encode(), value.encode()) for name, value in _HEADERS.items()),
        ]
        await send({"type": "http.response.start", "status": 200, "headers": fields})
        await send({"type": "http.response.body", "body": body})


def _password(scope: Scope) -> str:
    scheme, _, given = header(scope, b"authorization").partition(b" ")
    if scheme.lower() != b"basic":
        return ""
    try:
        return b64decode(given, validate=True).decode().partition(":")[2]
    except (binascii.Error, ValueError):
        return ""


def _asked(scope: Scope) -> Asked:
    said = asked(scope, _FIELDS)
    return Asked(
        said.get("kind", ""),
        said.get("language", ""),
        said.get("brand", ""),
        said.get("urgency", "normal"),
        said.get("bill", SAMPLE),
        said.get("pack", ""),
    )
