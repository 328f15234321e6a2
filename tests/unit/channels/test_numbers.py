"""Numbers: the outside vectors, ranges, and what is not dialled by SMS."""

from __future__ import annotations

import json
import os
from pathlib import Path

import phonenumbers
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channels.numbers import Number, NumberType, can_take_sms, describe, is_number, range_of

ROOT = Path(__file__).resolve().parents[3]
DATA = Path(os.environ.get("REMINDERS_TEST_DATA") or ROOT.parent / "shared" / "data")
NUMBERS = DATA / "phone-numbers.json"


def test_every_outside_number_has_its_validity_and_type() -> None:
    if not NUMBERS.exists():
        pytest.skip("no phone-numbers.json beside the checkout")
    wrong = []
    for entry in json.loads(NUMBERS.read_text(encoding="utf-8")):
        found = describe(entry["e164"])
        fits = not entry["valid"] or found.may_be(NumberType[entry["type"]])
        if found.valid is not entry["valid"] or not fits:
            wrong.append((entry, found))
    assert wrong == []


@pytest.mark.parametrize(
    ("number", "wanted"),
    [
        ("+8613812345678", Number(True, True, "CN", NumberType.MOBILE)),
        ("+861085123456", Number(True, True, "CN", NumberType.FIXED_LINE)),
        ("+14165550100", Number(True, True, "CA", NumberType.FIXED_LINE_OR_MOBILE)),
        ("+8610012345678", Number(False, True, "CN", NumberType.UNKNOWN)),
        ("+989601", Number(True, True, "IR", NumberType.UAN)),
        ("13812345678", Number(False, False)),
        ("", Number(False, False)),
        ("+86 138 1234 5678", Number(False, False)),
    ],
)
def test_what_the_plan_says(number: str, wanted: Number) -> None:
    assert describe(number) == wanted


@pytest.mark.parametrize(
    ("number", "wanted"),
    [
        ("+8613812345678", "+86138"),
        ("+14165550100", "+1416"),
        ("+447400123456", "+44740"),
        ("+85212345678", "+852123"),
        ("nobody", ""),
        ("+99", ""),
    ],
)
def test_health_is_kept_by_country_and_network(number: str, wanted: str) -> None:
    assert range_of(number) == wanted


@pytest.mark.parametrize(
    ("number", "wanted"),
    [
        ("+8613812345678", True),
        ("+8610012345678", True),  # unknown to the plan: the carrier knows better
        ("+861085123456", False),  # Beijing, a landline
        ("+442079460000", False),
        ("+447400123456", True),
        ("+14165550100", True),
    ],
)
def test_a_sure_landline_gets_no_sms(number: str, wanted: bool) -> None:
    assert can_take_sms(number) is wanted


def test_the_length_of_every_country_code_is_known() -> None:
    for code in phonenumbers.COUNTRY_CODE_TO_REGION_CODE:
        assert range_of(f"+{code}5551234567"[:14]) == f"+{code}555"


@given(st.integers(min_value=0, max_value=10**10 - 1))
@settings(max_examples=100, deadline=None)
def test_the_short_cut_for_china_agrees_with_the_plan(digits: int) -> None:
    number = f"+861{digits:010d}"
    assert can_take_sms(number)
    assert describe(number).type is not NumberType.FIXED_LINE


@given(st.text(max_size=24) | st.from_regex(r"\+[0-9]{1,20}", fullmatch=True))
@settings(max_examples=100, deadline=None)
def test_anything_else_is_no_number_and_raises_nothing(text: str) -> None:
    found = describe(text)
    assert found.possible or not found.valid
    assert bool(range_of(text)) is is_number(text)
    can_take_sms(text)
