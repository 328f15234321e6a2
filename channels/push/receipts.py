"""What the lender's app says of a push: `{"reference", "status", "at"}`, one or an array."""

from __future__ import annotations

from channels.errors import ReceiptError
from channels.receipts import Entry, instant_of, reference_of, text_of
from reminders.domain.outcome import Receipt, ReceiptStatus

STATUSES: dict[str, ReceiptStatus] = {
    "delivered": ReceiptStatus.DELIVERED,  # it was shown
    "read": ReceiptStatus.READ,  # it was opened
    "acted": ReceiptStatus.ACTED,  # its link was followed
}


def to_receipt(entry: Entry) -> Receipt:
    status = STATUSES.get(text_of(entry, "status"))
    if status is None:
        raise ReceiptError("status is not one of " + ", ".join(STATUSES))
    return Receipt(attempt_id=reference_of(entry), status=status, at=instant_of(entry))
