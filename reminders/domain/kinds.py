"""What a message is about, and the class by which the law judges it (reference §3.1)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from typing import Final


class MessageKind(StrEnum):
    PRE_DUE = "pre_due"
    DUE_TODAY = "due_today"
    OVERDUE = "overdue"
    PAYMENT_RECEIVED = "payment_received"
    PROMISE_FOLLOWUP = "promise_followup"
    CONTACT_UPDATE_REQUEST = "contact_update_request"
    OPTOUT_DISCLOSURE = "optout_disclosure"
    BUREAU_PRE_NOTICE = "bureau_pre_notice"
    STATUTORY_ARREARS_NOTICE = "statutory_arrears_notice"
    LEGAL_NOTICE = "legal_notice"


class MessageClass(StrEnum):
    SERVICE_NOTICE = "service_notice"
    COLLECTION = "collection"
    MANDATED = "mandated"
    MARKETING = "marketing"


_CLASSES: Mapping[MessageKind, MessageClass] = {
    MessageKind.PRE_DUE: MessageClass.SERVICE_NOTICE,
    MessageKind.DUE_TODAY: MessageClass.SERVICE_NOTICE,
    MessageKind.OVERDUE: MessageClass.COLLECTION,
    MessageKind.PAYMENT_RECEIVED: MessageClass.SERVICE_NOTICE,
    MessageKind.PROMISE_FOLLOWUP: MessageClass.COLLECTION,
    MessageKind.CONTACT_UPDATE_REQUEST: MessageClass.SERVICE_NOTICE,
    MessageKind.OPTOUT_DISCLOSURE: MessageClass.SERVICE_NOTICE,
    MessageKind.BUREAU_PRE_NOTICE: MessageClass.MANDATED,
    MessageKind.STATUTORY_ARREARS_NOTICE: MessageClass.MANDATED,
    MessageKind.LEGAL_NOTICE: MessageClass.MANDATED,
}

# What may still be said of a bill that is settled: nothing that asks for money.
AFTER_SETTLEMENT = frozenset(
    {
        MessageKind.PAYMENT_RECEIVED,
        MessageKind.CONTACT_UPDATE_REQUEST,
        MessageKind.OPTOUT_DISCLOSURE,
    }
)
VOICE = frozenset({"voice"})


def class_of(kind: MessageKind, channel: str = "", *, overdue: bool = False) -> MessageClass:
    """The class of a message; a service notice by voice after the due date is collection."""
    found = _CLASSES[kind]
    if overdue and channel in VOICE and found is _SERVICE_NOTICE:
        return MessageClass.COLLECTION
    return found


# Read once: in CPython 3.11 the attribute of an enum costs more than the comparison with it.
_PRE_DUE: Final = MessageKind.PRE_DUE
_DUE_TODAY: Final = MessageKind.DUE_TODAY
_OVERDUE: Final = MessageKind.OVERDUE
_SERVICE_NOTICE: Final = MessageClass.SERVICE_NOTICE
DATED = frozenset({MessageKind.PRE_DUE, MessageKind.DUE_TODAY, MessageKind.OVERDUE})


def kind_on(kind: MessageKind, due_on: date, today: date) -> MessageKind:
    """The kind as it is on local day `today`: what waited overnight may have become due."""
    if kind not in DATED:
        return kind
    if today < due_on:
        return _PRE_DUE
    return _DUE_TODAY if today == due_on else _OVERDUE
