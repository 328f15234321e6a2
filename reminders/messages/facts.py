"""What a message is made of and what comes out, with everything hostile taken off at the edge."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from reminders.messages.errors import TemplateError
from reminders.messages.money import day, money


class Kind(StrEnum):
    """Where today stands to the due date."""

    PRE_DUE = "pre_due"
    DUE_TODAY = "due_today"
    OVERDUE = "overdue"


class Urgency(StrEnum):
    """How strongly a message asks; it rises towards the due date and never turns to a threat."""

    NORMAL = "normal"
    RAISED = "raised"
    HIGH = "high"


@dataclass(frozen=True, slots=True)
class Facts:
    """One bill as its customer is to hear of it.

    Amounts are integer minor units of `currency`; `due_on` and `today` are dates in the
    customer's own zone. `minimum_minor` of 0, or not below the amount, is not spoken of.
    An empty URL leaves its sentence out.
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


@dataclass(frozen=True, slots=True)
class Rendered:
    """A finished message. `template` names its words exactly: `zh-CN/pre_due.sms@3`."""

    subject: str
    text: str
    html: str
    language: str
    template: str
    segments: int  # of an SMS; 0 for other channels


# The names a template may use; `consequence` and `already_paid` are phrases of its language.
VARIABLES = frozenset(
    {"language", "lender", "bill_id", "amount", "minimum", "due_on", "days", "urgency"}
    | {"pay_url", "unsubscribe_url", "consequence", "already_paid"}
)
_KINDS = frozenset(Kind)
_URGENCIES = frozenset(Urgency)

# Control characters, line separators, bidirectional overrides and lone surrogates: they forge
# headers, reorder an amount on screen or break the encoder. 【】 would forge an SMS signature.
_UNSAFE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff【】]+"
)
_LINK = re.compile(r"https?://[^\s\x00-\x20\x7f-\x9f<>\"'\\^`{|}]+", re.ASCII)


def kind_on(due_on: date, today: date) -> Kind:
    """The only kind that is true on `today`."""
    if today < due_on:
        return Kind.PRE_DUE
    return Kind.DUE_TODAY if today == due_on else Kind.OVERDUE


def values(facts: Facts, language: str) -> dict[str, str | int]:
    """The variables of a template written in `language`. Raises `TemplateError`."""
    _check(facts)
    minimum = ""
    if 0 < facts.minimum_minor < facts.amount_minor:
        minimum = money(facts.minimum_minor, facts.currency, language)
    return {
        "language": language,
        "lender": clean(facts.lender),
        "bill_id": clean(facts.bill_id),
        "amount": money(facts.amount_minor, facts.currency, language),
        "minimum": minimum,
        "due_on": day(facts.due_on, language),
        "days": abs((facts.due_on - facts.today).days),
        "urgency": str(facts.urgency),
        "pay_url": _link(facts.pay_url),
        "unsubscribe_url": _link(facts.unsubscribe_url),
    }


def clean(text: str) -> str:
    """`text` on one line and without characters that only serve to deceive."""
    return _UNSAFE.sub(" ", text).strip() if _UNSAFE.search(text) else text


def _check(facts: Facts) -> None:
    if facts.kind not in _KINDS:
        raise TemplateError(f"kind {facts.kind!r} is none of {', '.join(Kind)}")
    if facts.urgency not in _URGENCIES:
        raise TemplateError(f"urgency {facts.urgency!r} is none of {', '.join(Urgency)}")
    if facts.amount_minor <= 0:
        raise TemplateError(f"amount {facts.amount_minor} is not above 0: nothing to remind of")
    true_kind = kind_on(facts.due_on, facts.today)
    if facts.kind != true_kind:
        raise TemplateError(
            f"kind {facts.kind} is not true on {facts.today} of a bill due on {facts.due_on}:"
            f" that is {true_kind}"
        )


def _link(url: str) -> str:
    if url and not _LINK.fullmatch(url):
        raise TemplateError(f"link {url[:80]!r} is not a plain http(s) address")
    return url
