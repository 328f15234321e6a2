"""Amounts keep the digits of their minor units, dates their month's name."""

from __future__ import annotations

import re
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reminders.messages.errors import TemplateError
from reminders.messages.money import _by_babel, day, exponent, money, texted
from reminders.messages.segments import is_gsm


@pytest.mark.parametrize(
    ("minor", "currency", "english", "chinese"),
    [
        (123_400, "TWD", "NT$1,234.00", "NT$1,234.00"),
        (123_400, "USD", "US$1,234.00", "US$1,234.00"),
        (123_400, "CNY", "CN¥1,234.00", "¥1,234.00"),
        (1, "CNY", "CN¥0.01", "¥0.01"),
        (1_234, "JPY", "JP¥1,234", "JP¥1,234"),
        (1_234, "KRW", "₩1,234", "₩1,234"),
        (1_234_000, "KWD", "KWD 1,234.000", "KWD 1,234.000"),
        (1_234_567, "BHD", "BHD 1,234.567", "BHD 1,234.567"),
        (123_456, "AFN", "AFN 1,234.56", "AFN 1,234.56"),  # CLDR would round to 1,235
    ],
)
def test_every_decimal_of_the_currency_is_shown(
    minor: int, currency: str, english: str, chinese: str
) -> None:
    assert money(minor, currency, "en") == english
    assert money(minor, currency, "zh-CN") == chinese


@given(
    st.integers(1, 2**63 - 1),
    st.sampled_from(["TWD", "USD", "CNY", "JPY", "KWD", "CLF", "AFN"]),
    st.sampled_from(["en", "zh-CN"]),
)
def test_reading_the_text_back_gives_the_same_minor_units(
    minor: int, currency: str, language: str
) -> None:
    digits = re.sub(r"[^\d]", "", money(minor, currency, language))
    assert int(digits) == minor


@pytest.mark.parametrize("currency", ["", "usd", "US", "ZZZ", "US\n", "$", "USD "])
def test_an_unknown_currency_is_refused(currency: str) -> None:
    with pytest.raises(TemplateError, match="not an ISO 4217 code"):
        exponent(currency)


def test_dates_spell_their_month_or_carry_its_character() -> None:
    assert day(date(2026, 3, 12), "en") == "12 March 2026"
    assert day(date(2028, 2, 29), "zh-CN") == "2028年2月29日"
    assert day(date(9999, 12, 31), "en") == "31 December 9999"


def test_a_language_without_locale_data_is_one_line() -> None:
    with pytest.raises(TemplateError, match="no locale data"):
        day(date(2026, 3, 12), "qq")


@pytest.mark.parametrize("language", ["en", "zh-CN", "de", "hi"])
@pytest.mark.parametrize("currency", ["TWD", "JPY", "KWD"])
def test_the_quick_way_writes_what_babel_writes(currency: str, language: str) -> None:
    for amount in (0, 7, 1_000, 99_999, 1_234_567, 20_000_000_000, 2**63 - 1):
        assert money(amount, currency, language) == _by_babel(amount, currency, language)


@pytest.mark.parametrize(
    ("currency", "english", "chinese"),
    [
        ("INR", "INR 1,234,567.89", "₹1,234,567.89"),
        ("KRW", "KRW 123,456,789", "₩123,456,789"),
        ("EUR", "€1,234,567.89", "€1,234,567.89"),
        ("CNY", "CN¥1,234,567.89", "¥1,234,567.89"),
        ("KWD", "KWD 123,456.789", "KWD 123,456.789"),
    ],
)
def test_no_sign_of_a_currency_makes_a_text_message_dear(
    currency: str, english: str, chinese: str
) -> None:
    assert texted(123_456_789, currency, "en") == english
    assert is_gsm(texted(123_456_789, currency, "en"))
    assert texted(123_456_789, currency, "zh-CN") == chinese
