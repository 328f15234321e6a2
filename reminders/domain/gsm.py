"""The GSM 7-bit default alphabet and its extension table (3GPP TS 23.038 §6.2.1)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

# The first 27 characters, then those behind the escape (0x1B).
GSM_BASIC: Final = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ"
    "ÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
GSM_EXTENDED: Final = "\f^{}\\[~]|€"  # each is an escape and a character: two septets

_ESCAPE: Final = 0x1B
_EXTENDED_CODES: Final = b"\x0a\x14\x28\x29\x2f\x3c\x3d\x3e\x40\x65"


def _codes() -> dict[str, bytes]:
    plain = (code for code in range(0x80) if code != _ESCAPE)
    basic = {char: bytes((code,)) for char, code in zip(GSM_BASIC, plain, strict=True)}
    pairs = zip(GSM_EXTENDED, _EXTENDED_CODES, strict=True)
    return basic | {char: bytes((_ESCAPE, code)) for char, code in pairs}


CODES: Final[Mapping[str, bytes]] = _codes()  # one octet a septet, unpacked
_CHARACTERS: Final = {code: char for char, code in CODES.items()}


def gsm_decode(octets: bytes) -> str:
    """The text of unpacked septets. What is in no table is shown as the standard asks: an unknown
    escape as the character after it, an octet above 127 as the replacement character."""
    found = []
    at = 0
    while at < len(octets):
        escaped = octets[at] == _ESCAPE and at + 1 < len(octets)
        code = octets[at : at + 2] if escaped else octets[at : at + 1]
        at += len(code)
        found.append(_CHARACTERS.get(code) or _CHARACTERS.get(code[-1:], "\ufffd"))
    return "".join(found)
