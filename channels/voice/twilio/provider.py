"""The voice channel: one form per call; how it ended and a pressed key come as callbacks."""

from __future__ import annotations

import base64
import time
from datetime import UTC, datetime, timedelta
from urllib.parse import quote, urlsplit

from channels.calling import call
from channels.contract import Answer, Message, Post, Told
from channels.errors import ChannelSettingsError
from channels.numbers import is_number
from channels.sms.twilio.signature import is_signed
from channels.transport import AiohttpTransport, Reply, Transport
from channels.voice.twilio.answers import outcome_of
from channels.voice.twilio.payload import body, document
from channels.voice.twilio.receipts import hear
from channels.voice.twilio.settings import MAX_TWIML, TwilioVoiceSettings, capabilities
from channels.voice.twilio.twiml import thanks_document, words_for
from reminders.domain.outcome import Accepted, Outcome, Permanent, Transient, Uncertain


class TwilioVoiceChannel:
    """See `channels.contract.Channel`."""

    def __init__(self, settings: TwilioVoiceSettings, transport: Transport | None = None) -> None:
        """Raises `ChannelSettingsError` where the settings cannot work."""
        if not is_number(settings.caller):
            raise ChannelSettingsError(f"{settings.name}: caller is not a number with a plus")
        if urlsplit(settings.receipts_url).scheme not in ("http", "https"):
            raise ChannelSettingsError(f"{settings.name}: receipts_url is not an http(s) address")
        self.name = settings.name
        self.capabilities = capabilities(settings)
        self._settings = settings
        self._answer = Answer(
            thanks_document(words_for(settings.language, settings.language)), "text/xml"
        )
        account = quote(settings.account_sid, safe="")
        self._url = f"{settings.base_url.rstrip('/')}/2010-04-01/Accounts/{account}/Calls.json"
        login = f"{settings.account_sid}:{settings.auth_token}".encode()
        self._headers = {
            "Authorization": f"Basic {base64.b64encode(login).decode('ascii')}",
            "Content-Type": "application/x-www-form-urlencoded",
            "Accept": "application/json",
        }
        self._http = transport or AiohttpTransport(settings.concurrency, settings.timeout)
        self._called: dict[str, float] = {}  # number → monotonic instant until which it may ring

    async def send(self, message: Message) -> Outcome:
        if not is_number(message.address):
            return Permanent("invalid_number", dead_contact=True)
        twiml = document(message, self._settings)
        if len(twiml) > MAX_TWIML:
            return Permanent("too_long")
        left_s = self._rings_for(message.address)
        if left_s > 0:
            return Transient("number_busy_with_us", timedelta(seconds=left_s))
        self._hold(message.address, self._settings.timeout)
        form = body(message, self._settings, twiml)
        got = await call(self._http, "POST", self._url, self._headers, form, message.start_by)
        outcome = outcome_of(got, datetime.now(UTC)) if isinstance(got, Reply) else got
        rings = isinstance(outcome, Accepted | Uncertain)
        self._hold(message.address, self._settings.call_gap if rings else timedelta(0))
        return outcome

    def _rings_for(self, number: str) -> float:
        """Seconds for which a call of ours to this number may still be under way."""
        return self._called.get(number, 0.0) - time.monotonic()

    def _hold(self, number: str, how_long: timedelta) -> None:
        now = time.monotonic()
        self._called = {each: until for each, until in self._called.items() if until > now}
        self._called[number] = now + how_long.total_seconds()

    async def ask(self, idempotency_key: str) -> Outcome | None:
        """Calls are found by Twilio's own id alone."""
        return None

    def hear(self, post: Post) -> Told:
        return hear(post, self._settings)

    def verify(self, post: Post) -> bool:
        return is_signed(self._settings.auth_token, self._settings.receipts_url, post)

    def answer(self) -> Answer:
        """TwiML for every post: what follows a key is said from here."""
        return self._answer

    async def close(self) -> None:
        await self._http.close()
