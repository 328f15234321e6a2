"""The WhatsApp channel: one POST per template message, statuses by webhook."""

from __future__ import annotations

import hmac
import logging
from datetime import UTC, datetime

from channels.called import field_of
from channels.calling import call
from channels.contract import Answer, Message, Post, Told
from channels.numbers import is_number
from channels.provider_templates import Unfit
from channels.transport import AiohttpTransport, Reply, Transport
from channels.whatsapp.answers import outcome_of
from channels.whatsapp.payload import body
from channels.whatsapp.receipts import read
from channels.whatsapp.settings import WhatsappSettings, capabilities
from channels.whatsapp.signature import verify
from reminders.domain.outcome import Outcome, Permanent

_log = logging.getLogger(__name__)


class WhatsappChannel:
    """See `channels.contract.Channel`."""

    def __init__(self, settings: WhatsappSettings, transport: Transport | None = None) -> None:
        self.name = settings.name
        self.capabilities = capabilities(settings)
        self._settings = settings
        base = settings.base_url.rstrip("/")
        self._url = f"{base}/{settings.version}/{settings.phone_number_id}/messages"
        self._headers = {
            "Authorization": f"Bearer {settings.token}",
            "Content-Type": "application/json",
        }
        self._http = transport or AiohttpTransport(settings.concurrency, settings.timeout)

    async def send(self, message: Message) -> Outcome:
        if not is_number(message.address):
            return Permanent("invalid_number", dead_contact=True)
        try:
            sent = body(message, self._settings)
        except Unfit as error:
            _log.error("whatsapp: %s for %s in %s", error, message.kind, message.language)
            return Permanent(str(error))
        reply = await call(self._http, "POST", self._url, self._headers, sent, message.start_by)
        return outcome_of(reply, datetime.now(UTC)) if isinstance(reply, Reply) else reply

    async def ask(self, idempotency_key: str) -> Outcome | None:
        """WhatsApp cannot be asked about a message."""
        return None

    def hear(self, post: Post) -> Told:
        return read(post.body)

    def verify(self, post: Post) -> bool:
        return verify(self._settings.receipts_secret, post.body, post.headers)

    def echo(self, url: str) -> Answer | None:
        """developers.facebook.com, "Webhooks, verification requests": a webhook is saved only if
        its `hub.challenge` comes back."""
        token = self._settings.verify_token
        given, challenge = field_of(url, "hub.verify_token"), field_of(url, "hub.challenge")
        known = bool(token) and hmac.compare_digest(token.encode(), given.encode())
        if not known or not challenge or field_of(url, "hub.mode") != "subscribe":
            return None
        return Answer(challenge.encode(), "text/plain")

    def answer(self) -> Answer:
        return Answer()

    async def close(self) -> None:
        await self._http.close()
