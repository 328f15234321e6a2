"""What WeChat's server tells ours: TEMPLATESENDJOBFINISH events, and what a follower writes."""

from __future__ import annotations

from channels.contract import Told
from channels.errors import ReceiptError
from channels.receipts import Entry, text_of, unix_second_of
from channels.wechat.xml import read_fields
from reminders.domain.outcome import Inbound, Receipt, ReceiptStatus

_FINISHED = "TEMPLATESENDJOBFINISH"
_MOST_CHARS = 4_000

# developers.weixin.qq.com, "Template messages", event push; spaces vary between its pages.
STATUSES: dict[str, tuple[ReceiptStatus, str]] = {
    "success": (ReceiptStatus.DELIVERED, ""),
    "failed:userblock": (ReceiptStatus.UNDELIVERED, "blocked_by_customer"),
    "failed:systemfailed": (ReceiptStatus.UNDELIVERED, "system_failed"),
}


def read(body: bytes) -> Told:
    """What one post says; nothing for events of no account here. Raises `ReceiptError`."""
    fields = read_fields(body)
    kind = text_of(fields, "MsgType")
    if kind == "event":
        finished = text_of(fields, "Event").upper() == _FINISHED
        return Told(receipts=(_receipt(fields),)) if finished else Told()
    if not kind:
        raise ReceiptError("MsgType is missing")
    return Told(inbound=(_inbound(fields, kind),))


def _receipt(fields: Entry) -> Receipt:
    status = text_of(fields, "Status").replace(" ", "").lower()
    found = STATUSES.get(status)
    if found is None:
        raise ReceiptError("Status is not one of " + ", ".join(STATUSES))
    ref = text_of(fields, "MsgID", limit=64)
    if not ref:
        raise ReceiptError("MsgID is missing")
    return Receipt(
        "", found[0], unix_second_of(fields, "CreateTime"), provider_ref=ref, reason=found[1]
    )


def _inbound(fields: Entry, kind: str) -> Inbound:
    """A text as it stands; of a picture or a voice only that there was one."""
    sender = text_of(fields, "FromUserName", limit=64)
    if not sender:
        raise ReceiptError("FromUserName is missing")
    text = text_of(fields, "Content", _MOST_CHARS) if kind == "text" else f"[{kind[:20]}]"
    return Inbound(
        sender, text, unix_second_of(fields, "CreateTime"), ref=text_of(fields, "MsgId", limit=64)
    )
