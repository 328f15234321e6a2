"""What a customer was told who wrote STOP, START or HELP: a message that left like any other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime

from reminders.ledger.confirmations import Confirmed, How
from reminders.ledger.inbound import ReplyState
from reminders.messages.facts import clean
from reminders.services import wording
from reminders.services.bill_history import BillHistory
from reminders.services.moments import about_bill

_NOT_SENT: Mapping[str, str] = {
    How.TOO_LATE: "not sent, it was no news any more",
    How.OVERTAKEN: "not sent, the customer has said the opposite since",
    How.NO_ADDRESS: "not sent, the address is not known any more",
}


def replies(told: BillHistory) -> Iterator[tuple[datetime, str]]:
    """When and in what words, for each confirmation that is told of."""
    for each, at in answers(told):
        yield at, f"{_what(told, each)} — {_fate(told, each)}{_tries(each)}"


def answers(told: BillHistory) -> Iterator[tuple[Confirmed, datetime]]:
    """The confirmations of what was written since the bill was known, and when each stands."""
    since = next((event.received_at for event in about_bill(told)), None)
    for each in told.confirmations:
        if since is not None and each.received_at >= since:
            yield each, _at(each)


def may_have_left(reply: Confirmed) -> bool:
    """Whether a message is at the customer, or may be."""
    gone = (How.CONFIRMED, How.UNCERTAIN)
    return reply.state is ReplyState.SENDING or (
        reply.state is ReplyState.DONE and reply.how in gone
    )


def _at(reply: Confirmed) -> datetime:
    """When it left, as far as any did; else when it was given up, or asked for."""
    if reply.state is ReplyState.CONFIRM:
        return reply.received_at
    if not reply.calls or reply.how in _NOT_SENT:
        return reply.handled_at or reply.received_at
    return reply.call_at or reply.received_at


def _what(told: BillHistory, reply: Confirmed) -> str:
    mask = told.masks.get(reply.secret_id, "") if reply.secret_id else ""
    channel = wording.channel_words(reply.channel)
    to = f" to {mask}" if mask else ""
    asked = wording.local(reply.received_at, told.zone)
    return f"{channel}{to} confirms {reply.meaning.upper()} of {asked}"


def _fate(told: BillHistory, reply: Confirmed) -> str:
    provider = reply.provider
    if reply.state is ReplyState.CONFIRM:
        due = wording.local(reply.call_at, told.zone) if reply.call_at else "now"
        return f"not sent yet, due from {due}"
    if reply.state is ReplyState.SENDING:
        return f"on its way to {provider}, no answer yet"
    if reply.how == How.CONFIRMED:
        return f"handed to {provider}"
    if reply.how == How.UNCERTAIN:
        return f"no answer from {provider}, it may have arrived"
    if reply.how in _NOT_SENT:
        return _NOT_SENT[reply.how]
    return f"{provider} {clean(reply.how)}"  # refused: why


def _tries(reply: Confirmed) -> str:
    """Calls beside the one that is told of, questions to a provider among them, and refusals."""
    one = reply.state is not ReplyState.CONFIRM and reply.how not in _NOT_SENT
    notes = [f"calls about it: {reply.calls}"] * (reply.calls > one)
    others = [each for each in reply.refused_by.split() if each != reply.provider]
    notes += [f"refused by {', '.join(others)}"] * bool(others)
    return f" ({'; '.join(notes)})" if notes else ""
