"""Signed callbacks at their edges; the contract suite holds the rest."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from channels.signature import HEADER, TOLERANCE_S, sign, verify

NOW = 1_772_438_400


def test_a_known_signature_stays_what_it_is() -> None:
    # echo -n '1772438400.{}' | openssl dgst -sha256 -hmac key
    digest = "55f20d3dbbe35f4373f652b3722b91513189fa33d343608fcee333cc8553a478"
    assert sign("key", b"{}", NOW) == f"t={NOW},v1={digest}"


def test_tolerates_five_minutes_both_ways() -> None:
    for off, fine in ((0, True), (TOLERANCE_S, True), (-TOLERANCE_S, True), (301, False)):
        headers = {HEADER: sign("key", b"x", NOW)}
        assert verify("key", b"x", headers, NOW + off) is fine


def test_an_empty_secret_opens_nothing() -> None:
    assert not verify("", b"x", {HEADER: sign("", b"x", NOW)}, NOW)


def test_one_of_several_signatures_is_enough_while_a_key_is_changed() -> None:
    old, new = sign("old", b"x", NOW), sign("new", b"x", NOW)
    both = f"{old},{new.partition(',')[2]}"
    assert verify("new", b"x", {HEADER: both}, NOW)
    assert verify("old", b"x", {HEADER: both}, NOW)


def test_two_stamps_are_none() -> None:
    assert not verify("key", b"x", {HEADER: f"t={NOW},{sign('key', b'x', NOW)}"}, NOW)


@given(st.text())
def test_any_header_is_only_refused(value: str) -> None:
    assert not verify("key", b"x", {HEADER: value}, NOW)
