"""The kinds of value an event may hold, each with its bounds.

Text never holds control characters: PostgreSQL refuses U+0000 and a line break in an address is
how headers are injected. Money is an integer of minor units that fits PostgreSQL's bigint.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from functools import cache
from typing import Annotated, Literal, TypeVar
from zoneinfo import available_timezones

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BeforeValidator,
    FailFast,
    Field,
    PlainValidator,
    StringConstraints,
)

ChannelName = Literal[
    "sms",
    "email",
    "in_app",
    "push",
    "voice",
    "wechat",
    "whatsapp",
    "webhook",
    "apprise",
    "human_task",
]
# Where others than us may have met the customer; ours are among them.
OutsideChannel = Literal[
    "sms",
    "email",
    "in_app",
    "voice",
    "push",
    "wechat",
    "whatsapp",
    "webhook",
    "apprise",
    "human_task",
    "letter",
    "visit",
]
MessageKind = Literal[
    "*",
    "pre_due",
    "due_today",
    "overdue",
    "payment_received",
    "promise_followup",
    "contact_update_request",
    "optout_disclosure",
    "bureau_pre_notice",
    "statutory_arrears_notice",
    "legal_notice",
]
# What a contact by others may have been: a mandated notice and marketing count for no cap.
OutsideClass = Literal["service_notice", "collection"]
# All that a lender may tell of a customer's risk. Opting out, protected traits and third parties'
# data are not in this list and never will be: what is not in it cannot be said (S1.6).
RiskName = Literal["credit_limit", "autopay", "lender_score", "anomaly", "utilisation"]
HoldKind = Literal[
    "dispute", "hardship", "deceased", "attorney", "cease_contact", "complaint", "incident"
]

OrderedT = TypeVar("OrderedT", str, int)

_BIGINT_MAX = 2**63 - 1
_INT_MAX = 2**31 - 1

E164 = re.compile(r"\+[1-9][0-9]{6,14}")
# RFC 5321 dot-atoms and letters-digits-hyphens domains only: quoted local parts and comments are
# legal, are never used by a customer, and are where header injection hides.
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
EMAIL = re.compile(rf"(?=.{{1,64}}@){_ATOM}(?:\.{_ATOM})*@(?:{_LABEL}\.)+{_LABEL}")
EMAIL_MAX = 254
# One or more devices of one customer, by spaces: `fcm:TOKEN apns:TOKEN`.
_DEVICE = r"(?:fcm|apns):[A-Za-z0-9_:.-]{8,400}"
DEVICES = re.compile(rf"{_DEVICE}(?: {_DEVICE}){{0,9}}")
OPENID = re.compile(r"[A-Za-z0-9_-]{6,64}")
WEB = re.compile(r"https?://[^\s<>\"'\\^`{|}]{1,1900}")
ANY_URL = re.compile(r"[a-z][a-z0-9+.-]{1,20}://[^\s<>]{1,1900}")


def _to_utc(moment: datetime) -> datetime:
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise ValueError("is outside the years 1 to 9999 once it is in UTC") from None


def _is_instant(value: object) -> object:
    """Pydantic alone would also take 1700000000, as a number or a text, for seconds since 1970."""
    if isinstance(value, str):
        if value[4:5] == "-":
            return value
    elif isinstance(value, datetime):
        return value
    raise ValueError("is not an instant with its offset such as 2026-01-31T09:30:00+08:00")


def _is_date(value: object) -> object:
    if isinstance(value, str):
        if value[4:5] == "-" and len(value) == 10:
            return value
    elif isinstance(value, date) and not isinstance(value, datetime):
        return value
    raise ValueError("is not a date such as 2026-01-31")


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def _known_zone(name: str) -> str:
    if name not in _zones():
        raise ValueError("is not a time zone of the IANA database")
    return name


def _in_order_once(names: tuple[OrderedT, ...]) -> tuple[OrderedT, ...]:
    """Sorted and each once, so that an equal set has equal bytes and an equal hash."""
    return tuple(sorted(set(names)))


Instant = Annotated[AwareDatetime, BeforeValidator(_is_instant), AfterValidator(_to_utc)]
LocalDate = Annotated[date, BeforeValidator(_is_date)]
# Strict: without it 1.0 would pass as money and "yes" as a flag.
Amount = Annotated[int, Field(strict=True, ge=0, le=_BIGINT_MAX)]
PositiveAmount = Annotated[int, Field(strict=True, ge=1, le=_BIGINT_MAX)]
Version = Annotated[int, Field(strict=True, ge=1, le=_INT_MAX)]
Flag = Annotated[bool, Field(strict=True)]
# Days from the due date: a monthly bill is not known much longer before, and 0 is the last day.
Offset = Annotated[int, Field(strict=True, ge=-30, le=0)]
# Every integer up to 10^15 is exact in a double; infinity and NaN are no observations.
Number = Annotated[float, Field(strict=True, allow_inf_nan=False, ge=-1e15, le=1e15)]

# Each pattern beside the words that tell a producer what is wrong.
_REF = r"^[A-Za-z0-9._:-]+$"
_CURRENCY = r"^[A-Z]{3}$"
_JURISDICTION = r"^[A-Z]{2}$"
_LANGUAGE = r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$"
_ONE_LINE = r"^[^\x00-\x1f\x7f]*$"
_NOTE = r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*$"
_NO_BLANK = r"^[^\s\x00-\x1f\x7f]+$"
_EXTENSION_NAME = r"^[a-z0-9]+$"
PATTERN_MEANING = {
    _REF: "may hold only letters, digits and . _ : -",
    _CURRENCY: "is not an ISO 4217 code such as TWD",
    _JURISDICTION: "is not an ISO 3166 code of two capitals such as TW",
    _LANGUAGE: "is not a language tag such as zh-CN",
    _ONE_LINE: "holds a control character",
    _NOTE: "holds a control character",
    _NO_BLANK: "holds a blank or a control character",
    _EXTENSION_NAME: "is not an extension attribute's name: lower-case letters and digits only",
}

Ref = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=_REF)]
Currency = Annotated[str, StringConstraints(pattern=_CURRENCY)]
Jurisdiction = Annotated[str, StringConstraints(pattern=_JURISDICTION)]
Language = Annotated[str, StringConstraints(max_length=35, pattern=_LANGUAGE)]
TimeZone = Annotated[str, StringConstraints(max_length=64), AfterValidator(_known_zone)]
Name = Annotated[str, StringConstraints(min_length=1, max_length=254, pattern=_ONE_LINE)]
# As many characters as ten push tokens take.
Address = Annotated[str, StringConstraints(min_length=1, max_length=4096, pattern=_ONE_LINE)]
Label = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=_ONE_LINE)]
Actor = Annotated[str, StringConstraints(max_length=64, pattern=_ONE_LINE)]
Note = Annotated[str, StringConstraints(max_length=500, pattern=_NOTE)]

OtherZones = Annotated[tuple[TimeZone, ...], Field(max_length=5), AfterValidator(_in_order_once)]
Offsets = Annotated[
    tuple[Offset, ...], FailFast(), Field(max_length=5), AfterValidator(_in_order_once)
]
CapIds = Annotated[tuple[Ref, ...], Field(max_length=20), AfterValidator(_in_order_once)]

# Envelope attributes. A blank in a source would make (source, id) ambiguous in one log line.
EventId = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=_ONE_LINE)]
Source = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=_NO_BLANK)]
Attribute = Annotated[str, StringConstraints(max_length=1000, pattern=_ONE_LINE)]
ExtensionName = Annotated[str, StringConstraints(max_length=64, pattern=_EXTENSION_NAME)]


def _extension(value: object) -> object:
    """A CloudEvents attribute: text, a boolean or a 32-bit integer; null means absent."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int) and -_INT_MAX <= value <= _INT_MAX:
        return value
    if isinstance(value, str) and len(value) <= 1000 and re.fullmatch(_ONE_LINE, value):
        return value
    raise ValueError("an extension attribute is one line of text, a boolean or a 32-bit integer")


ExtensionValue = Annotated[
    str | bool | int | None,
    PlainValidator(_extension, json_schema_input_type=str | bool | int | None),
]
