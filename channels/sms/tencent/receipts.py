"""What Tencent posts: an array of receipts that quote its `sid` alone, or one message that a
customer wrote. Sources: tencentcloud.com/document/product/382/43547 and 43548.
"""

from __future__ import annotations

from datetime import UTC, datetime
from hashlib import blake2b

from channels.errors import ReceiptError
from channels.receipts import Entry, text_of
from channels.sms.mainland import beijing_time, e164
from channels.sms.tencent.errors import receipt_fault
from reminders.domain.outcome import Inbound, Receipt, ReceiptStatus

_LONGEST_TEXT = 4000
STATUSES: dict[str, ReceiptStatus] = {
    "SUCCESS": ReceiptStatus.DELIVERED,
    "FAIL": ReceiptStatus.UNDELIVERED,
}


def read_entry(entry: Entry) -> Receipt | Inbound:
    """One entry of either. Raises `ReceiptError`."""
    return _inbound(entry) if "text" in entry else _receipt(entry)


def _receipt(entry: Entry) -> Receipt:
    status = STATUSES.get(text_of(entry, "report_status"))
    if status is None:
        raise ReceiptError("report_status is not one of " + ", ".join(STATUSES))
    ref = text_of(entry, "sid")
    if not ref:
        raise ReceiptError("no sid")
    gone = receipt_fault(text_of(entry, "errmsg")) if status is ReceiptStatus.UNDELIVERED else None
    return Receipt(
        attempt_id="",
        status=status,
        at=beijing_time(entry, "user_receive_time"),
        provider_ref=ref,
        reason=gone.reason if gone else "",
        dead_contact=gone.dead_contact if gone else False,
    )


def _inbound(entry: Entry) -> Inbound:
    """It has no id: a second copy is known by number, second and words."""
    sender = e164(text_of(entry, "mobile"), text_of(entry, "nationcode"))
    text, second = text_of(entry, "text", _LONGEST_TEXT), text_of(entry, "time")
    try:
        at = datetime.fromtimestamp(int(second), UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise ReceiptError("time is not a unix second") from error
    said = "\0".join((sender, second, text)).encode()
    return Inbound(sender, text, at, blake2b(said, digest_size=16).hexdigest())
