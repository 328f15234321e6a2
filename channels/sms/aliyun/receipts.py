"""What Aliyun posts, arrays all of them: SmsReport, the international report, and SmsUp (what
customers wrote). Sources: help.aliyun.com 101867, 101847; alibabacloud.com 409034.
"""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from channels.errors import ReceiptError
from channels.receipts import Entry, is_reference, text_of
from channels.sms.aliyun.errors import receipt_fault
from channels.sms.aliyun.out_id import is_packed, unpack
from channels.sms.mainland import beijing_time, e164
from reminders.domain.outcome import Inbound, Receipt, ReceiptStatus

_R = ReceiptStatus
_LONGEST_TEXT = 4000
_LONGEST_OUT_ID = 255
# 请求成功但未收到运营商回执: the carrier said nothing, so neither do we.
_NOTHING_HEARD = "REQUEST_SUCCESS"

# alibabacloud.com 409034: 1 sent, 2 failed, 6 expired.
GLOBAL_STATUSES: dict[str, ReceiptStatus] = {
    "1": _R.DELIVERED,
    "2": _R.UNDELIVERED,
    "6": _R.UNDELIVERED,
}


def read_entry(entry: Entry) -> Receipt | Inbound:
    """One entry of any of the three. Raises `ReceiptError`."""
    if "content" in entry:
        return _inbound(entry)
    return _global_receipt(entry) if "MessageId" in entry else _receipt(entry)


def _receipt(entry: Entry) -> Receipt:
    attempt_id, ref = _attempt(entry), text_of(entry, "biz_id")
    if not attempt_id and not ref:
        raise ReceiptError("neither out_id nor biz_id")
    status, code = _status(entry), text_of(entry, "err_code")
    gone = receipt_fault(code) if status is _R.UNDELIVERED else None
    return Receipt(
        attempt_id=attempt_id,
        status=status,
        at=beijing_time(entry, "report_time"),
        provider_ref=ref,
        reason=gone.reason if gone else "",
        dead_contact=gone.dead_contact if gone else False,
    )


def _attempt(entry: Entry) -> str:
    """Our attempt; "" where the message was sent by others through the same account."""
    out_id = text_of(entry, "out_id", _LONGEST_OUT_ID)
    if is_packed(out_id):
        out_id = unpack(out_id, e164(text_of(entry, "phone_number")))
    return out_id if is_reference(out_id) else ""


def _status(entry: Entry) -> ReceiptStatus:
    success = entry.get("success")
    if isinstance(success, str) and success.lower() in ("true", "false"):
        success = success.lower() == "true"
    if not isinstance(success, bool):
        raise ReceiptError("success is neither true nor false")
    if success:
        return _R.DELIVERED
    return _R.ACCEPTED if text_of(entry, "err_code") == _NOTHING_HEARD else _R.UNDELIVERED


def _global_receipt(entry: Entry) -> Receipt:
    status = GLOBAL_STATUSES.get(text_of(entry, "Status"))
    ref = text_of(entry, "MessageId")
    if status is None or not ref:
        raise ReceiptError("Status is not 1, 2 or 6, or no MessageId")
    expired = text_of(entry, "Status") == "6"
    gone = receipt_fault("EXPIRED" if expired else text_of(entry, "ErrorCode"))
    undelivered = status is _R.UNDELIVERED
    return Receipt(
        attempt_id="",
        status=status,
        at=_mail_date(text_of(entry, "ReceiveDate") or text_of(entry, "SendDate")),
        provider_ref=ref,
        reason=gone.reason if undelivered else "",
        dead_contact=gone.dead_contact if undelivered else False,
    )


def _mail_date(text: str) -> datetime:
    """RFC 2822 with its own zone."""
    try:
        at = parsedate_to_datetime(text)
        return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError) as error:
        raise ReceiptError("ReceiveDate is not a date") from error


def _inbound(entry: Entry) -> Inbound:
    ref = text_of(entry, "sequence_id")
    if not ref:
        raise ReceiptError("no sequence_id")
    return Inbound(
        sender=e164(text_of(entry, "phone_number")),
        text=text_of(entry, "content", _LONGEST_TEXT),
        at=beijing_time(entry, "send_time"),
        ref=ref,
    )
