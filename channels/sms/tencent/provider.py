"""The Tencent channel: signed calls of approved templates, a status for each number, receipts
that quote Tencent's own id."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime

from channels.called import has_key
from channels.calling import call
from channels.contract import Answer, Message, Post, Told
from channels.errors import ChannelSettingsError
from channels.receipts import read_told
from channels.sms.approved import Prepared, Templates, start_by
from channels.sms.tencent.answers import outcomes_of
from channels.sms.tencent.payload import body_of, calls_of, headers_of
from channels.sms.tencent.receipts import read_entry
from channels.sms.tencent.settings import MOST_IN_BATCH, TencentSettings, capabilities
from channels.transport import AiohttpTransport, Reply, Transport
from reminders.domain.outcome import Outcome

_ANSWER = Answer(b'{"result":0,"errmsg":"OK"}')


class TencentChannel:
    """See `channels.contract.BatchChannel`."""

    def __init__(self, settings: TencentSettings, transport: Transport | None = None) -> None:
        """Raises `ChannelSettingsError` where the settings cannot work."""
        if not settings.templates:
            raise ChannelSettingsError(f"{settings.name}: templates is empty: nothing can be sent")
        if not 1 <= settings.batch <= MOST_IN_BATCH:
            raise ChannelSettingsError(f"{settings.name}: batch is from 1 to {MOST_IN_BATCH}")
        self.name = settings.name
        self.capabilities = capabilities(settings)
        self._settings = settings
        self._url = f"{settings.base_url.rstrip('/')}/"
        self._templates = Templates(
            settings.templates, settings.template_params, settings.params_of_template
        )
        self._http = transport or AiohttpTransport(settings.concurrency, settings.timeout)

    async def send(self, message: Message) -> Outcome:
        return (await self.send_many([message]))[0]

    async def send_many(self, messages: Sequence[Message]) -> Sequence[Outcome]:
        prepared, outcomes = self._templates.prepare(messages)
        calls = calls_of(prepared, self._settings.batch)
        for each in await asyncio.gather(*(self._call(one) for one in calls)):
            outcomes.update(each)
        return [outcomes[place] for place in range(len(messages))]

    async def _call(self, messages: Sequence[Prepared]) -> dict[int, Outcome]:
        body = body_of(messages, self._settings)
        headers = headers_of(body, self._settings)
        got = await call(self._http, "POST", self._url, headers, body, start_by(messages))
        if not isinstance(got, Reply):
            return {each.place: got for each in messages}
        numbers = [each.message.address for each in messages]
        outcomes = outcomes_of(got, numbers, datetime.now(UTC))
        return {each.place: outcome for each, outcome in zip(messages, outcomes, strict=True)}

    async def ask(self, idempotency_key: str) -> Outcome | None:
        """PullSmsSendStatusByPhoneNumber wants the number, and knows nothing of our id."""
        return None

    def hear(self, post: Post) -> Told:
        return read_told(post.body, read_entry)

    def verify(self, post: Post) -> bool:
        return has_key(post.url, self._settings.receipts_secret)

    def answer(self) -> Answer:
        return _ANSWER

    async def close(self) -> None:
        await self._http.close()
