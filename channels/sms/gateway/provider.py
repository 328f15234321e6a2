"""The SMS channel: one POST per message, receipts by callback, and a way to ask."""

from __future__ import annotations

from datetime import UTC, datetime

from channels.contract import Answer, Message, Post, Told
from channels.errors import AnswerLost, NothingTaken, TooLate
from channels.receipts import read_told
from channels.signature import verify
from channels.sms.address import refused
from channels.sms.gateway.answers import became_of, outcome_of
from channels.sms.gateway.payload import body
from channels.sms.gateway.receipts import read_entry
from channels.sms.gateway.settings import SmsSettings, capabilities
from channels.transport import AiohttpTransport, Transport
from reminders.domain.outcome import Outcome, Transient, Uncertain, Unsent


class SmsChannel:
    """See `channels.contract.Channel`."""

    def __init__(self, settings: SmsSettings, transport: Transport | None = None) -> None:
        self.name = settings.name
        self.capabilities = capabilities(settings)
        self._url = f"{settings.base_url.rstrip('/')}/sms/v1/messages"
        self._secret = settings.receipts_secret
        self._headers = {
            "Authorization": f"Bearer {settings.token}",
            "Content-Type": "application/json",
        }
        self._http = transport or AiohttpTransport(settings.concurrency, settings.timeout)

    async def send(self, message: Message) -> Outcome:
        unfit = refused(message.address)
        if unfit is not None:
            return unfit
        headers = {**self._headers, "Idempotency-Key": message.idempotency_key}
        try:
            reply = await self._http.request(
                "POST", self._url, headers, body(message), message.start_by
            )
        except NothingTaken as error:
            return Transient(str(error))
        except TooLate as error:
            return Unsent(str(error))
        except AnswerLost as error:
            return Uncertain(f"no answer: {error}")
        return outcome_of(reply, datetime.now(UTC))

    async def ask(self, idempotency_key: str) -> Outcome | None:
        try:
            reply = await self._http.request("GET", f"{self._url}/{idempotency_key}", self._headers)
        except (NothingTaken, TooLate, AnswerLost):
            return None
        return became_of(reply)

    def hear(self, post: Post) -> Told:
        return read_told(post.body, read_entry)

    def verify(self, post: Post) -> bool:
        return verify(self._secret, post.body, post.headers)

    def answer(self) -> Answer:
        return Answer()

    async def close(self) -> None:
        await self._http.close()
