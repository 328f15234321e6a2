"""What a locked screen shows and what a telephone says: own words, not borrowed ones."""

from __future__ import annotations

import pytest

from reminders.messages.facts import DATED, NOTICES, Kind, Urgency
from reminders.messages.money import spoken
from reminders.messages.templates import TemplateSet
from tests.unit.messages.bills import SHIPPED, facts

LANGUAGES = ("en", "zh-CN")
DATES = {"en": "12 March 2026", "zh-CN": "2026年3月12日"}
SPOKEN = {"en": "1,234.00 New Taiwan dollars", "zh-CN": "新台币1,234.00元"}


@pytest.fixture(scope="module")
def shipped() -> TemplateSet:
    return TemplateSet.load(SHIPPED)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", DATED)
@pytest.mark.parametrize("urgency", list(Urgency))
def test_a_push_says_all_in_little_room_and_no_amount_on_top(
    shipped: TemplateSet, kind: Kind, language: str, urgency: Urgency
) -> None:
    """S4.14: amount, date and consequence, also where there is room for 170 characters."""
    shown = shipped.render("push", facts(kind, language=language, urgency=urgency))
    assert len(shown.subject) <= 50
    assert len(shown.text) <= 170
    assert "1,234" not in shown.subject
    assert "NT$1,234.00" in shown.text
    assert DATES[language] in shown.text
    assert {"en": "fees", "zh-CN": "费用"}[language] in shown.text
    assert {"en": "Paid?", "zh-CN": "若已还款"}[language] in shown.text


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", DATED)
def test_urgency_is_seen_and_heard(shipped: TemplateSet, kind: Kind, language: str) -> None:
    """S1.17."""
    each = [facts(kind, language=language, urgency=urgency) for urgency in Urgency]
    assert len({shipped.render("push", one).subject for one in each}) == len(Urgency)
    assert len({shipped.render("voice", one).text for one in each}) == len(Urgency)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", DATED)
def test_a_call_says_the_amount_once_and_names_the_bill(
    shipped: TemplateSet, kind: Kind, language: str
) -> None:
    text = shipped.render("voice", facts(kind, language=language)).text
    assert text.count(SPOKEN[language]) == 1
    assert "B-2026-03" in text
    assert DATES[language] in text
    assert "Example Bank" in text
    assert "http" not in text
    assert "NT$" not in text


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", Kind)
def test_a_call_says_first_who_calls(shipped: TemplateSet, kind: Kind, language: str) -> None:
    """47 CFR 64.1200(b)(1): at the beginning, of notices too."""
    text = shipped.render("voice", facts(kind, language=language, about_channel="sms")).text
    assert 0 <= text.find("Example Bank") <= len("Hello, this is ")
    assert text.count("Example Bank") == (2 if kind in NOTICES else 1)


@pytest.mark.parametrize("channel", ["push", "voice", "wechat", "webhook"])
def test_a_notice_is_shown_whole_wherever_it_is_shown(shipped: TemplateSet, channel: str) -> None:
    for kind in NOTICES:
        shown = shipped.render(channel, facts(kind))
        assert shown.template.startswith(f"en/{kind}.in_app@")
        written = shipped.render("in_app", facts(kind)).text
        aloud = written.replace("NT$1,234.00", SPOKEN["en"])
        assert shown.text == (f"{shown.subject}. {aloud}" if channel == "voice" else written)


def test_every_word_goes_to_a_providers_own_template(shipped: TemplateSet) -> None:
    params = shipped.render("sms", facts()).params
    assert params["amount"] == "NT$1,234.00"
    assert params["days"] == "3"
    assert params["due_on"] == "12 March 2026"
    assert params["already_paid"].startswith("If you have already paid")
    assert all(isinstance(each, str) for each in params.values())


def test_money_is_said_by_its_name() -> None:
    assert spoken(123_400, "JPY", "en") == "123,400 Japanese yen"
    assert spoken(100_000, "KWD", "en") == "100.000 Kuwaiti dinars"
    assert spoken(5, "CNY", "zh-CN") == "人民币0.05元"
    assert spoken(5_000, "JPY", "zh-CN") == "5,000日元"
    assert spoken(5_000, "MOP", "zh-CN") == "50.00澳门元"  # whose name is a unit already
