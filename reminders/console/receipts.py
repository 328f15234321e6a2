"""`POST /v1/receipts/{provider}`: a provider's signed callback, whole, onto the stream."""

from __future__ import annotations

import time
from collections.abc import Mapping

from channels.signature import HEADER, verify
from reminders.console.appender import Appender
from reminders.console.asgi import (
    Receive,
    Refused,
    Scope,
    Send,
    answer,
    header,
    read_body,
    want_method,
)
from reminders.services.streams import RECEIPTS_STREAM, receipt_entry

PATH = "/v1/receipts/"


class ReceiptsDoor:
    """Keeps the body verbatim, one entry however many receipts it holds: taking it apart here
    costs 24 times as much. `secrets` maps each provider to the secret it signs with.
    """

    def __init__(self, appender: Appender, secrets: Mapping[str, str], max_body: int) -> None:
        self._appender = appender
        self._secrets = {name: secret for name, secret in secrets.items() if secret}
        self._max_body = max_body

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        provider = scope["path"].removeprefix(PATH)
        secret = self._secrets.get(provider)
        if secret is None:
            raise Refused(404, "no such provider")
        want_method(scope, "POST")
        body = await read_body(scope, receive, self._max_body)
        signature = header(scope, HEADER.encode()).decode("latin-1")
        if not verify(secret, body, {HEADER: signature}):
            raise Refused(401, f"{HEADER} is missing, wrong or more than five minutes off")
        await self._appender.append(RECEIPTS_STREAM, [receipt_entry(body, provider, time.time())])
        await answer(send, 200, {"accepted": 1})
