"""The WeChat channel: one POST per message under an access token that all workers share."""

from __future__ import annotations

import json
import logging
import time
from datetime import UTC, datetime
from urllib.parse import quote

from channels.access_token import AccessToken, NotGranted
from channels.called import field_of
from channels.calling import call
from channels.contract import Answer, Message, Post, Told
from channels.errors import ReceiptError
from channels.provider_templates import Unfit
from channels.transport import AiohttpTransport, Reply, Transport
from channels.wechat.answers import outcome_of, refuses_token
from channels.wechat.payload import body, is_openid
from channels.wechat.receipts import read
from channels.wechat.sealing import Seal, sealed_text
from channels.wechat.settings import WechatSettings, capabilities
from channels.wechat.signature import verify
from reminders.domain.outcome import Outcome, Permanent, Transient, Unsent

_log = logging.getLogger(__name__)
_JSON = {"Content-Type": "application/json"}


class WechatChannel:
    """See `channels.contract.Channel`. Raises `ChannelSettingsError` for a wrong AES key."""

    def __init__(self, settings: WechatSettings, transport: Transport | None = None) -> None:
        self.name = settings.name
        self.capabilities = capabilities(settings)
        self._settings = settings
        key = settings.encoding_aes_key
        self._seal = Seal(key, settings.app_id) if key else None
        base = settings.base_url.rstrip("/")
        self._url = f"{base}/cgi-bin/message/template/send?access_token="
        self._token_url = f"{base}/cgi-bin/stable_token"
        self._http = transport or AiohttpTransport(settings.concurrency, settings.timeout)
        self._token = AccessToken(self._ask_token)

    async def send(self, message: Message) -> Outcome:
        if not is_openid(message.address):
            return Permanent("invalid_openid", dead_contact=True)
        try:
            sent = body(message, self._settings)
        except Unfit as error:
            _log.error("wechat: %s for %s in %s", error, message.kind, message.language)
            return Permanent(str(error))
        if message.start_by is not None and message.start_by <= time.monotonic():
            return Unsent("its time to begin had passed")
        try:
            reply = await self._post(sent, message.start_by)
            if isinstance(reply, Reply) and refuses_token(reply):
                reply = await self._post(sent, message.start_by)
        except NotGranted as error:
            return Transient(str(error))
        return outcome_of(reply, datetime.now(UTC)) if isinstance(reply, Reply) else reply

    async def _post(self, sent: bytes, start_by: float | None) -> Reply | Outcome:
        token = await self._token.get()
        url = self._url + quote(token, safe="")
        reply = await call(self._http, "POST", url, _JSON, sent, start_by)
        if isinstance(reply, Reply) and refuses_token(reply):
            self._token.refused(token)
        return reply

    async def _ask_token(self) -> Reply | Outcome:
        """The stable token: every worker that asks gets the same one. The older endpoint's takes
        back the one before it, so that workers would throw each other out."""
        asked = {
            "grant_type": "client_credential",
            "appid": self._settings.app_id,
            "secret": self._settings.app_secret,
        }
        return await call(self._http, "POST", self._token_url, _JSON, json.dumps(asked).encode())

    async def ask(self, idempotency_key: str) -> Outcome | None:
        """WeChat cannot be asked about a message."""
        return None

    def hear(self, post: Post) -> Told:
        return read(self._seal.open(post.body) if self._seal else post.body)

    def verify(self, post: Post) -> bool:
        try:
            sealed = sealed_text(post.body) if self._seal else ""
        except ReceiptError:
            return False
        return verify(self._settings.receipts_secret, post.url, sealed=sealed)

    def echo(self, url: str) -> Answer | None:
        """接入指南: the account's server settings are saved only if its `echostr` comes back. It is
        plain and signed as plain posts are, in either mode."""
        echoed = field_of(url, "echostr")
        if not echoed or not verify(self._settings.receipts_secret, url):
            return None
        return Answer(echoed.encode(), "text/plain")

    def answer(self) -> Answer:
        """Anything else is shown to the customer as a fault, and posted twice more."""
        return Answer(b"success", "text/plain")

    async def close(self) -> None:
        await self._token.close()
        await self._http.close()
