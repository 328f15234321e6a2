"""The Aliyun channel: signed calls of approved templates, ten messages a call, array callbacks."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from channels.calling import call
from channels.contract import Answer, Post, Told
from channels.receipts import read_told
from channels.sms.aliyun.answers import read_answer, refused
from channels.sms.aliyun.payload import calls_of, request_of
from channels.sms.aliyun.receipts import read_entry
from channels.sms.aliyun.settings import MOST_IN_BATCH, AliyunSettings, capabilities
from channels.sms.approved import Prepared, start_by
from channels.sms.approved_account import ApprovedChannel
from channels.sms.faults import Fault
from channels.transport import Reply, Transport
from reminders.domain.outcome import Outcome

_ANSWER = Answer('{"code":0,"msg":"接收成功"}'.encode())


class AliyunChannel(ApprovedChannel):
    """See `channels.contract.BatchChannel`."""

    def __init__(self, settings: AliyunSettings, transport: Transport | None = None) -> None:
        """Raises `ChannelSettingsError` where the settings cannot work."""
        super().__init__(settings, capabilities(settings), MOST_IN_BATCH, transport)
        self._settings = settings

    def _calls_of(self, prepared: Sequence[Prepared], most: int) -> Sequence[Sequence[Prepared]]:
        return calls_of(prepared, most)

    async def _call(self, messages: Sequence[Prepared]) -> dict[int, Outcome]:
        url, headers = request_of(messages, self._settings)
        got = await call(self._http, "POST", url, headers, None, start_by(messages))
        if not isinstance(got, Reply):
            return {each.place: got for each in messages}
        found = read_answer(got)
        if isinstance(found, Fault) and found.about_number and len(messages) > 1:
            # A batch is refused as a whole for one bad number, and does not say which.
            return await self._each([[one] for one in messages])
        outcome = refused(found, got, datetime.now(UTC)) if isinstance(found, Fault) else found
        return {each.place: outcome for each in messages}

    async def ask(self, idempotency_key: str) -> Outcome | None:
        """QuerySendDetails wants the number and the day, not an OutId."""
        return None

    def hear(self, post: Post) -> Told:
        return read_told(post.body, read_entry)

    def answer(self) -> Answer:
        return _ANSWER
