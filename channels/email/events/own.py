"""Mail events by webhook: `{"reference", "status", "at", "code"}`."""

from __future__ import annotations

import re

from channels.contract import Told
from channels.email.codes import row_of
from channels.email.events.entries import TAKEN
from channels.errors import ReceiptError
from channels.receipts import Entry, instant_of, read_receipts, reference_of, text_of
from reminders.domain.outcome import Receipt, ReceiptStatus

_ENHANCED = re.compile(r"[45]\.\d{1,3}\.\d{1,3}")

# A complaint ("this is spam", RFC 5965) says that the mail arrived and that this address must get
# no more of them: delivered, and the contact is dead.
STATUSES: dict[str, ReceiptStatus] = {
    "delivered": TAKEN,
    "opened": ReceiptStatus.READ,
    "bounced": ReceiptStatus.UNDELIVERED,
    "complained": ReceiptStatus.DELIVERED,
}


def read(body: bytes) -> Told:
    """Every event of a post: one, or an array."""
    return Told(read_receipts(body, to_receipt))


def to_receipt(entry: Entry) -> Receipt:
    word = text_of(entry, "status")
    status = STATUSES.get(word)
    if status is None:
        raise ReceiptError("status is not one of " + ", ".join(STATUSES))
    reason, dead_contact = _why(word, text_of(entry, "code"))
    return Receipt(
        attempt_id=reference_of(entry),
        status=status,
        at=instant_of(entry),
        provider_ref=text_of(entry, "id"),
        reason=reason,
        dead_contact=dead_contact,
    )


def _why(word: str, code: str) -> tuple[str, bool]:
    if word == "complained":
        return "complaint", True
    if word != "bounced":
        return "", False
    if not _ENHANCED.fullmatch(code):
        return "bounced", False
    row = row_of(0, code)
    # A soft bounce (4.x.x: given up after its retries) never kills the address.
    return row.reason if row.reason != "smtp_0" else f"bounced {code}", (
        row.dead_contact and code.startswith("5")
    )
