"""A short link leads its own customer to their bill, and nobody can make one."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import UTC, datetime, timedelta
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from reminders.services.links import LINK_LASTS, TOKEN_CHARS, PayLinks

NOW = datetime(2026, 3, 25, 12, tzinfo=UTC)
LINKS = PayLinks("https://b.example.com", "key")
ATTEMPT = UUID(int=0x202603 << 104 | 12345)


def test_a_link_is_short_and_says_its_attempt_and_its_last_day() -> None:
    link = LINKS.of(ATTEMPT, NOW)
    token = link.removeprefix("https://b.example.com/p/")
    assert len(token) == TOKEN_CHARS == 32
    read = LINKS.read(token)
    assert read is not None
    assert read.attempt_id == ATTEMPT
    assert read.last_day == (NOW + LINK_LASTS).date()
    assert not read.expired(NOW + LINK_LASTS)
    assert read.expired(NOW + LINK_LASTS + timedelta(days=1))


def test_a_link_of_another_key_is_none_of_ours() -> None:
    assert PayLinks("", "other").read(LINKS.token(ATTEMPT, NOW)) is None


@given(st.integers(0, 24 * 8 - 1))
@settings(max_examples=60)
def test_no_bit_of_a_link_can_be_changed(bit: int) -> None:
    whole = bytearray(urlsafe_b64decode(LINKS.token(ATTEMPT, NOW)))
    whole[bit // 8] ^= 1 << bit % 8
    assert LINKS.read(urlsafe_b64encode(whole).decode()) is None


@given(st.text(max_size=40))
@settings(max_examples=60)
def test_whatever_is_asked_for_is_answered(token: str) -> None:
    assert LINKS.read(token) is None


def test_only_one_spelling_is_taken() -> None:
    token = LINKS.token(ATTEMPT, NOW)
    for other in (f"{token}=", f"{token[:5]}\n{token[5:]}", f" {token}", f"{token}/x"):
        assert LINKS.read(other) is None
    tokens = (LINKS.token(UUID(int=number), NOW) for number in range(1_000))
    plain = next(each for each in tokens if "_" in each or "-" in each)
    assert LINKS.read(plain) is not None
    assert LINKS.read(plain.replace("_", "/").replace("-", "+")) is None
