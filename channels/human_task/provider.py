"""The channel of tasks: capabilities and receipts; the service writes the task itself."""

from __future__ import annotations

import json
from datetime import datetime

from channels.contract import Answer, Message, Post, Told
from channels.errors import ReceiptError
from channels.human_task.settings import HumanTaskSettings, capabilities
from channels.receipts import Entry, instant_of, read_receipts, reference_of, text_of
from channels.signature import verify
from reminders.domain.outcome import Accepted, Outcome, Receipt, ReceiptStatus


class HumanTaskChannel:
    """See `channels.contract.Channel`."""

    def __init__(self, settings: HumanTaskSettings) -> None:
        self.name = settings.name
        self.capabilities = capabilities(settings)
        self._secret = settings.receipts_secret

    async def send(self, message: Message) -> Outcome:
        """Nothing is left to do: the task was written in the transaction of its gate."""
        return Accepted(message.idempotency_key)

    async def ask(self, idempotency_key: str) -> Outcome | None:
        """What the gate committed is in the queue."""
        return Accepted(idempotency_key)

    def hear(self, post: Post) -> Told:
        return Told(read_receipts(post.body, _to_receipt))

    def verify(self, post: Post) -> bool:
        return verify(self._secret, post.body, post.headers)

    def answer(self) -> Answer:
        return Answer()

    async def close(self) -> None:
        return None


def done_body(reference: str, at: datetime) -> bytes:
    """What the queue says when a person has done the task of this attempt."""
    return json.dumps([{"reference": reference, "status": "acted", "at": at.isoformat()}]).encode()


def _to_receipt(entry: Entry) -> Receipt:
    if text_of(entry, "status") != "acted":
        raise ReceiptError("status is not acted")
    return Receipt(attempt_id=reference_of(entry), status=ReceiptStatus.ACTED, at=instant_of(entry))
