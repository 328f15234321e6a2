"""Amounts and dates as a reader of one language expects them, formatted once and remembered.

Babel given a locale string costs ten times what it costs with a `Locale` object, and a hundred
times a cached answer, so nothing here is looked up twice.
"""

from __future__ import annotations

import re
from copy import copy
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple

from babel import Locale, UnknownLocaleError
from babel.dates import format_date
from babel.numbers import (
    NumberPattern,
    get_currency_name,
    get_currency_symbol,
    is_currency,
    parse_pattern,
)

from reminders.domain.currency import EXPONENTS
from reminders.messages.errors import TemplateError
from reminders.messages.segments import is_gsm

_CODE = re.compile("[A-Z]{3}")

# World English writes US$ and "12 March 2026", so neither the dollar nor the day is ambiguous.
_LOCALE_OF = {"en": "en_001"}
_UNSPACED = frozenset({"zh", "ja"})  # languages that write no space before a currency's name
# What Chinese calls these is a name, not a unit: one says 人民币100元, but 100日元.
_NAMED_IN_CHINESE = frozenset({"CNY", "TWD"})


def exponent(currency: str) -> int:
    """Decimals between minor and major unit of an ISO 4217 code. Raises `TemplateError`."""
    if not _CODE.fullmatch(currency) or not is_currency(currency):
        raise TemplateError(f"currency {currency!r} is not an ISO 4217 code")
    return EXPONENTS.get(currency, 2)


@lru_cache(maxsize=64)
def _locale(language: str) -> Locale:
    try:
        return Locale.parse(_LOCALE_OF.get(language, language.replace("-", "_")))
    except (UnknownLocaleError, ValueError) as error:
        raise TemplateError(f"language {language!r} has no locale data") from error


@lru_cache(maxsize=256)
def _pattern(currency: str, language: str) -> NumberPattern:
    locale = _locale(language)
    pattern = copy(parse_pattern(locale.currency_formats["standard"].pattern))
    if get_currency_symbol(currency, locale)[-1].isalpha():  # "KWD 1.000", not "KWD1.000"
        pattern = copy(parse_pattern(pattern.pattern.replace("¤", "¤ ")))
    digits = exponent(currency)
    pattern.frac_prec = (digits, digits)
    return pattern


def texted(amount_minor: int, currency: str, language: str) -> str:
    """As `money`, by the currency's code where its sign alone would take an SMS out of GSM-7: with
    `₹` in it, an English text of two segments takes five."""
    shown = money(amount_minor, currency, language)
    sign = _sign_beyond_gsm(currency, language)
    return shown.replace(sign, f"{currency} ") if sign else shown


@lru_cache(maxsize=256)
def _sign_beyond_gsm(currency: str, language: str) -> str:
    """The sign of a currency that is dear in this language; "" where all its text is UCS-2."""
    locale = _locale(language)
    sign = _plain_spaces(get_currency_symbol(currency, locale))
    return "" if locale.language in _UNSPACED or is_gsm(sign) else sign


def money(amount_minor: int, currency: str, language: str) -> str:
    """Minor units as text with all decimals of the currency: 123400 TWD is `NT$1,234.00`."""
    form = _form(currency, language)
    if form is None or amount_minor < 0:
        return _by_babel(amount_minor, currency, language)
    return _written(form, amount_minor)


class _Form(NamedTuple):
    """How a language writes a currency, where that is digits in threes between fixed signs."""

    before: str
    after: str
    group: str
    point: str
    digits: int
    unit: int


_PROBES = (0, 5, 99, 1_000, 99_999, 123_456, 100_000_000, 98_765_432_109)


@lru_cache(maxsize=256)
def _form(currency: str, language: str) -> _Form | None:
    """The form that Babel's own answers show; None where they follow another rule than ours.

    Amounts are all different, so that Babel's 40 µs for each would be met again and again.
    """
    digits = exponent(currency)
    unit = 10**digits
    shown = _by_babel(1_234_567 * unit, currency, language)
    found = re.fullmatch(r"(\D*)1(?P<group>\D)234(?P=group)567(?:(\D)0+)?(\D*)", shown)
    if found is None:
        return None
    before, group, point, after = found.groups(default="")
    form = _Form(before, after, group, point, digits, unit)
    if len(point) != (digits > 0):
        return None
    same = all(_written(form, probe) == _by_babel(probe, currency, language) for probe in _PROBES)
    return form if same else None


@lru_cache(maxsize=4_096)
def spoken(amount_minor: int, currency: str, language: str) -> str:
    """Minor units as they are said: `1,234.00 New Taiwan dollars`, `新台币1,234.00元`."""
    locale = _locale(language)
    digits = exponent(currency)
    value = Decimal(amount_minor).scaleb(-digits)
    pattern = copy(locale.decimal_formats[None])
    pattern.frac_prec = (digits, digits)
    name = get_currency_name(currency, count=value, locale=locale)
    if locale.language == "zh" and currency in _NAMED_IN_CHINESE:
        return _plain_spaces(f"{name}{pattern.apply(value, locale)}元")
    space = "" if locale.language in _UNSPACED else " "
    return _plain_spaces(f"{pattern.apply(value, locale)}{space}{name}")


def _written(form: _Form, amount_minor: int) -> str:
    whole, rest = divmod(amount_minor, form.unit)
    decimals = f"{form.point}{rest:0{form.digits}d}" if form.digits else ""
    return f"{form.before}{f'{whole:,}'.replace(',', form.group)}{decimals}{form.after}"


def _by_babel(amount_minor: int, currency: str, language: str) -> str:
    value = Decimal(amount_minor).scaleb(-exponent(currency))
    pattern = _pattern(currency, language)
    text = pattern.apply(value, _locale(language), currency=currency, currency_digits=False)
    return _plain_spaces(text)


@lru_cache(maxsize=4_096)
def day(on: date, language: str) -> str:
    """A date with its month spelled out: `12 March 2026`, `2026年3月12日`."""
    return _plain_spaces(format_date(on, "long", locale=_locale(language)))


def _plain_spaces(text: str) -> str:
    # A no-break space is not in GSM-7 and would more than double the price of an SMS.
    return text.replace("\xa0", " ").replace("\u202f", " ")
