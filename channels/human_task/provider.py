"""The channel of tasks: capabilities and receipts; the service writes the task itself."""

from __future__ import annotations

import json
from datetime import datetime

from channels.contract import Post, Told
from channels.errors import ReceiptError
from channels.human_task.settings import HumanTaskSettings, capabilities
from channels.receipts import Entry, instant_of, read_receipts, reference_of, text_of
from channels.written import WrittenChannel
from reminders.domain.outcome import Receipt, ReceiptStatus


class HumanTaskChannel(WrittenChannel):
    """See `channels.contract.Channel`."""

    def __init__(self, settings: HumanTaskSettings) -> None:
        self.name = settings.name
        self.capabilities = capabilities(settings)
        super().__init__(settings.receipts_secret)

    def hear(self, post: Post) -> Told:
        return Told(read_receipts(post.body, _to_receipt))


def done_body(reference: str, at: datetime) -> bytes:
    """What the queue says when a person has done the task of this attempt."""
    return json.dumps([{"reference": reference, "status": "acted", "at": at.isoformat()}]).encode()


def _to_receipt(entry: Entry) -> Receipt:
    if text_of(entry, "status") != "acted":
        raise ReceiptError("status is not acted")
    return Receipt(attempt_id=reference_of(entry), status=ReceiptStatus.ACTED, at=instant_of(entry))
