"""The in-app channel: capabilities and receipts; the service writes the message itself."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime

from channels.contract import Post, Told
from channels.errors import ReceiptError
from channels.in_app.settings import InAppSettings, capabilities
from channels.receipts import Entry, instant_of, read_receipts, reference_of, text_of
from channels.written import WrittenChannel
from reminders.domain.outcome import Receipt, ReceiptStatus

_CLICK = "click"


class InAppChannel(WrittenChannel):
    """See `channels.contract.Channel`."""

    def __init__(self, settings: InAppSettings) -> None:
        self.name = settings.name
        self.capabilities = capabilities(settings)
        super().__init__(settings.receipts_secret)

    def hear(self, post: Post) -> Told:
        return Told(read_receipts(post.body, _to_receipt))


def read_receipts_body(references: Sequence[str], at: datetime) -> bytes:
    """What the inbox puts on the stream when a customer has read these messages."""
    return json.dumps(
        [{"reference": ref, "status": "read", "at": at.isoformat()} for ref in references]
    ).encode()


def click_receipt_body(reference: str, at: datetime) -> bytes:
    """What the pay link of a message, by whichever channel it went, puts on the stream."""
    acted = {"reference": reference, "status": "acted", "reason": _CLICK, "at": at.isoformat()}
    return json.dumps(acted).encode()


def _to_receipt(entry: Entry) -> Receipt:
    status, reason = text_of(entry, "status"), ""
    if status == ReceiptStatus.ACTED:
        reason = text_of(entry, "reason")
        if reason != _CLICK:
            raise ReceiptError("the reason of acted is not click")
    elif status != ReceiptStatus.READ:
        raise ReceiptError("status is neither read nor acted")
    return Receipt(
        attempt_id=reference_of(entry),
        status=ReceiptStatus(status),
        at=instant_of(entry),
        reason=reason,
    )
