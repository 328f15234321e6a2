"""The Twilio channel: one form per message, callbacks that name the attempt in their address."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from urllib.parse import quote, urlsplit

from channels.calling import call
from channels.contract import Answer, Message, Post, Told
from channels.errors import ChannelSettingsError
from channels.sms.address import refused
from channels.sms.twilio.answers import outcome_of
from channels.sms.twilio.payload import body
from channels.sms.twilio.receipts import hear
from channels.sms.twilio.settings import TwilioSettings, capabilities
from channels.sms.twilio.signature import is_signed
from channels.transport import AiohttpTransport, Reply, Transport
from reminders.domain.outcome import Outcome

# Empty TwiML: taken, and no answer to the customer from Twilio itself.
_ANSWER = Answer(b'<?xml version="1.0" encoding="UTF-8"?><Response/>', "text/xml")


class TwilioChannel:
    """See `channels.contract.Channel`."""

    def __init__(self, settings: TwilioSettings, transport: Transport | None = None) -> None:
        """Raises `ChannelSettingsError` where the settings cannot work."""
        if bool(settings.sender) is bool(settings.messaging_service_sid):
            raise ChannelSettingsError(
                f"{settings.name}: want either sender or messaging_service_sid"
            )
        if urlsplit(settings.receipts_url).scheme not in ("http", "https"):
            raise ChannelSettingsError(f"{settings.name}: receipts_url is not an http(s) address")
        self.name = settings.name
        self.capabilities = capabilities(settings)
        self._settings = settings
        account = quote(settings.account_sid, safe="")
        self._url = f"{settings.base_url.rstrip('/')}/2010-04-01/Accounts/{account}/Messages.json"
        login = f"{settings.account_sid}:{settings.auth_token}".encode()
        self._headers = {
            "Authorization": f"Basic {base64.b64encode(login).decode('ascii')}",
            "Content-Type": "application/x-www-form-urlencoded",
            "Accept": "application/json",
        }
        self._http = transport or AiohttpTransport(settings.concurrency, settings.timeout)

    async def send(self, message: Message) -> Outcome:
        unfit = refused(message.address)
        if unfit is not None:
            return unfit
        form = body(message, self._settings)
        got = await call(self._http, "POST", self._url, self._headers, form, message.start_by)
        return outcome_of(got, datetime.now(UTC)) if isinstance(got, Reply) else got

    async def ask(self, idempotency_key: str) -> Outcome | None:
        """Messages are found by Twilio's own id alone."""
        return None

    def hear(self, post: Post) -> Told:
        return hear(post)

    def verify(self, post: Post) -> bool:
        return is_signed(self._settings.auth_token, self._settings.receipts_url, post)

    def answer(self) -> Answer:
        return _ANSWER

    async def close(self) -> None:
        await self._http.close()
