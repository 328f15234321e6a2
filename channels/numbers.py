"""What a telephone number is (E.164), by Google's metadata: validity, type, region, range.

One look costs 50 to 800 µs, so answers are kept; what a sender asks of every message
(`can_take_sms`) has a short cut for mainland China.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Final

import phonenumbers

_KEPT: Final = 65_536
_RANGE_DIGITS: Final = 3
# E.164: a plus and up to fifteen digits, the first not 0 (ITU-T E.164 §6.2).
_NUMBER = re.compile(r"\+[1-9][0-9]{6,14}")
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


_PLAN = phonenumbers.PhoneNumberType
_TYPES: Final = {
    _PLAN.MOBILE: NumberType.MOBILE,
    _PLAN.FIXED_LINE: NumberType.FIXED_LINE,
    _PLAN.FIXED_LINE_OR_MOBILE: NumberType.FIXED_LINE_OR_MOBILE,
    _PLAN.TOLL_FREE: NumberType.TOLL_FREE,
    _PLAN.PREMIUM_RATE: NumberType.PREMIUM_RATE,
    _PLAN.SHARED_COST: NumberType.SHARED_COST,
    _PLAN.VOIP: NumberType.VOIP,
    _PLAN.PERSONAL_NUMBER: NumberType.PERSONAL_NUMBER,
    _PLAN.PAGER: NumberType.PAGER,
    _PLAN.UAN: NumberType.UAN,
    _PLAN.VOICEMAIL: NumberType.VOICEMAIL,
}


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
    found = _parsed(number)
    if found is None:
        return _NOTHING
    return Number(
        valid=phonenumbers.is_valid_number(found),
        possible=phonenumbers.is_possible_number(found),
        region=phonenumbers.region_code_for_number(found) or "",
        type=_TYPES.get(phonenumbers.number_type(found), NumberType.UNKNOWN),
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
    code = _country_code(number)
    return number[: 1 + len(code) + _RANGE_DIGITS]


def _parsed(number: str) -> phonenumbers.PhoneNumber | None:
    if not is_number(number):
        return None
    try:
        return phonenumbers.parse(number, None)
    except phonenumbers.NumberParseException:
        return None


def _country_code(number: str) -> str:
    """Country codes have one to three digits and none begins another (ITU-T E.164)."""
    for size in (1, 2, 3):
        if int(number[1 : 1 + size]) in phonenumbers.COUNTRY_CODE_TO_REGION_CODE:
            return number[1 : 1 + size]
    return number[1:4]
