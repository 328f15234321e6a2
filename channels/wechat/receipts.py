"""What WeChat's server tells ours: TEMPLATESENDJOBFINISH events, and what a follower writes."""

from __future__ import annotations

from datetime import UTC, datetime

from channels.contract import Told
from channels.errors import ReceiptError
from channels.receipts import Entry, text_of
from channels.wechat.xml import read_fields
from reminders.domain.outcome import Inbound, Receipt, ReceiptStatus

_FINISHED = "TEMPLATESENDJOBFINISH"
_LATEST_S = 253_402_300_799  # the last second of the year 9999
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
    return Receipt("", found[0], _at(fields), provider_ref=ref, reason=found[1])


def _inbound(fields: Entry, kind: str) -> Inbound:
    """A text as it stands; of a picture or a voice only that there was one."""
    sender = text_of(fields, "FromUserName", limit=64)
    if not sender:
        raise ReceiptError("FromUserName is missing")
    text = text_of(fields, "Content", _MOST_CHARS) if kind == "text" else f"[{kind[:20]}]"
    return Inbound(sender, text, _at(fields), ref=text_of(fields, "MsgId", limit=64))


def _at(fields: Entry) -> datetime:
    text = text_of(fields, "CreateTime", limit=12)
    if not (text.isascii() and text.isdigit()) or int(text) > _LATEST_S:
        raise ReceiptError("CreateTime is not a unix second")
    return datetime.fromtimestamp(int(text), UTC)
