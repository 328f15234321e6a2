"""`GET /p/{token}`: from a message's short link to the lender's own page; a click is a receipt.

A forged token learns nothing: neither whether a bill exists nor which.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable
from datetime import UTC, datetime
from html import escape
from urllib.parse import quote
from uuid import UUID

import structlog
from redis.exceptions import RedisError
from sqlalchemy.exc import SQLAlchemyError

from channels.in_app.provider import click_receipt_body
from reminders.console.appender import Appender, StreamDown
from reminders.console.asgi import Receive, Refused, Scope, Send, header
from reminders.services.links import PATH, PayLinks
from reminders.services.streams import IN_APP, RECEIPTS_STREAM, receipt_entry

__all__ = ["PATH", "PayLinkDoor"]

_log = structlog.get_logger()
# Who looks at a link before, or instead of, the person it was sent to: previews of messengers,
# scanners of mail, search engines, programs. A browser inside an app is a person.
_MACHINE = re.compile(
    rb"bot\b|bot/|crawl|spider|preview|facebookexternalhit|whatsapp/|slack|telegram|skypeuri"
    rb"|mimecast|proofpoint|barracuda|safelinks|urlscan|virustotal|headless|curl/|wget/|python"
    rb"|go-http-client|java/|libwww|httpclient|monitor",
    re.IGNORECASE,
)
_AHEAD = (b"purpose", b"sec-purpose", b"x-purpose", b"x-moz")
_HEADERS = (
    (b"cache-control", b"no-store"),
    (b"referrer-policy", b"no-referrer"),  # the address of the link is its pass
    (b"x-robots-tag", b"noindex, nofollow"),
    (b"x-content-type-options", b"nosniff"),
)
_WORDS = {
    "en": ("This link can no longer be used", "You can see and pay your bills here"),
    "zh-CN": ("此链接已失效", "请在这里查看并支付账单"),
}


class PayLinkDoor:
    """`bill_of` finds the bill of an attempt ("" for none) and blocks, like `now`, the business
    clock. Without links (they are off) nothing is here."""

    def __init__(
        self,
        appender: Appender,
        links: PayLinks | None,
        pay_url: str,
        bill_of: Callable[[UUID], str],
        now: Callable[[], datetime],
    ) -> None:
        self._appender = appender
        self._links = links
        self._pay_url = pay_url.rstrip("/")
        self._bill_of = bill_of
        self._now = now

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] not in ("GET", "HEAD"):
            raise Refused(405, "only GET works here", allow="GET, HEAD")
        link = self._links.read(scope["path"].removeprefix(PATH)) if self._links else None
        if link is None:
            await self._sorry(scope, send, 404)
            return
        try:
            now = (await asyncio.to_thread(self._now)).astimezone(UTC)
            bill = (
                "" if link.expired(now) else await asyncio.to_thread(self._bill_of, link.attempt_id)
            )
        except (SQLAlchemyError, RedisError, LookupError):
            await self._sorry(scope, send, 503)  # it says where bills are paid in any case
            return
        if not bill:
            await self._sorry(scope, send, 410)
            return
        if scope["method"] == "GET" and not looked_at_by_machine(scope):
            await self._clicked(link.attempt_id, now)
        location = f"{self._pay_url}/{quote(bill, safe='-._~:')}".encode()
        headers = [(b"location", location), (b"content-length", b"0"), *_HEADERS]
        await send({"type": "http.response.start", "status": 302, "headers": headers})
        await send({"type": "http.response.body", "body": b""})

    async def _clicked(self, attempt_id: UUID, now: datetime) -> None:
        body = click_receipt_body(str(attempt_id), now)
        try:
            await self._appender.append(RECEIPTS_STREAM, [receipt_entry(body, IN_APP, time.time())])
        except StreamDown as down:
            # Whoever wants to pay is not kept from it by a receipt.
            _log.warning("pay_link.receipt_not_taken", attempt=str(attempt_id), reason=str(down))

    async def _sorry(self, scope: Scope, send: Send, status: int) -> None:
        chinese = b"zh" in header(scope, b"accept-language").lower()
        language = "zh-CN" if chinese else "en"
        heading, line = (escape(each) for each in _WORDS[language])
        where = escape(self._pay_url, quote=True)
        page = (
            f'<!DOCTYPE html><html lang="{language}"><head><meta charset="utf-8">'
            '<meta name="viewport" content="width=device-width, initial-scale=1">'
            '<meta name="color-scheme" content="light dark">'
            f"<title>{heading}</title></head><body><main><h1>{heading}</h1>"
            f'<p>{line} <a href="{where}" rel="noreferrer">{where}</a></p></main></body></html>'
        ).encode()
        headers = [
            (b"content-type", b"text/html; charset=utf-8"),
            (b"content-length", b"%d" % len(page)),
            (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
            *_HEADERS,
        ]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        body = b"" if scope["method"] == "HEAD" else page
        await send({"type": "http.response.body", "body": body})


def looked_at_by_machine(scope: Scope) -> bool:
    """True for what says that it is no browser, and for a browser that loads ahead."""
    agent = header(scope, b"user-agent")
    ahead = any(header(scope, name) for name in _AHEAD)
    return ahead or not agent or _MACHINE.search(agent) is not None
