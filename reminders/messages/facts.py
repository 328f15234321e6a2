"""What a message is made of and what comes out, with everything hostile taken off at the edge."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import NamedTuple

from reminders.domain.record import record
from reminders.messages.errors import TemplateError
from reminders.messages.money import day, money, spoken, texted


class Kind(StrEnum):
    """What a message is about: the kinds that have templates, by the words of `MessageKind`."""

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


# Which of these three is true follows from the day on which it is said.
DATED = (Kind.PRE_DUE, Kind.DUE_TODAY, Kind.OVERDUE)
# What the law orders: its words need a second person's approval, and it cannot be switched off.
NOTICES = frozenset({Kind.BUREAU_PRE_NOTICE, Kind.STATUTORY_ARREARS_NOTICE, Kind.LEGAL_NOTICE})
# What asks for money and therefore names an amount; the others must not ask.
ASKING = frozenset({*DATED, *NOTICES, Kind.PROMISE_FOLLOWUP})
# What names no bill, and may be written where there is none.
_BILLESS = frozenset({Kind.CONTACT_UPDATE_REQUEST, Kind.OPTOUT_DISCLOSURE})


class Urgency(StrEnum):
    """How strongly a message asks; it rises towards the due date and never turns to a threat."""

    NORMAL = "normal"
    RAISED = "raised"
    HIGH = "high"


@dataclass(frozen=True, slots=True)
class OtherBill:
    """A further bill of the same customer and due day, spoken of in the same message (digest)."""

    bill_id: str
    currency: str
    amount_minor: int
    due_on: date


@record
class Facts:
    """One bill as its customer is to hear of it.

    Amounts are integer minor units of `currency`; `due_on` and `today` are dates in the
    customer's own zone. `minimum_minor` of 0, or not below the amount, is not spoken of.
    An empty URL, ending or date and an amount of 0 leave their sentence out. `about_channel` is
    the channel that could not be reached or was switched off, `ending` at most the last
    `MAX_ENDING` characters of the address there, `remaining` the channels that stay on.
    """

    kind: str
    language: str
    lender: str
    bill_id: str
    currency: str
    amount_minor: int
    minimum_minor: int
    due_on: date
    today: date
    urgency: str
    pay_url: str
    unsubscribe_url: str
    others: tuple[OtherBill, ...] = ()
    paid_minor: int = 0  # of payment_received
    promised_on: date | None = None  # of promise_followup
    about_channel: str = ""  # of contact_update_request and optout_disclosure
    ending: str = ""
    remaining: tuple[str, ...] = ()
    name: str = ""  # what the customer is called, where only they read it


@record
class Rendered:
    """A finished message. `template` names its words exactly: `zh-CN/pre_due.sms@3`."""

    subject: str
    text: str
    html: str
    language: str
    template: str
    segments: int  # of an SMS; 0 for other channels
    kind: str = ""
    link: str = ""  # where the bill is paid
    params: Mapping[str, str] = field(default_factory=dict)  # the words of a provider's template
    content: str = ""  # hash of the words of its template, by which they are approved


# The names a template may use; `consequence` and `already_paid` are phrases of its language.
VARIABLES = frozenset(
    {"language", "lender", "bill_id", "amount", "minimum", "due_on", "days", "urgency"}
    | {"pay_url", "unsubscribe_url", "consequence", "already_paid"}
    | {
        "name",
        "must_say",
        "others",
        "total",
        "paid",
        "promised_on",
        "about_channel",
        "ending",
        "remaining",
    }
)
MAX_ENDING = 4
_URGENCIES = frozenset(Urgency)

# Control characters, line separators, bidirectional overrides and lone surrogates: they forge
# headers, reorder an amount on screen or break the encoder. 【】 would forge an SMS signature.
_UNSAFE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff【】]+"
)
_LINK = re.compile(r"https?://[^\s\x00-\x20\x7f-\x9f<>\"'\\^`{|}]+", re.ASCII)


class Line(NamedTuple):
    """A further bill as a template shows it."""

    bill_id: str
    amount: str


def kind_on(due_on: date, today: date) -> Kind:
    """The only dated kind that is true on `today`."""
    if today < due_on:
        return Kind.PRE_DUE
    return Kind.DUE_TODAY if today == due_on else Kind.OVERDUE


def kind_for(kind: str, due_on: date, today: date) -> Kind:
    """The kind to write for a reminder of `kind`: the dated ones follow today, the others stay.

    Raises `TemplateError` for a kind that has no templates.
    """
    try:
        asked = Kind(kind)
    except ValueError:
        raise TemplateError(f"kind {kind!r} is none of {', '.join(Kind)}") from None
    return kind_on(due_on, today) if asked in DATED else asked


_SAID: Mapping[str, Callable[[int, str, str], str]] = {"voice": spoken, "sms": texted}


def said_on(channel: str) -> Callable[[int, str, str], str]:
    """How an amount is said on a channel: minor units, currency and language to text."""
    return _SAID.get(channel, money)


def values(facts: Facts, language: str, channel: str = "") -> dict[str, object]:
    """The variables of a template written in `language`, as `channel` shows them. Raises
    `TemplateError`."""
    _check(facts)
    minimum = facts.minimum_minor if facts.minimum_minor < facts.amount_minor else 0
    written = said_on(channel)

    def shown(minor: int, currency: str = facts.currency) -> str:
        return written(minor, currency, language)

    return {
        "language": language,
        # One blank between words, as a subject has it: it is looked for in the finished message.
        "lender": " ".join(clean(facts.lender).split()),
        "bill_id": clean(facts.bill_id),
        "amount": shown(facts.amount_minor) if facts.amount_minor > 0 else "",
        "minimum": shown(minimum) if minimum > 0 else "",
        "due_on": day(facts.due_on, language),
        "days": abs((facts.due_on - facts.today).days),
        "urgency": str(facts.urgency),
        "pay_url": _link(facts.pay_url),
        # What the law orders offers no way to switch it off.
        "unsubscribe_url": "" if facts.kind in NOTICES else _link(facts.unsubscribe_url),
        "must_say": "",
        "others": [
            Line(clean(bill.bill_id), shown(bill.amount_minor, bill.currency))
            for bill in facts.others
        ],
        "total": _total(facts, shown),
        "paid": shown(facts.paid_minor) if facts.paid_minor > 0 else "",
        "promised_on": day(facts.promised_on, language) if facts.promised_on else "",
        "about_channel": facts.about_channel,
        "ending": clean(facts.ending),
        "remaining": list(facts.remaining),
    }


def clean(text: str) -> str:
    """`text` on one line and without characters that only serve to deceive."""
    return (_UNSAFE.sub(" ", text) if _UNSAFE.search(text) else text).strip()


def _total(facts: Facts, shown: Callable[[int, str], str]) -> str:
    """This bill and the others together, an amount per currency; empty where there is one bill."""
    if not facts.others:
        return ""
    sums = {facts.currency: facts.amount_minor}
    for bill in facts.others:
        sums[bill.currency] = sums.get(bill.currency, 0) + bill.amount_minor
    return " + ".join(shown(minor, currency) for currency, minor in sums.items())


def _check(facts: Facts) -> None:
    true_kind = kind_for(facts.kind, facts.due_on, facts.today)
    if facts.urgency not in _URGENCIES:
        raise TemplateError(f"urgency {facts.urgency!r} is none of {', '.join(Urgency)}")
    if facts.kind in ASKING and facts.amount_minor <= 0:
        raise TemplateError(f"amount {facts.amount_minor} is not above 0: nothing to remind of")
    if facts.kind != true_kind:
        raise TemplateError(
            f"kind {facts.kind} is not true on {facts.today} of a bill due on {facts.due_on}:"
            f" that is {true_kind}"
        )
    if len(facts.ending) > MAX_ENDING:
        raise TemplateError(f"the ending of an address has at most {MAX_ENDING} characters")
    _check_said(facts)
    _check_others(facts)


def _check_said(facts: Facts) -> None:
    """What no message may do without: an empty word would be as bad as an absent one."""
    if not clean(facts.lender):
        raise TemplateError("lender is empty: a customer must know who writes")
    if facts.kind not in _BILLESS and not clean(facts.bill_id):
        raise TemplateError(f"bill_id is empty, and a {facts.kind} is about one bill")
    if facts.kind in NOTICES and facts.today <= facts.due_on:
        raise TemplateError(f"a {facts.kind} is of a bill past its due date, not of {facts.due_on}")


def _check_others(facts: Facts) -> None:
    for bill in facts.others:
        if bill.amount_minor <= 0:
            raise TemplateError(f"amount {bill.amount_minor} of a further bill is not above 0")
        if bill.due_on != facts.due_on:
            raise TemplateError(
                f"a further bill due on {bill.due_on} beside one due on {facts.due_on}:"
                " a message is of one day"
            )


def _link(url: str) -> str:
    if url and not _LINK.fullmatch(url):
        raise TemplateError(f"link {url[:80]!r} is not a plain http(s) address")
    return url
