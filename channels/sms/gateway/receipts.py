"""What the SMS gateway posts, one entry or an array: receipts, `{"reference", "id", "status", "at",
"error"}`, and what customers write, `{"id", "from", "text", "at"}`."""

from __future__ import annotations

from channels.errors import ReceiptError
from channels.receipts import Entry, instant_of, reference_of, text_of
from channels.sms.gateway.errors import CODE, RECEIPT_ERRORS, Refusal, refusal
from reminders.domain.outcome import Inbound, Receipt, ReceiptStatus

_R = ReceiptStatus
_LONGEST_TEXT = 4000

# The message states of SMPP 3.4 §5.2.28, in the short forms of its appendix B.
STATUSES: dict[str, ReceiptStatus] = {
    "ENROUTE": _R.ACCEPTED,
    "ACCEPTD": _R.ACCEPTED,
    "UNKNOWN": _R.ACCEPTED,
    "DELIVRD": _R.DELIVERED,
    "UNDELIV": _R.UNDELIVERED,
    "REJECTD": _R.UNDELIVERED,
    "EXPIRED": _R.UNDELIVERED,
    "DELETED": _R.UNDELIVERED,
}


def read_entry(entry: Entry) -> Receipt | Inbound:
    """One entry of either. Raises `ReceiptError`. A receipt may repeat our text."""
    return to_receipt(entry) if "status" in entry or "text" not in entry else _inbound(entry)


def _inbound(entry: Entry) -> Inbound:
    sender, ref = text_of(entry, "from"), text_of(entry, "id")
    if not sender or not ref:
        raise ReceiptError("a message without from or id")
    return Inbound(sender, text_of(entry, "text", _LONGEST_TEXT), instant_of(entry), ref)


def to_receipt(entry: Entry) -> Receipt:
    status = STATUSES.get(text_of(entry, "status"))
    if status is None:
        raise ReceiptError("status is not one of " + ", ".join(STATUSES))
    gone = undelivered_reason(text_of(entry, "status"), text_of(entry, "error"))
    return Receipt(
        attempt_id=reference_of(entry),
        status=status,
        at=instant_of(entry),
        provider_ref=text_of(entry, "id"),
        reason=gone.reason if gone else "",
        dead_contact=gone.dead_contact if gone else False,
    )


def undelivered_reason(status: str, error: str) -> Refusal | None:
    """Why a message did not arrive; None if its status does not say so."""
    if STATUSES.get(status) is not _R.UNDELIVERED:
        return None
    code = error if CODE.fullmatch(error) else status.lower()
    return refusal(code, RECEIPT_ERRORS)
