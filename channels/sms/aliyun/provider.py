"""The Aliyun channel: signed calls of approved templates, ten messages a call, array callbacks."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime

from channels.called import has_key
from channels.calling import call
from channels.contract import Answer, Message, Post, Told
from channels.errors import ChannelSettingsError
from channels.receipts import read_told
from channels.sms.aliyun.answers import read_answer, refused
from channels.sms.aliyun.payload import calls_of, request_of
from channels.sms.aliyun.receipts import read_entry
from channels.sms.aliyun.settings import MOST_IN_BATCH, AliyunSettings, capabilities
from channels.sms.approved import Prepared, Templates, start_by
from channels.sms.faults import Fault
from channels.transport import AiohttpTransport, Reply, Transport
from reminders.domain.outcome import Outcome

_ANSWER = Answer('{"code":0,"msg":"接收成功"}'.encode())


class AliyunChannel:
    """See `channels.contract.BatchChannel`."""

    def __init__(self, settings: AliyunSettings, transport: Transport | None = None) -> None:
        """Raises `ChannelSettingsError` where the settings cannot work."""
        if not settings.templates:
            raise ChannelSettingsError(f"{settings.name}: templates is empty: nothing can be sent")
        if not 1 <= settings.batch <= MOST_IN_BATCH:
            raise ChannelSettingsError(f"{settings.name}: batch is from 1 to {MOST_IN_BATCH}")
        self.name = settings.name
        self.capabilities = capabilities(settings)
        self._settings = settings
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
        url, headers = request_of(messages, self._settings)
        got = await call(self._http, "POST", url, headers, None, start_by(messages))
        if not isinstance(got, Reply):
            return self._all(messages, got)
        found = read_answer(got)
        if not isinstance(found, Fault):
            return self._all(messages, found)
        if found.about_number and len(messages) > 1:
            return await self._one_by_one(messages)
        return self._all(messages, refused(found, got, datetime.now(UTC)))

    @staticmethod
    def _all(messages: Sequence[Prepared], outcome: Outcome) -> dict[int, Outcome]:
        return {each.place: outcome for each in messages}

    async def _one_by_one(self, messages: Sequence[Prepared]) -> dict[int, Outcome]:
        """A batch is refused as a whole for one bad number, and does not say which."""
        outcomes: dict[int, Outcome] = {}
        for each in await asyncio.gather(*(self._call([one]) for one in messages)):
            outcomes.update(each)
        return outcomes

    async def ask(self, idempotency_key: str) -> Outcome | None:
        """QuerySendDetails wants the number and the day, not an OutId."""
        return None

    def hear(self, post: Post) -> Told:
        return read_told(post.body, read_entry)

    def verify(self, post: Post) -> bool:
        return has_key(post.url, self._settings.receipts_secret)

    def answer(self) -> Answer:
        return _ANSWER

    async def close(self) -> None:
        await self._http.close()
