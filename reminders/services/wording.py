"""Plain words for what the ledger keeps: one short sentence per thing, never an address."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from reminders.domain.decision import Reason
from reminders.domain.reminder import ReminderState
from reminders.messages.errors import TemplateError
from reminders.messages.facts import clean
from reminders.messages.money import exponent

_CHANNELS = {"sms": "SMS", "email": "e-mail", "in_app": "in-app message"}
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
_OPENS = re.compile(r"-(\d\d:\d\d) ")

Data = Mapping[str, Any]  # Any: an event's data as JSON


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

    def there(found: re.Match[str]) -> str:
        return local(datetime.fromisoformat(found[0].replace(" ", "T")), zone)

    return clean(_UTC.sub(there, saw))


def deferral_words(reason: str, checks: tuple[tuple[str, str, bool], ...], zone: str) -> str:
    """Why and until when a reminder was put off: `deferred to 08:00: quiet hours`."""
    saw = checks[-1][1] if checks else ""
    if reason == Reason.QUIET_HOURS and (opens := _OPENS.search(saw)):
        return f"deferred to {opens[1]}: quiet hours"
    if reason == Reason.HOLD:
        return f"paused: hold ({saw})"
    if reason == Reason.NOT_YET_DUE:
        return f"deferred to {check_words(saw, zone)}: not yet due"
    return f"deferred: {reason_words(reason)}"


def event_words(kind: str, data: Data, bill: str, zone: str) -> str:
    """What an event says about `bill`."""
    if kind.startswith("payment."):
        return _payment(kind, data)
    if kind.startswith("hold."):
        return _hold(kind, data, zone)
    if kind.startswith("bill."):
        return _bill(kind, data, bill)
    return _customer(kind, data)


def _bill(kind: str, data: Data, bill: str) -> str:
    if data["bill_id"] != bill:
        if kind == "bill.cancelled":
            return f"the newer statement {data['bill_id']} was cancelled"
        return f"superseded by {data['bill_id']}, which contains its rest"
    why = f": {clean(data['reason'])}" if data.get("reason") else ""
    if kind == "bill.cancelled":
        return f"bill cancelled{why}"
    verb = {"bill.issued": "issued", "bill.due": "due", "bill.adjusted": "adjusted"}[kind]
    owed, least = data["amount_due_minor"], data["minimum_due_minor"]
    minimum = f" (minimum {amount(least, data['currency'])})" if 0 < least < owed else ""
    due = f"due {data['due_on']}"
    return f"{verb}: {amount(owed, data['currency'])}{minimum}, {due}{why.replace(':', ' —', 1)}"


def _payment(kind: str, data: Data) -> str:
    why = f": {clean(data['reason'])}" if data.get("reason") else ""
    if kind == "payment.reversed":
        return f"payment {data['payment_id']} reversed{why}"
    paid = amount(data["amount_minor"], data["currency"])
    if kind == "payment.failed":
        return f"payment of {paid} failed{why}"
    return f"payment of {paid} received"


def _hold(kind: str, data: Data, zone: str) -> str:
    if kind == "hold.lifted":
        return f"hold {data['hold_id']} lifted"
    what = data["kind"].replace("_", " ")
    whole = "" if data.get("bill_id") else " on the whole customer"
    if data.get("until_at"):
        until = f"until {local(datetime.fromisoformat(data['until_at']), zone)}"
    else:
        until = "until it is lifted"
    return f"hold placed{whole}: {what}, {until}"


def _customer(kind: str, data: Data) -> str:
    match kind:
        case "customer.updated":
            return f"profile: {data['language']}, {data['time_zone']}, {data['jurisdiction']}"
        case "contact.changed":
            done = "changed" if "address" in data else "removed"
            return f"{channel_words(data['channel'])} address {done}"
        case "preference.changed":
            what = "allowed" if data["allowed"] else "opted out of"
            kinds = "" if data["message_kind"] == "*" else f" ({data['message_kind']})"
            return f"{clean(data['actor'])} {what} {channel_words(data['channel'])}{kinds}"
        case _:
            return kind
