"""Long texts in parts: joined they are the text, and none cuts a character."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channels.sms.smpp.parts import (
    DEFAULT_CODING,
    LATIN_1_CODING,
    UCS2_CODING,
    Header,
    decoded,
    encoded,
    with_headers,
    without_header,
)
from channels.sms.smpp.settings import Alphabet
from reminders.domain.gsm import GSM_BASIC, GSM_EXTENDED

ROOT = Path(__file__).resolve().parents[4]
DATA = Path(os.environ.get("REMINDERS_TEST_DATA") or ROOT.parent / "shared" / "data")
VECTORS = DATA / "sms-segments.json"

gsm = st.text(st.sampled_from(GSM_BASIC + GSM_EXTENDED), min_size=120, max_size=400)
wide = st.text(st.sampled_from("账单到期😀🧾a€["), min_size=50, max_size=200)
latin = st.text(st.characters(max_codepoint=255), min_size=100, max_size=300)
anything = st.text(max_size=40)


@settings(max_examples=60, deadline=None)
@given(text=gsm | wide | latin | anything, alphabet=st.sampled_from(Alphabet))
def test_the_parts_joined_are_the_text(text: str, alphabet: Alphabet) -> None:
    whole = encoded(text, alphabet)
    bodies = whole.bodies()
    # Each part is whole characters by itself, so that no phone shows half of one.
    assert "".join(decoded(body, whole.coding, alphabet) for body in bodies) == text
    alone, beside = whole.room
    assert all(len(body) <= (alone if len(bodies) == 1 else beside) for body in bodies)
    parts = with_headers(bodies, "key")
    most = 160 if whole.coding == DEFAULT_CODING and alphabet is Alphabet.GSM else 140
    assert all(len(part) <= most for part in parts)
    if len(parts) > 1:
        read = [without_header(part) for part in parts]
        assert [body for _, body in read] == bodies
        headers = [header for header, _ in read]
        reference = headers[0].reference if headers[0] else -1
        assert headers == [Header(reference, len(parts), n) for n in range(1, len(parts) + 1)]


@pytest.mark.skipif(not VECTORS.is_file(), reason=f"no {VECTORS.name}: set REMINDERS_TEST_DATA")
def test_as_many_parts_as_three_counters_count() -> None:
    for vector in json.loads(VECTORS.read_text(encoding="utf-8")):
        if vector["text"]:
            assert len(encoded(vector["text"]).bodies()) == vector["segments"], vector


@pytest.mark.parametrize(
    ("text", "coding", "parts"),
    [
        ("a" * 160, DEFAULT_CODING, 1),
        ("a" * 161, DEFAULT_CODING, 2),
        ("a" * 152 + "€" * 8, DEFAULT_CODING, 2),
        ("期" * 70, UCS2_CODING, 1),
        ("期" * 71, UCS2_CODING, 2),
        ("期" * 66 + "😀" * 3, UCS2_CODING, 2),
        ("`", UCS2_CODING, 1),  # in Latin-1 and ASCII, but not in GSM
    ],
)
def test_where_the_edges_are(text: str, coding: int, parts: int) -> None:
    found = encoded(text)
    assert (found.coding, len(found.bodies())) == (coding, parts)


def test_a_lone_surrogate_is_replaced() -> None:
    assert decoded(encoded("期\ud83d").octets, UCS2_CODING) == "期\ufffd"


def test_past_255_parts_there_is_no_message() -> None:
    with pytest.raises(ValueError, match="255"):
        encoded("a" * (153 * 255 + 1)).bodies()


def test_headers_of_others_are_read() -> None:
    wide_reference = b"\x06\x08\x04\x12\x34\x03\x02text"
    assert without_header(wide_reference) == (Header(0x1234, 3, 2), b"text")
    ports_first = b"\x0b\x05\x04\x0b\x84\x23\xf0\x00\x03\x07\x02\x01text"
    assert without_header(ports_first) == (Header(7, 2, 1), b"text")
    assert without_header(b"\x02\x24\x00text"[:3]) == (None, b"")
    assert without_header(b"\xffshort") == (None, b"\xffshort")
    assert without_header(b"") == (None, b"")


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=40), st.integers(0, 255))
def test_no_octets_are_too_strange_to_show(octets: bytes, coding: int) -> None:
    without_header(octets)
    assert isinstance(decoded(octets, coding), str)


def test_other_codings() -> None:
    assert decoded(b"caf\xe9", LATIN_1_CODING) == "café"
    assert decoded(b"a\x00", DEFAULT_CODING) == "a@"
    assert decoded(b"caf\xe9", DEFAULT_CODING, Alphabet.LATIN_1) == "café"
