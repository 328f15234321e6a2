"""What the events of billing say, in words: one short sentence each, never an address."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any

from reminders.messages.facts import clean
from reminders.services import wording

Data = Mapping[str, Any]  # Any: an event's data as JSON


def event_words(kind: str, data: Data, bill: str, zone: str) -> str:
    """What an event says about `bill`."""
    if kind.startswith("payment."):
        return _payment(kind, data)
    if kind.startswith("hold."):
        return _hold(kind, data, zone)
    if kind.startswith("bill."):
        return _bill(kind, data, bill)
    if kind in _SEEN:
        return _SEEN[kind](data)
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
    minimum = f" (minimum {wording.amount(least, data['currency'])})" if 0 < least < owed else ""
    told = f"{wording.amount(owed, data['currency'])}{minimum}, due {data['due_on']}"
    return f"{verb}: {told}{why.replace(':', ' —', 1)}"


def _payment(kind: str, data: Data) -> str:
    why = f": {clean(data['reason'])}" if data.get("reason") else ""
    if kind == "payment.reversed":
        return f"payment {data['payment_id']} reversed{why}"
    paid = wording.amount(data["amount_minor"], data["currency"])
    if kind == "payment.failed":
        return f"payment of {paid} failed{why}"
    return f"payment of {paid} received"


def _hold(kind: str, data: Data, zone: str) -> str:
    if kind == "hold.lifted":
        return f"hold {data['hold_id']} lifted"
    what = data["kind"].replace("_", " ")
    whole = "" if data.get("bill_id") else " on the whole customer"
    if data.get("until_at"):
        until = f"until {wording.local(datetime.fromisoformat(data['until_at']), zone)}"
    else:
        until = "until it is lifted"
    return f"hold placed{whole}: {what}, {until}"


def _customer(kind: str, data: Data) -> str:
    match kind:
        case "customer.updated":
            return f"profile: {data['language']}, {data['time_zone']}, {data['jurisdiction']}"
        case "contact.changed":
            done = "changed" if "address" in data else "removed"
            return f"{wording.channel_words(data['channel'])} address {done}"
        case "preference.changed":
            what = "allowed" if data["allowed"] else "opted out of"
            kinds = "" if data["message_kind"] == "*" else f" ({data['message_kind']})"
            who, channel = data.get("actor") or "somebody", wording.channel_words(data["channel"])
            return f"{clean(who)} {what} {channel}{kinds}"
        case _:
            return kind


def _promise(data: Data) -> str:
    sum_of = wording.amount(data["amount_minor"], data["currency"])
    return f"promised to pay {sum_of} by {data['promised_on']}"


def _contact(data: Data) -> str:
    connected = data.get("connected")
    answered = "" if connected is None else f", {'answered' if connected else 'not answered'}"
    spoke = ", spoken with" if data["conversation"] else answered
    return f"contacted by others: {wording.channel_words(data['channel'])}{spoke}"


def _offsets(data: Data) -> str:
    days = ", ".join(f"{day:+d}" for day in sorted(data["offsets"]))
    return f"wants to be reminded on days {days} from due" if days else "wants the usual days again"


def _confirmed(data: Data) -> str:
    return f"{wording.channel_words(data['channel'])} address seen in use"


def _risk(data: Data) -> str:
    return f"observed by {clean(data['source'])}: {data['name'].replace('_', ' ')}"


_SEEN: Mapping[str, Callable[[Data], str]] = MappingProxyType(
    {
        "promise.made": _promise,
        "contact.made": _contact,
        "contact.confirmed": _confirmed,
        "preference.offsets_chosen": _offsets,
        "risk.observed": _risk,
    }
)
