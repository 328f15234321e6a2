"""Signed return paths: ours come back whole, nobody else's do."""

from __future__ import annotations

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.email.smtp.mime import is_address
from channels.email.verp import Verp

VERP = Verp("bounces.lender.example.com", "key")
ATTEMPT = "0192f0c4-7a5e-7000-8000-0123456789ab"


@given(st.uuids(), st.booleans())
def test_what_was_made_is_read_in_any_case(attempt: UUID, upper: bool) -> None:
    address = VERP.make(str(attempt))
    assert is_address(address)
    assert VERP.read(address.upper() if upper else address) == str(attempt)


@given(st.uuids(), st.data())
def test_no_other_attempt_can_be_named_with_a_seen_mac(other: UUID, data: st.DataObject) -> None:
    address = VERP.make(ATTEMPT)
    forged = address.replace(UUID(ATTEMPT).hex, other.hex)
    assert VERP.read(forged) in ("", ATTEMPT)
    at = data.draw(st.integers(0, len(address) - 1))
    char = data.draw(st.characters(codec="ascii"))
    assert VERP.read(address[:at] + char + address[at + 1 :]) in ("", ATTEMPT)


@pytest.mark.parametrize(
    "address",
    ["", "@", "bounce+@x", "bounce+zz=aa@bounces.lender.example.com", "bills@lender.example.com"],
)
def test_other_addresses_name_nothing(address: str) -> None:
    assert VERP.read(address) == ""


def test_another_key_or_domain_reads_nothing() -> None:
    address = VERP.make(ATTEMPT)
    assert Verp(VERP.domain, "other").read(address) == ""
    assert Verp("other.example.com", "key").read(address) == ""
    assert Verp(VERP.domain, "").read(Verp(VERP.domain, "").make(ATTEMPT)) == ""


def test_only_an_attempt_has_a_return_path() -> None:
    with pytest.raises(ValueError, match="UUID"):
        VERP.make("not-an-attempt")
    assert "key" not in repr(VERP)
