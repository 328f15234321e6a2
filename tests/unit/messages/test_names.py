"""Customers are called by name where only they read it, in their language's form, or not at all."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reminders.messages.catalogue import PARTS
from reminders.messages.facts import NOTICES, Facts, Kind
from reminders.messages.names import MAX_NAME, called, fit
from reminders.messages.samples import sample
from reminders.messages.templates import TemplateSet
from tests.unit.messages.bills import SHIPPED

TEMPLATES = TemplateSet.load(SHIPPED)


@pytest.mark.parametrize(
    ("name", "english", "chinese"),
    [
        ("Ann Example", "Ann", "Ann Example"),
        ("Dr. Ann Example", "Ann", "Dr. Ann Example"),
        ("Example, Ann", "Ann", "Example, Ann"),
        ("A. Example", "A. Example", "A. Example"),
        ("Anne-Marie O\u2019Example", "Anne-Marie", "Anne-Marie O\u2019Example"),
        ("Ann", "Ann", "Ann"),
        ("王示例", "王示例", "王示例"),
        ("安·示例", "安·示例", "安·示例"),
        ("Zoë Ñandú", "Zoë", "Zoë Ñandú"),
        ("Mr Example", "Example", "Mr Example"),
        ("प्रिया शर्मा", "प्रिया", "प्रिया शर्मा"),
        ("ศิริพร", "ศิริพร", "ศิริพร"),
        ("Nancy Null", "Nancy", "Nancy Null"),
    ],
)
def test_each_language_calls_people_in_its_own_way(name: str, english: str, chinese: str) -> None:
    assert called(name, "en") == english
    assert called(name, "zh-CN") == chinese
    assert called(name, "en", formal=True) == name


@pytest.mark.parametrize(
    "name",
    [
        *("", "x" * (MAX_NAME + 1), "www.evil.example", "Click evil.example", "ann@example.com"),
        *("<b>Ann</b>", "{{ lender }}", "Ann\nExample", "+8616177712345", "1234567"),
        *("null", "UNKNOWN", "Mr", "Mr. Dr.", "A" + "\u0336" * 4),
        *("Mr Sheriff", "公安局", "Special Offer", "Ann/Bo", "-", "\u202eAnn"),
    ],
)
def test_what_is_no_name_is_left_out(name: str) -> None:
    assert not fit(name)
    assert called(name, "en") == called(name, "zh-CN") == ""


def mail(kind: str, language: str, name: str) -> str:
    return TEMPLATES.render("email", replace(sample(kind, language), name=name)).text


@pytest.mark.parametrize("kind", Kind)
def test_every_mail_greets_and_none_is_refused_for_a_name(kind: Kind) -> None:
    english = "Ann Example" if kind in NOTICES else "Ann"
    assert mail(kind, "en", "Ann Example").startswith(f"Hello {english},\n")
    assert mail(kind, "zh-CN", "王示例").startswith("王示例，您好！\n")  # noqa: RUF001
    for unknown in ("", "Mr Sheriff", "<script>"):
        assert mail(kind, "en", unknown).startswith("Hello,\n")
        assert mail(kind, "zh-CN", unknown).startswith("您好！\n")  # noqa: RUF001


def test_a_name_is_greeted_however_a_system_writes_it() -> None:
    assert mail("pre_due", "en", "Zoe\u0308\u00a0Example").startswith("Hello Zoë,\n")
    assert mail("pre_due", "zh-CN", " 王示例 ").startswith("王示例\uff0c您好\uff01\n")


def test_the_name_stands_in_both_forms_of_a_mail_and_in_nothing_else() -> None:
    for kind in Kind:
        for language in ("en", "zh-CN"):
            facts: Facts = replace(sample(kind, language), name="Zoë Canary")
            for channel in PARTS:
                shown = TEMPLATES.render(channel, facts)
                named = ["Zoë" in each for each in (shown.subject, shown.text, shown.html)]
                assert named == ([False, True, True] if channel == "email" else [False] * 3)
