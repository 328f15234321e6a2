"""The GSM 7-bit alphabet, beside an encoder that others wrote."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from smpplib.gsm import gsm_encode  # type: ignore[import-untyped]  # it has no types

from reminders.domain.gsm import CODES, GSM_BASIC, GSM_EXTENDED, gsm_decode

# What smpplib's table lacks; 3GPP TS 23.038 §6.2.1 has them at 0x5F and behind the escape at 0x0A.
MISSED = {"§": b"\x5f", "\f": b"\x1b\x0a"}


@pytest.mark.parametrize("char", GSM_BASIC + GSM_EXTENDED)
def test_agrees_with_smpplib_on_what_it_knows(char: str) -> None:
    assert CODES[char] == (MISSED.get(char) or gsm_encode(char))


@settings(max_examples=50, deadline=None)
@given(st.text(alphabet=GSM_BASIC + GSM_EXTENDED))
def test_decodes_what_it_encodes(text: str) -> None:
    assert gsm_decode(b"".join(CODES[char] for char in text)) == text


@settings(max_examples=50, deadline=None)
@given(st.binary(max_size=20))
def test_decodes_anything(octets: bytes) -> None:
    assert len(gsm_decode(octets)) <= len(octets)


def test_shows_an_unknown_escape_as_the_character_after_it() -> None:
    assert gsm_decode(b"\x1bA\x80\x1b") == "A\ufffd\ufffd"
