"""The webhook channel: one signed post per message; the receiver's 2xx is the delivery."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial

from channels.contract import Answer, Message, Post, Told
from channels.errors import ChannelSettingsError, ReceiptError
from channels.public_hosts import PublicResolver, is_private_literal
from channels.transport import AiohttpTransport, Transport
from channels.webhook.payload import body, target_of
from channels.webhook.posting import post_event
from channels.webhook.settings import WebhookSettings, capabilities
from channels.webhook.signing import key_of, own_key
from reminders.domain.outcome import Outcome, Permanent

_MAX_REPLY = 4_096  # nothing in it is read; a receiver may not fill our memory


class WebhookChannel:
    """See `channels.contract.Channel`."""

    def __init__(self, settings: WebhookSettings, transport: Transport | None = None) -> None:
        if not settings.keys:
            raise ChannelSettingsError(f"{settings.name}: secrets names no key")
        self.name = settings.name
        self.capabilities = capabilities(settings)
        self._keys = [key_of(each) for each in settings.keys]
        self._own_keys = settings.own_keys
        self._source = settings.source
        self._private = settings.allow_private
        self._http = transport or AiohttpTransport(
            settings.concurrency,
            settings.timeout,
            per_host=settings.per_host,
            max_body=_MAX_REPLY,
            resolver=partial(PublicResolver, allow_private=settings.allow_private),
        )

    async def send(self, message: Message) -> Outcome:
        url = target_of(message.address, plain=self._private)
        if url is None:
            return Permanent("invalid_address", dead_contact=True)
        if not self._private and is_private_literal(url.host or ""):
            return Permanent("private_address", dead_contact=True)
        keys = self._keys
        if self._own_keys:
            keys = [own_key(each, message.address) for each in keys]
        content = body(message, self._source, datetime.now(UTC))
        return await post_event(
            self._http, str(url), keys, message.idempotency_key, content, message.start_by
        )

    async def ask(self, idempotency_key: str) -> Outcome | None:
        return None

    def hear(self, post: Post) -> Told:
        raise ReceiptError("a webhook's receiver says nothing but its status")

    def verify(self, post: Post) -> bool:
        return False

    def answer(self) -> Answer:
        return Answer()

    async def close(self) -> None:
        await self._http.close()
