"""Plain words for what the ledger keeps: one short sentence per thing, never an address."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from reminders.domain.decision import Check, Reason
from reminders.domain.reminder import ReminderState
from reminders.messages.errors import TemplateError
from reminders.messages.facts import clean
from reminders.messages.money import exponent

_CHANNELS = {
    "sms": "SMS",
    "email": "e-mail",
    "in_app": "in-app message",
    "push": "push message",
    "voice": "phone call",
    "wechat": "WeChat",
    "whatsapp": "WhatsApp",
    "webhook": "webhook",
    "apprise": "Apprise",
    "human_task": "task for a person",
}
_REASONS: Mapping[str, str] = {
    Reason.SETTLED: "paid in full",
    Reason.BILL_CANCELLED: "the bill was cancelled",
    Reason.SUPERSEDED: "a newer statement contains its rest",
    Reason.REPLANNED: "planned anew",
    Reason.MINIMUM_MET: "the minimum is paid",
    Reason.HOLD: "a hold is in force",
    Reason.NOT_FOR_TIER: "the policy wants none at this tier",
    Reason.OPTED_OUT: "the customer opted out",
    Reason.NO_CONTACT: "no working contact",
    Reason.LADDER_SPENT: "every channel was tried",
    Reason.STAGE_PAST: "its time was over",
    Reason.NOT_YET_DUE: "not yet due",
    Reason.WAITING: "an answer is awaited",
    Reason.QUIET_HOURS: "quiet hours",
    Reason.PACING: "the provider's pace",
    Reason.CONTENT: "its text could not be written",
    Reason.NOT_CHOSEN: "the customer chose other days",
    Reason.CONDITION: "the stage's condition does not hold",
    Reason.HOLDOUT: "held out by an experiment",
    Reason.NO_CONSENT: "no consent was given",
    Reason.NO_LEGAL_HOUR: "no allowed hour before its use ends",
    Reason.CAP: "a cap on contacts is used up",
    Reason.CHANNEL_DOWN: "its channels are down",
    Reason.SEND_TIME: "not yet the best hour",
}
_ENDS: Mapping[str, str] = {
    ReminderState.SATISFIED: "done",
    ReminderState.SUPPRESSED: "not sent",
    ReminderState.CANCELLED: "cancelled",
    ReminderState.EXPIRED: "expired",
    ReminderState.EXHAUSTED: "given up",
}
_MINOR = re.compile(r"^(\d+) ([A-Z]{3})\b")
_UTC = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ")
_OPENED = re.compile(r"-(\d\d:\d\d) ")  # as checks said it before they named the instant


def channel_words(channel: str) -> str:
    return _CHANNELS.get(channel, channel)


def reason_words(reason: str) -> str:
    """A reason of ours in words; a provider's own is left as it is."""
    return _REASONS.get(reason, clean(reason)) or "no reason given"


def end_words(state: str, reason: str) -> str:
    """How a reminder ended: `cancelled: paid in full`, `done: SMS confirmed`."""
    if state == ReminderState.SATISFIED:
        return f"{_ENDS[state]}: {channel_words(reason)} confirmed"
    return f"{_ENDS.get(state, state)}: {reason_words(reason)}"


def amount(minor: int, currency: str) -> str:
    """Minor units as `12,845.00 TWD`."""
    try:
        digits = exponent(currency)
    except TemplateError:
        return f"{minor:,} minor units of {clean(currency)}"
    return f"{Decimal(minor).scaleb(-digits):,.{digits}f} {currency}"


def length(time: timedelta) -> str:
    """A duration in its two largest units: `2 h`, `1 h 30 min`, `45 s`; a long one to minutes."""
    seconds = round(time.total_seconds())
    if seconds >= 600:
        seconds = round(seconds / 60) * 60
    parts = []
    for name, size in (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1)):
        count, seconds = divmod(seconds, size)
        if count:
            parts.append(f"{count} {name}")
    return " ".join(parts[:2]) or "0 s"


def local(at: datetime, zone: str) -> str:
    """`2026-03-22 10:00` on the customer's wall."""
    return f"{at.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M}"


def check_words(saw: str, zone: str) -> str:
    """What a check saw, with money and instants as a person writes them."""
    saw = _MINOR.sub(lambda found: amount(int(found[1]), found[2]), saw)

    return clean(_UTC.sub(lambda found: _local_of(found, zone), saw))


def _local_of(found: re.Match[str], zone: str) -> str:
    return local(datetime.fromisoformat(found[0].replace(" ", "T")), zone)


def deferral_words(reason: str, checks: Sequence[Check], zone: str) -> str:
    """Why and until when a reminder was put off: `deferred to 08:00: quiet hours`."""
    last = checks[-1] if checks else Check("", "", False)
    match reason:
        case Reason.QUIET_HOURS:
            return f"deferred{_opening(last.saw, zone)}: quiet hours"
        case Reason.CAP:
            return f"deferred: {reason_words(reason)} ({check_words(last.saw, zone)})"
        case Reason.HOLD:
            return f"paused: hold ({last.saw})"
        case Reason.NOT_YET_DUE:
            return f"deferred to {check_words(last.saw, zone)}: not yet due"
        case _:
            return f"deferred: {reason_words(reason)}"


def _opening(saw: str, zone: str) -> str:
    """When the hours open again, as the check saw it."""
    if found := _UTC.search(saw):
        return f" to {_local_of(found, zone)[11:]}"
    if found := _OPENED.search(saw):
        return f" to {found[1]}"
    return ""
