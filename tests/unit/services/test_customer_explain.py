"""What a customer is told of decisions: in three languages, polite, and without our rules' ids."""

from __future__ import annotations

import re
from string import Formatter

import pytest

from reminders.domain.decision import Reason
from reminders.services.customer_explain import FATES
from reminders.services.customer_phrases import LANGUAGES, Fate, Phrases, phrases_of

EVERY = list(LANGUAGES.values())
# Words that press, warn of harm or name third parties; none has a place in an explanation.
THREATS = re.compile(
    r"\b(court|legal action|lawsuit|police|penalt\w+|consequence\w*|warn\w*|must pay|debt|default|"
    r"arrest\w*|collect\w+|employer|family|credit bureau|immediately|at once)\b"
    r"|起诉|起訴|法院|法律|警告|后果|後果|罚|罰|上门|上門|征信|徵信|催收|家人|单位|立即|必须|必須|欠款|黑名单",
    re.IGNORECASE,
)
INTERNAL = re.compile(r"[Rr][0-3]\b|points|tier|score|_|积分|分数|評分|评分")


def said(words: Phrases) -> list[str]:
    return [
        words.opening,
        *words.fates.values(),
        words.replied,
        words.nothing,
        words.facts,
        words.automated,
        words.person,
    ]


@pytest.mark.parametrize("words", EVERY, ids=list(LANGUAGES))
def test_nothing_threatens_or_names_our_rules(words: Phrases) -> None:
    """S5.14, PIPL 24: transparent, and no pressure on whoever asks."""
    for text in said(words):
        assert not THREATS.search(text), text
        assert not INTERNAL.search(re.sub(r"\{\w+\}", "", text)), text


@pytest.mark.parametrize("words", EVERY, ids=list(LANGUAGES))
def test_each_language_says_everything(words: Phrases) -> None:
    assert set(words.fates) == set(Fate)
    assert set(words.channels) >= {"sms", "email", "in_app"}
    named = [{name for _, name, _, _ in Formatter().parse(text) if name} for text in said(words)]
    english = [
        {name for _, name, _, _ in Formatter().parse(text) if name} for text in said(EVERY[0])
    ]
    assert named == english


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (EVERY[0], "promised|assessment|when you act|kind"),
        (EVERY[1], "承诺|评估|通常处理的时间|种类"),
        (EVERY[2], "承諾|評估|通常處理的時間|種類"),
    ],
    ids=list(LANGUAGES),
)
def test_all_that_a_card_or_a_policy_may_rest_on_is_named(words: Phrases, named: str) -> None:
    """PIPL 24: "nothing else was used" must be true with a broken promise, the lender's own score,
    the customer's best hour and a policy by product."""
    assert [each for each in named.split("|") if each not in words.facts] == []


@pytest.mark.parametrize("words", EVERY, ids=list(LANGUAGES))
def test_a_person_can_be_asked_and_how_to_object_is_said(words: Phrases) -> None:
    """PIPL 24: an explanation may be asked for, and a decision by a program alone refused."""
    asked = {"en": "a person", "zh-CN": "人工", "zh-TW": "專人"}[words.language]
    disagree = {"en": "not agree", "zh-CN": "不同意", "zh-TW": "不同意"}[words.language]
    assert asked in words.person
    assert disagree in words.person
    assert "{lender}" in words.person


def test_every_reason_has_its_words() -> None:
    assert set(FATES) == set(Reason)


@pytest.mark.parametrize(
    ("tag", "language"),
    [
        ("en", "en"),
        ("en-GB", "en"),
        ("fr", "en"),
        ("", "en"),
        ("zh", "zh-CN"),
        ("zh-CN", "zh-CN"),
        ("zh_Hans_SG", "zh-CN"),
        ("zh-TW", "zh-TW"),
        ("zh-Hant", "zh-TW"),
        ("zh-HK", "zh-TW"),
    ],
)
def test_the_nearest_language(tag: str, language: str) -> None:
    assert phrases_of(tag).language == language
