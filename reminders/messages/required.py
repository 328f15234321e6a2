"""What each kind of message must say and must not, by part and channel (S4.14, reference §3.2)."""

from __future__ import annotations

from collections.abc import Mapping

from reminders.messages.catalogue import SLOT, Message
from reminders.messages.facts import ASKING, NOTICES, Kind
from reminders.messages.names import NAME

# What a customer must be told, by kind, and by which part. The subject shows on a locked screen,
# so it names the lender and the day but neither amount nor consequence.
_DATED = frozenset(
    {"lender", "amount", "minimum", "due_on", "days", "consequence", "already_paid"}
    | {"others", "total"}
)
# A notice names the debt whole: 信用卡业务监督管理办法 art. 69; CCA 1974 s.86B.
_NOTICE = frozenset(
    {"lender", "bill_id", "amount", "due_on", "days", "consequence", "already_paid"}
)
_BODY: Mapping[str, frozenset[str]] = {
    Kind.PRE_DUE: _DATED,
    Kind.DUE_TODAY: _DATED - {"days"},  # it says "today"
    Kind.OVERDUE: _DATED,
    Kind.PAYMENT_RECEIVED: frozenset({"lender", "bill_id", "paid"}),
    Kind.PROMISE_FOLLOWUP: frozenset({"lender", "amount", "bill_id", "due_on", "promised_on"})
    | {"consequence", "already_paid"},
    Kind.CONTACT_UPDATE_REQUEST: frozenset({"lender", "about_channel", "ending"}),
    Kind.OPTOUT_DISCLOSURE: frozenset({"lender", "about_channel", "consequence", "remaining"}),
    Kind.BUREAU_PRE_NOTICE: _NOTICE,
    Kind.STATUTORY_ARREARS_NOTICE: _NOTICE,
    Kind.LEGAL_NOTICE: _NOTICE,
}
_DAYS_IN_SUBJECT = frozenset({Kind.PRE_DUE, Kind.OVERDUE})
_SECRET_IN_SUBJECT = frozenset(
    {"amount", "minimum", "bill_id", "consequence", "others", "total", "paid", "ending"}
)
# What would make a message of another kind out of it: a thank-you that asks for money, a reminder
# that shows part of an address.
_ABOUT_MONEY = frozenset({"minimum", "others", "total", "pay_url", "already_paid", "promised_on"})
_ABOUT_CONTACT = frozenset({"about_channel", "ending", "remaining"})
# What a pack may ask more of: collection, and notices that the law orders.
_ROOM = frozenset({Kind.OVERDUE, Kind.PROMISE_FOLLOWUP, *NOTICES})
# The lender and the day stand in the subject, right above.
_IN_PUSH_SUBJECT = frozenset({"lender", "days"})


def required(message: Message, part: str) -> frozenset[str]:
    """The variables that a part must use."""
    if part == "subject":
        return frozenset({"lender", "days"} if message.kind in _DAYS_IN_SUBJECT else {"lender"})
    needed = _BODY[message.kind] | ({SLOT} if message.kind in _ROOM else frozenset())
    match message.channel:
        case "email":
            needed |= {"pay_url"} if message.kind in ASKING else frozenset()
            return needed if message.kind in NOTICES else needed | {"unsubscribe_url"}
        case "push":
            # There is room for two dates or for the bill's number.
            spared = {"bill_id"} if message.kind == Kind.PROMISE_FOLLOWUP else frozenset()
            return needed - _IN_PUSH_SUBJECT - spared
        case "voice":
            return needed | {"bill_id"} if message.kind in ASKING else needed
    return needed


def forbidden(message: Message, part: str) -> Mapping[str, str]:
    """The variables that a part must not use, and why not."""
    found: dict[str, str] = {}
    if part == "html":  # the layout that all mails share names them behind conditions
        return found
    if message.kind in ASKING:
        found.update(dict.fromkeys(_ABOUT_CONTACT, f"is no matter of a {message.kind}"))
    else:
        found.update(
            dict.fromkeys(_ABOUT_MONEY, f"asks for money, which a {message.kind} must not")
        )
    if message.channel != "email":
        found[NAME] = "names the customer where others may see or hear it"
    if message.channel == "voice":
        found.update(dict.fromkeys(("pay_url", "unsubscribe_url"), "cannot be said on the phone"))
    if message.kind in NOTICES:
        found["unsubscribe_url"] = f"offers to switch off a {message.kind}, which the law orders"
    if part == "subject":
        found[NAME] = "would show on a locked screen"
        found.update(dict.fromkeys(_SECRET_IN_SUBJECT, "would show on a locked screen"))
    return found
