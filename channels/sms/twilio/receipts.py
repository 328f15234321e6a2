"""What Twilio posts: a status callback of one message, or a message that a customer wrote.

Both are forms, and neither says when: `RawDlrDoneDate` is in a zone that differs by carrier
(Twilio's changelog, 2023-02-14). So they are `UNDATED`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from channels.called import field_of
from channels.contract import Post, Told
from channels.errors import ReceiptError
from channels.receipts import UNDATED, reference_of, text_of
from channels.sms.twilio.errors import fault
from channels.sms.twilio.signature import form
from reminders.domain.outcome import Inbound, Receipt, ReceiptStatus

_R = ReceiptStatus
_CODE = re.compile(r"[1-9][0-9]{3,5}")
_LONGEST_TEXT = 4000
# twilio.com/docs/messaging/tutorials/advanced-opt-out: `OptOutType` is what Twilio took the message
# for, by words of the account's own, and has acted on by itself.
_ACTED_ON = frozenset(("STOP", "START", "HELP"))

# twilio.com/docs/messaging/api/message-resource, "Message status values".
STATUSES: dict[str, ReceiptStatus] = {
    "accepted": _R.ACCEPTED,
    "scheduled": _R.ACCEPTED,
    "queued": _R.ACCEPTED,
    "sending": _R.ACCEPTED,
    "sent": _R.ACCEPTED,
    "delivered": _R.DELIVERED,
    "partially_delivered": _R.DELIVERED,
    "read": _R.READ,
    "undelivered": _R.UNDELIVERED,
    "failed": _R.UNDELIVERED,
    "canceled": _R.UNDELIVERED,
}
_ARRIVED = frozenset(("received", "receiving"))


def hear(post: Post) -> Told:
    """Raises `ReceiptError` where the form is neither."""
    fields = dict(form(post.body))
    if _status(fields).lower() in _ARRIVED:
        return Told(inbound=(_inbound(fields),))
    return Told(receipts=(_receipt(fields, post.url),))


def _status(fields: Mapping[str, str]) -> str:
    return text_of(fields, "MessageStatus") or text_of(fields, "SmsStatus")


def _receipt(fields: Mapping[str, str], url: str) -> Receipt:
    status = STATUSES.get(_status(fields).lower())
    if status is None:
        raise ReceiptError("MessageStatus is not one of " + ", ".join(STATUSES))
    attempt_id, ref = _attempt(url), text_of(fields, "MessageSid") or text_of(fields, "SmsSid")
    if not attempt_id and not ref:
        raise ReceiptError("neither an attempt nor a MessageSid")
    gone = fault(_code(fields)) if status is _R.UNDELIVERED else None
    return Receipt(
        attempt_id=attempt_id,
        status=status,
        at=UNDATED,
        provider_ref=ref,
        reason=gone.reason if gone else "",
        dead_contact=gone.dead_contact if gone else False,
    )


def _attempt(url: str) -> str:
    """The attempt that the callback's own address names; "" for a message that others sent."""
    named = field_of(url, "attempt")
    return reference_of({"reference": named}) if named else ""


def _code(fields: Mapping[str, str]) -> int:
    code = text_of(fields, "ErrorCode")
    return int(code) if _CODE.fullmatch(code) else 0


def _inbound(fields: Mapping[str, str]) -> Inbound:
    sender = text_of(fields, "From")
    ref = text_of(fields, "MessageSid") or text_of(fields, "SmsSid")
    if not sender or not ref:
        raise ReceiptError("a message without From or MessageSid")
    acted_on, text = text_of(fields, "OptOutType"), text_of(fields, "Body", _LONGEST_TEXT)
    return Inbound(sender, acted_on if acted_on in _ACTED_ON else text, UNDATED, ref)
