"""How many SMS segments a text takes (3GPP TS 23.038 alphabets, TS 23.040 concatenation)."""

from __future__ import annotations

import re
from collections.abc import Iterable

from reminders.domain.gsm import GSM_BASIC, GSM_EXTENDED

_IS_GSM = re.compile(f"[{re.escape(GSM_BASIC + GSM_EXTENDED)}]*")
_EXTENDED = re.compile(f"[{re.escape(GSM_EXTENDED)}]")
_MAY_PAIR = re.compile("[\ud800-\udfff\U00010000-\U0010ffff]")
_HIGH_SURROGATE = range(0xD8, 0xDC)  # first byte of the first half of a pair, big-endian

_GSM_ONE, _GSM_MANY = 160, 153  # septets in a lone segment, and beside a 6-byte header
_UCS2_ONE, _UCS2_MANY = 70, 67  # UTF-16 units, likewise


def is_gsm(text: str) -> bool:
    """True if every character has a place in the GSM-7 alphabet or its extension table."""
    return _IS_GSM.fullmatch(text) is not None


def segments(text: str) -> int:
    """Segments that a carrier bills for `text`; an empty text still takes one.

    Neither an escape pair nor a surrogate pair is ever cut in two: the whole character moves
    to the next segment, which is why the division alone is not enough. What several characters
    draw together, a flag or a letter and its accent, may straddle two: phones join them again.
    """
    if is_gsm(text):
        septets = len(text) + len(_EXTENDED.findall(text))
        if septets <= _GSM_ONE:
            return 1
        if septets == len(text):
            return -(-septets // _GSM_MANY)
        return _packed((2 if c in GSM_EXTENDED else 1 for c in text), _GSM_MANY)
    if not _MAY_PAIR.search(text):  # the common case of Chinese text
        return 1 if len(text) <= _UCS2_ONE else -(-len(text) // _UCS2_MANY)
    data = text.encode("utf-16-be", "surrogatepass")
    if len(data) <= 2 * _UCS2_ONE:
        return 1
    return _packed(_utf16_widths(data), _UCS2_MANY)


def _utf16_widths(data: bytes) -> Iterable[int]:
    """Width in units of each character of big-endian UTF-16; a lone surrogate counts as one."""
    at = 0
    while at < len(data):
        paired = data[at] in _HIGH_SURROGATE and data[at + 2 : at + 3] >= b"\xdc"
        paired = paired and data[at + 2] <= 0xDF
        yield 2 if paired else 1
        at += 4 if paired else 2


def _packed(widths: Iterable[int], room: int) -> int:
    """Segments of `room` units that hold characters of `widths`, in order, none of them cut."""
    count, used = 1, 0
    for width in widths:
        if used + width > room:
            count, used = count + 1, 0
        used += width
    return count
