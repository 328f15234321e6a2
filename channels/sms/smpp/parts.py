"""A text as the octets of one short message or of several that a phone puts together again."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final
from zlib import crc32

from channels.sms.smpp.settings import Alphabet
from reminders.domain.gsm import CODES, gsm_decode

DEFAULT_CODING: Final = 0x00  # the carrier's own alphabet (SMPP 3.4 §5.2.19)
ASCII_CODING: Final = 0x01
LATIN_1_CODING: Final = 0x03
UCS2_CODING: Final = 0x08
GB_CODING: Final = 0x0F  # reserved by SMPP; CMPP's "含 GB 汉字", as Chinese carriers pass it on
_UCS2: Final = (UCS2_CODING, 0x18, 0x19, 0x1A, 0x1B)  # with a message class too (TS 23.038 §4)
UDH_INDICATOR: Final = 0x40  # of esm_class (§5.2.12)
_CONCATENATED: Final = b"\x05\x00\x03"  # 3GPP TS 23.040 §9.2.3.24.1: an 8-bit reference

# Octets of a lone message, and of one beside the six of a header (TS 23.040 §9.2.3.16 and 24.1).
# Septets travel unpacked, one an octet, and are packed by the carrier.
_ROOM: Final = {DEFAULT_CODING: (160, 153), UCS2_CODING: (140, 134)}
_LATIN_1_ROOM: Final = (140, 134)
MOST_PARTS: Final = 255


@dataclass(frozen=True, slots=True)
class Encoded:
    """A text in one coding, a bytes object for each character: none of them may be cut."""

    coding: int
    room: tuple[int, int]
    characters: Sequence[bytes] = field(repr=False)

    @property
    def octets(self) -> bytes:
        return b"".join(self.characters)

    def bodies(self) -> list[bytes]:
        """The octets of each part, without headers. Raises `ValueError` past 255 parts."""
        alone, beside = self.room
        octets = self.octets
        if len(octets) <= alone:
            return [octets]
        bodies = _packed(self.characters, beside)
        if len(bodies) > MOST_PARTS:
            raise ValueError("a text of more than 255 parts")
        return bodies


def encoded(text: str, alphabet: Alphabet = Alphabet.GSM) -> Encoded:
    """`text` in the carrier's alphabet if it holds every character, else in UCS-2.

    UTF-16 in truth, as every phone reads it: a character outside the first plane is a pair. A lone
    surrogate becomes the replacement character.
    """
    if alphabet is Alphabet.GSM:
        septets = [CODES.get(char) for char in text]
        found = [each for each in septets if each is not None]
        if len(found) == len(text):
            return Encoded(DEFAULT_CODING, _ROOM[DEFAULT_CODING], found)
    elif all(char < "\u0100" for char in text):
        return Encoded(DEFAULT_CODING, _LATIN_1_ROOM, [char.encode("latin-1") for char in text])
    return Encoded(UCS2_CODING, _ROOM[UCS2_CODING], [_utf16(char) for char in text])


def _utf16(char: str) -> bytes:
    if "\ud800" <= char <= "\udfff":
        return b"\xff\xfd"
    return char.encode("utf-16-be")


def _packed(characters: Iterable[bytes], room: int) -> list[bytes]:
    bodies = [bytearray()]
    for character in characters:
        if len(bodies[-1]) + len(character) > room:
            bodies.append(bytearray())
        bodies[-1] += character
    return [bytes(body) for body in bodies]


def with_headers(bodies: Sequence[bytes], key: str) -> list[bytes]:
    """The parts with their headers; a lone one needs none. All parts of `key` share a reference,
    which one number's messages of the same hour seldom do."""
    if len(bodies) == 1:
        return list(bodies)
    reference = crc32(key.encode("utf-8", "surrogatepass")) & 0xFF
    return [
        _CONCATENATED + bytes((reference, len(bodies), number)) + body
        for number, body in enumerate(bodies, 1)
    ]


@dataclass(frozen=True, slots=True)
class Header:
    """Where a part belongs: which message of this sender, how many parts it has, which this is."""

    reference: int
    total: int
    number: int


def without_header(octets: bytes) -> tuple[Header | None, bytes]:
    """A message that carries a user data header, apart: 8-bit and 16-bit references are known,
    any other element is skipped, and a header that is none is left where it is."""
    end = octets[0] + 1 if octets else 0
    if not 1 < end <= len(octets):
        return None, octets
    found = None
    at = 1
    while at + 2 <= end:
        kind, size = octets[at], octets[at + 1]
        value = octets[at + 2 : at + 2 + size]
        if (kind, len(value)) in ((0x00, 3), (0x08, 4)):
            found = Header(int.from_bytes(value[:-2], "big"), value[-2], value[-1])
        at += 2 + size
    return found, octets[end:]


def decoded(octets: bytes, coding: int, alphabet: Alphabet = Alphabet.GSM) -> str:
    """The text of octets without a header. Octets that no text is (binary) are shown as Latin-1."""
    if coding in _UCS2:
        return octets.decode("utf-16-be", "replace")
    if coding == GB_CODING:
        return octets.decode("gb18030", "replace")
    if coding == DEFAULT_CODING and alphabet is Alphabet.GSM:
        return gsm_decode(octets)
    if coding == ASCII_CODING:
        return octets.decode("ascii", "replace")
    return octets.decode("latin-1")
