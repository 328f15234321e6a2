"""What a telephone number is (E.164), by Google's metadata: validity, type, region, range.

One look costs 50 to 800 µs, so answers are kept; what a sender asks of every message
(`can_take_sms`) has a short cut for mainland China. The metadata costs a quarter of a second to
load, so it is loaded by the first who needs it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Final

_KEPT: Final = 65_536
_RANGE_DIGITS: Final = 3
# E.164: a plus and up to fifteen digits, the first not 0 (ITU-T E.164 §6.2).
_NUMBER = re.compile(r"\+[1-9][0-9]{6,14}")
# How short one may be is each plan's to say: Iran gives out +98 9601.
_WRITTEN = re.compile(r"\+[1-9][0-9]{3,14}")
# Eleven digits that begin with 1 are mobile or nothing: fixed lines of area 10 have ten (工信部
# 电信网编号计划).
_CHINA_MOBILE = re.compile(r"\+861[0-9]{10}")


class NumberType(StrEnum):
    MOBILE = "mobile"
    FIXED_LINE = "fixed_line"
    FIXED_LINE_OR_MOBILE = "fixed_line_or_mobile"  # the plan does not tell them apart (US, CA …)
    TOLL_FREE = "toll_free"
    PREMIUM_RATE = "premium_rate"
    SHARED_COST = "shared_cost"
    VOIP = "voip"
    PERSONAL_NUMBER = "personal_number"
    PAGER = "pager"
    UAN = "uan"
    VOICEMAIL = "voicemail"
    UNKNOWN = "unknown"


# Country codes of two digits; 1 and 7 have one, all others three (ITU-T E.164, annex list).
_TWO_DIGITS: Final = frozenset(
    (
        *("20", "27", "30", "31", "32", "33", "34", "36", "39", "40", "41", "43", "44", "45"),
        *("46", "47", "48", "49", "51", "52", "53", "54", "55", "56", "57", "58", "60", "61"),
        *("62", "63", "64", "65", "66", "81", "82", "84", "86", "90", "91", "92", "93", "94"),
        *("95", "98"),
    )
)


@dataclass(frozen=True, slots=True)
class Number:
    """What the numbering plan says. `possible`: its length fits; `valid`: its range is given out;
    `region`: ISO 3166, the main one where several share a country code, "" where unknown."""

    valid: bool
    possible: bool
    region: str = ""
    type: NumberType = NumberType.UNKNOWN

    def may_be(self, kind: NumberType) -> bool:
        """Whether it can be of `kind`: a plan that does not tell mobile from fixed says both."""
        if self.type is NumberType.FIXED_LINE_OR_MOBILE:
            return kind in (self.type, NumberType.FIXED_LINE, NumberType.MOBILE)
        return self.type is kind


_NOTHING: Final = Number(valid=False, possible=False)


def is_number(address: str) -> bool:
    """Whether it is written as E.164 wants it: a plus, then 7 to 15 digits."""
    return _NUMBER.fullmatch(address) is not None


@lru_cache(maxsize=_KEPT)
def describe(number: str) -> Number:
    """What the plan says of an E.164 number; of anything else, that it is none."""
    if _WRITTEN.fullmatch(number) is None:
        return _NOTHING
    import phonenumbers

    try:
        found = phonenumbers.parse(number, None)
    except phonenumbers.NumberParseException:
        return _NOTHING
    kind = phonenumbers.PhoneNumberType.to_string(phonenumbers.number_type(found))
    return Number(
        valid=phonenumbers.is_valid_number(found),
        possible=phonenumbers.is_possible_number(found),
        region=phonenumbers.region_code_for_number(found) or "",
        type=NumberType(kind.lower()),
    )


def can_take_sms(number: str) -> bool:
    """False where the number is surely a fixed line: an SMS to it costs and never arrives.

    A number that the plan does not know may still live: that is for the carrier to say.
    """
    if _CHINA_MOBILE.fullmatch(number):
        return True
    return describe(number).type is not NumberType.FIXED_LINE


def range_of(number: str) -> str:
    """The range by which delivery is watched: country code and the first three national digits,
    which name the network in most plans (+86138). "" where it is no number."""
    if not is_number(number):
        return ""
    return number[: 1 + _country_digits(number) + _RANGE_DIGITS]


def _country_digits(number: str) -> int:
    if number[1] in "17":
        return 1
    return 2 if number[1:3] in _TWO_DIGITS else 3
