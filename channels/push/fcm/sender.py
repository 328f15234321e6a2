"""One push to one FCM token."""

from __future__ import annotations

import time
from datetime import UTC, datetime

from channels.access_token import NotGranted
from channels.calling import call
from channels.contract import Message
from channels.push.fcm.answers import outcome_of, refuses_credentials
from channels.push.fcm.credentials import access_token, read_service_account
from channels.push.fcm.payload import MOST_BYTES, body
from channels.push.settings import PushSettings
from channels.transport import AiohttpTransport, Reply, Transport
from reminders.domain.outcome import Outcome, Permanent, Transient, Unsent


class FcmSender:
    """Raises `ChannelSettingsError` if the account cannot be read."""

    def __init__(self, settings: PushSettings, transport: Transport | None = None) -> None:
        account = read_service_account(settings.fcm_service_account)
        base = settings.fcm_base_url.rstrip("/")
        self._url = f"{base}/v1/projects/{account.project}/messages:send"
        self._http = transport or AiohttpTransport(settings.concurrency, settings.timeout)
        self._token = access_token(account, self._http)

    async def send(self, token: str, message: Message) -> Outcome:
        now = datetime.now(UTC)
        sent = body(message, token, now)
        if len(sent) > MOST_BYTES:
            return Permanent("too_long")
        if message.start_by is not None and message.start_by <= time.monotonic():
            return Unsent("its time to begin had passed")
        try:
            reply = await self._post(sent, message.start_by)
            if isinstance(reply, Reply) and refuses_credentials(reply):
                reply = await self._post(sent, message.start_by)
        except NotGranted as error:
            return Transient(str(error))
        return outcome_of(reply, now) if isinstance(reply, Reply) else reply

    async def _post(self, sent: bytes, start_by: float | None) -> Reply | Outcome:
        bearer = await self._token.get()
        headers = {"Authorization": f"Bearer {bearer}", "Content-Type": "application/json"}
        reply = await call(self._http, "POST", self._url, headers, sent, start_by)
        if isinstance(reply, Reply) and refuses_credentials(reply):
            self._token.refused(bearer)
        return reply

    async def close(self) -> None:
        await self._token.close()
        await self._http.close()
