"""`POST /v1/receipts/{provider}`: a provider's signed callback, whole, onto the stream; and GET for
those that try the address first."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import cast

from channels.contract import Channel, EchoingChannel, Post
from reminders.console.appender import Appender
from reminders.console.asgi import Receive, Refused, Scope, Send, read_body, reply, want_method
from reminders.services.streams import IN_APP, RECEIPTS_STREAM, receipt_entry

PATH = "/v1/receipts/"


class ReceiptsDoor:
    """Keeps the body verbatim, one entry however many receipts it holds: taking it apart here
    costs 24 times as much.

    `public_url` is where providers find us: what they call is part of what some of them sign.
    """

    def __init__(
        self,
        appender: Appender,
        providers: Mapping[str, Channel],
        max_body: int,
        public_url: str = "",
    ) -> None:
        self._appender = appender
        self._providers = {name: each for name, each in providers.items() if name != IN_APP}
        self._max_body = max_body
        self._public_url = public_url.rstrip("/")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        name = scope["path"].removeprefix(PATH)
        provider = self._providers.get(name)
        if provider is None:
            raise Refused(404, "no such provider")
        query = scope["query_string"].decode("latin-1")
        called = f"{scope['path']}?{query}" if query else scope["path"]
        if scope["method"] == "GET" and hasattr(provider, "echo"):
            await _echo(cast(EchoingChannel, provider), self._public_url + called, send)
            return
        want_method(scope, "POST")
        body = await read_body(scope, receive, self._max_body)
        headers = {
            key.decode("latin-1"): value.decode("latin-1") for key, value in scope["headers"]
        }
        if not provider.verify(Post(body, headers, self._public_url + called)):
            raise Refused(401, "the signature is missing, wrong or too old")
        kind = headers.get("content-type", "")
        entry = receipt_entry(
            body,
            name,
            time.time(),
            content_type="" if kind == "application/json" else kind[:200],
            url=_without_key(called) if query else "",
        )
        await self._appender.append(RECEIPTS_STREAM, [entry])
        told = provider.answer()
        await reply(send, told.status, told.body, told.content_type)


async def _echo(provider: EchoingChannel, url: str, send: Send) -> None:
    """The provider tries the address: nothing of it is kept."""
    wanted = provider.echo(url)
    if wanted is None:
        raise Refused(401, "the signature or token is missing, wrong or too old")
    await reply(send, wanted.status, wanted.body, wanted.content_type)


def _without_key(called: str) -> str:
    """What was called, but for the key that some providers are known by: it has done its work."""
    path, _, query = called.partition("?")
    kept = [each for each in query.split("&") if not each.startswith("key=")]
    return f"{path}?{'&'.join(kept)}" if kept else path
