"""The Tencent channel: signed calls of approved templates, a status for each number, receipts
that quote Tencent's own id."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from channels.calling import call
from channels.contract import Answer, Post, Told
from channels.receipts import read_told
from channels.sms.approved import Prepared, start_by
from channels.sms.approved_account import ApprovedChannel
from channels.sms.tencent.answers import outcomes_of
from channels.sms.tencent.payload import body_of, calls_of, headers_of
from channels.sms.tencent.receipts import read_entry
from channels.sms.tencent.settings import MOST_IN_BATCH, TencentSettings, capabilities
from channels.transport import Reply, Transport
from reminders.domain.outcome import Outcome

_ANSWER = Answer(b'{"result":0,"errmsg":"OK"}')


class TencentChannel(ApprovedChannel):
    """See `channels.contract.BatchChannel`."""

    def __init__(self, settings: TencentSettings, transport: Transport | None = None) -> None:
        """Raises `ChannelSettingsError` where the settings cannot work."""
        super().__init__(settings, capabilities(settings), MOST_IN_BATCH, transport)
        self._settings = settings
        self._url = f"{settings.base_url.rstrip('/')}/"

    def _calls_of(self, prepared: Sequence[Prepared], most: int) -> Sequence[Sequence[Prepared]]:
        return calls_of(prepared, most)

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

    def answer(self) -> Answer:
        return _ANSWER
