"""One push to one APNs token."""

from __future__ import annotations

from datetime import UTC, datetime

from channels.calling import call
from channels.contract import Message
from channels.errors import ChannelSettingsError
from channels.http2 import Http2Transport
from channels.push.apns.answers import outcome_of, reason_of
from channels.push.apns.errors import EXPIRED_TOKEN
from channels.push.apns.payload import MOST_BYTES, body, headers
from channels.push.apns.provider_token import ProviderToken, read_key
from channels.push.settings import PushSettings
from channels.transport import Reply, Transport
from reminders.domain.outcome import Outcome, Permanent


class ApnsSender:
    """Raises `ChannelSettingsError` if the account is not whole."""

    def __init__(
        self,
        settings: PushSettings,
        transport: Transport | None = None,
        token: ProviderToken | None = None,
    ) -> None:
        for name in ("apns_key_id", "apns_team_id", "apns_topic"):
            if not getattr(settings, name):
                raise ChannelSettingsError(f"{name} is missing: apns_key is of no use without it")
        self._base = settings.apns_base_url.rstrip("/")
        self._topic = settings.apns_topic
        self._http = transport or Http2Transport(self._base, settings.timeout)
        self._token = token or ProviderToken(
            read_key(settings.apns_key), settings.apns_key_id, settings.apns_team_id
        )

    async def send(self, token: str, message: Message) -> Outcome:
        now = datetime.now(UTC)
        sent = body(message)
        if len(sent) > MOST_BYTES:
            return Permanent("too_long")
        bearer = self._token.get()
        reply = await self._post(bearer, token, message, sent, now)
        if _expired(reply) and self._token.renewed(bearer):
            reply = await self._post(self._token.get(), token, message, sent, now)
        if not isinstance(reply, Reply):
            return reply
        return outcome_of(reply, message.idempotency_key, now)

    async def _post(
        self, bearer: str, token: str, message: Message, sent: bytes, now: datetime
    ) -> Reply | Outcome:
        given = {"authorization": f"bearer {bearer}", **headers(message, self._topic, now)}
        url = f"{self._base}/3/device/{token}"
        return await call(self._http, "POST", url, given, sent, message.start_by)

    async def close(self) -> None:
        await self._http.close()


def _expired(reply: Reply | Outcome) -> bool:
    return isinstance(reply, Reply) and reply.status == 403 and reason_of(reply) == EXPIRED_TOKEN
