"""What customers read: complete, true, in their language, and safe from what others typed."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from html.parser import HTMLParser
from pathlib import Path

import pytest

from reminders.domain.customer import ChannelName
from reminders.messages.errors import TemplateError
from reminders.messages.facts import (
    ASKING,
    DATED,
    Facts,
    Kind,
    OtherBill,
    Rendered,
    Urgency,
    clean,
    kind_for,
    kind_on,
)
from reminders.messages.templates import TemplateSet, nearest
from tests.unit.messages.bills import DUE_ON, SHIPPED, facts

CHANNELS = ("sms", "email", "in_app")
LANGUAGES = ("en", "zh-CN")
DAYS = {
    ("en", Kind.PRE_DUE): "in 3 days",
    ("en", Kind.DUE_TODAY): "today",
    ("en", Kind.OVERDUE): "3 days overdue",
    ("zh-CN", Kind.PRE_DUE): "还有3天",
    ("zh-CN", Kind.DUE_TODAY): "今天",
    ("zh-CN", Kind.OVERDUE): "逾期3天",
}
DATES = {"en": "12 March 2026", "zh-CN": "2026年3月12日"}
CONSEQUENCE = {"en": ("late fees", "reported"), "zh-CN": ("逾期费用", "上报征信")}
RAW = {"push", "wechat", "whatsapp", "in_app", "human_task", "webhook", "apprise"}
PAID = {"en": "If you have already paid, please ignore", "zh-CN": "请忽略"}


@pytest.fixture(scope="module")
def shipped() -> TemplateSet:
    return TemplateSet.load(SHIPPED)


def bodies(message: Rendered) -> list[str]:
    return [body for body in (message.text, message.html) if body]


@pytest.mark.parametrize("urgency", list(Urgency))
@pytest.mark.parametrize("kind", list(DATED))
@pytest.mark.parametrize("channel", CHANNELS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_body_says_all_that_a_reminder_must(
    shipped: TemplateSet, language: str, channel: str, kind: Kind, urgency: Urgency
) -> None:
    message = shipped.render(channel, facts(kind, language=language, urgency=urgency))
    for body in bodies(message):
        assert "NT$1,234.00" in body
        assert "NT$100.00" in body
        assert DATES[language] in body
        assert DAYS[language, kind] in body
        assert all(word in body for word in CONSEQUENCE[language])
        assert PAID[language] in body
        assert "Example Bank" in body
        assert not {"{", "}", "%", "\u200b"} & set(message.text)
    assert message.language == language
    assert message.template.startswith(f"{language}/{kind}.{channel}@")
    assert bool(message.subject) == (channel != "sms")
    assert bool(message.html) == (channel == "email")
    assert (1 <= message.segments <= 2) == (channel == "sms")
    assert "1,234" not in message.subject, "a subject shows on a locked screen"


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", list(DATED))
@pytest.mark.parametrize("channel", CHANNELS)
def test_urgency_changes_the_words(
    shipped: TemplateSet, kind: Kind, channel: str, language: str
) -> None:
    texts = {
        shipped.render(channel, facts(kind, language=language, urgency=u)).text for u in Urgency
    }
    assert len(texts) == len(Urgency)


@pytest.mark.parametrize("channel", CHANNELS)
def test_a_minimum_that_is_the_amount_is_not_named(shipped: TemplateSet, channel: str) -> None:
    for minimum in (0, 123_400, 200_000):
        message = shipped.render(channel, facts(minimum_minor=minimum))
        assert not any("inimum" in body for body in bodies(message))


def test_one_day_is_singular(shipped: TemplateSet) -> None:
    tomorrow = facts(today=DUE_ON - timedelta(days=1))
    assert "in 1 day." in shipped.render("sms", tomorrow).text


def test_chinese_sms_opens_with_its_signature(shipped: TemplateSet) -> None:
    message = shipped.render("sms", facts(language="zh-CN", lender="示例银行"))
    assert message.text.startswith("【示例银行】")


def test_empty_links_leave_their_sentences_out(shipped: TemplateSet) -> None:
    for channel in CHANNELS:
        message = shipped.render(channel, facts(pay_url="", unsubscribe_url=""))
        assert "http" not in message.text
        assert "href" not in message.html


@pytest.mark.parametrize(
    ("asked", "given"),
    [
        ("zh-CN", "zh-CN"),
        ("zh_cn", "zh-CN"),
        ("zh", "zh-CN"),
        ("zh-TW", "zh-CN"),
        ("en-GB", "en"),
        ("fr", "en"),
        ("", "en"),
        ("../../etc", "en"),
        ("z" * 10_000, "en"),
    ],
)
def test_the_nearest_language_is_taken(asked: str, given: str) -> None:
    assert nearest(asked, LANGUAGES) == given


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (facts(kind=Kind.OVERDUE, today=DUE_ON), "that is due_today"),
        (facts(amount_minor=0), "not above 0"),
        (facts(amount_minor=-5), "not above 0"),
        (facts(urgency="loud"), "urgency 'loud' is none of normal, raised, high"),
        (facts(currency="ZZZ"), "ISO 4217"),
        (facts(lender=" \t "), "lender is empty"),
        (facts(lender="\u2028  "), "lender is empty"),
        (facts(lender="   "), "lender is empty"),
        (facts(Kind.OVERDUE, bill_id="  "), "bill_id is empty"),
        (facts(pay_url="javascript:alert(1)"), "not a plain http"),
        (facts(pay_url="https://a.example/\r\nBcc: x"), "not a plain http"),
        (facts(unsubscribe_url='https://a.example/"onclick="x'), "not a plain http"),
    ],
)
def test_facts_that_cannot_be_true_are_refused_in_one_line(
    shipped: TemplateSet, wrong: Facts, says: str
) -> None:
    with pytest.raises(TemplateError, match=says) as caught:
        shipped.render("email", wrong)
    assert "\n" not in str(caught.value)


def test_unknown_kinds_and_channels_are_refused(shipped: TemplateSet) -> None:
    with pytest.raises(TemplateError, match="no templates"):
        shipped.render("pigeon", facts())
    with pytest.raises(TemplateError, match="none of pre_due, due_today, overdue"):
        shipped.render("sms", replace(facts(), kind="later"))


class Tags(HTMLParser):
    """Counts the tags of a document."""

    def __init__(self) -> None:
        super().__init__()
        self.names: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.append(tag)


def test_markup_in_facts_stays_text(shipped: TemplateSet) -> None:
    hostile = facts(
        lender="<script>alert(1)</script> & Söhne",
        bill_id='"><img src=x onerror=alert(1)>{{ 7*7 }}{% raw %}',
        pay_url="https://pay.example.com/?a=1&b=2",
    )
    message = shipped.render("email", hostile)
    tags = Tags()
    tags.feed(message.html)
    plain = Tags()
    plain.feed(shipped.render("email", facts()).html)
    assert tags.names == plain.names
    assert "?a=1&amp;b=2" in message.html
    assert "{{ 7*7 }}{% raw %}" in message.text


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_macro_hides_no_markup(shipped: TemplateSet, language: str) -> None:
    given = facts(Kind.CONTACT_UPDATE_REQUEST, language=language, about_channel="sms", ending="<b>")
    message = shipped.render("email", given)
    assert "&lt;b&gt;" in message.html
    assert "<b>" not in message.html
    assert "<b>" in message.text
    channels = ("<i>", "a&b")
    off = facts(Kind.OPTOUT_DISCLOSURE, language=language, about_channel="<u>", remaining=channels)
    html = shipped.render("email", off).html
    assert "&lt;u&gt;" in html
    assert "&lt;i&gt;" in html
    assert "a&amp;b" in html
    others = (OtherBill("<s>&", "TWD", 100_000, DUE_ON),)
    html = shipped.render("email", facts(language=language, others=others)).html
    assert "&lt;s&gt;&amp;<" in html


@pytest.mark.parametrize("channel", CHANNELS)
def test_line_breaks_and_deceiving_characters_are_taken_out(
    shipped: TemplateSet, channel: str
) -> None:
    lender = "Bank\r\nBcc: all@example.com\x00\u2028\u202e\ud800【Other】\x85"
    message = shipped.render(channel, facts(lender=lender, bill_id="B\n1\ud83d"))
    assert message.subject == " ".join(message.subject.split())
    for text in (message.subject, message.text, message.html):
        text.encode("utf-8")
        assert not set("\r\x00\u2028\u202e\x85【】") & set(text)
    assert "Bank Bcc: all@example.com" in message.text


def test_clean_leaves_ordinary_names_alone() -> None:
    for name in ("示例银行", "Ünïted Bank & Co. (HK)", "🏦 Bank", ""):
        assert clean(name) == name


def test_kind_follows_from_the_dates() -> None:
    assert [kind_on(DUE_ON, DUE_ON + timedelta(days=d)) for d in (-1, 0, 1)] == list(DATED)


def test_only_the_dated_kinds_follow_the_day() -> None:
    day_after = DUE_ON + timedelta(days=1)
    assert {kind_for(kind, DUE_ON, day_after) for kind in DATED} == {Kind.OVERDUE}
    for kind in set(Kind) - set(DATED):
        assert kind_for(kind.value, DUE_ON, day_after) is kind
    with pytest.raises(TemplateError, match="'bill_issued' is none of pre_due"):
        kind_for("bill_issued", DUE_ON, day_after)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", sorted(set(Kind) - ASKING))
@pytest.mark.parametrize("channel", CHANNELS)
def test_what_does_not_ask_for_money_names_no_amount_due_and_no_way_to_pay(
    shipped: TemplateSet, channel: str, kind: Kind, language: str
) -> None:
    for amount in (0, 123_400):  # a bill paid in full is still thanked for
        given = facts(kind, language=language, amount_minor=amount, about_channel="sms")
        message = shipped.render(channel, given)
        for body in bodies(message):
            assert "1,234" not in body
            assert "https://pay.example.com/b/1" not in body
            assert "Example Bank" in body
        assert message.template.startswith(f"{language}/{kind}.{channel}@")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("channel", CHANNELS)
def test_a_payment_is_thanked_for(shipped: TemplateSet, channel: str, language: str) -> None:
    given = facts(Kind.PAYMENT_RECEIVED, language=language, paid_minor=5_000, amount_minor=0)
    thanks = {"en": "Thank you", "zh-CN": "谢谢"}[language]
    for body in bodies(shipped.render(channel, given)):
        assert "NT$50.00" in body
        assert thanks in body


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("channel", CHANNELS)
def test_a_promise_is_followed_up_politely(
    shipped: TemplateSet, channel: str, language: str
) -> None:
    given = facts(Kind.PROMISE_FOLLOWUP, language=language, promised_on=DUE_ON)
    for body in bodies(shipped.render(channel, given)):
        assert "NT$1,234.00" in body
        assert DATES[language] in body
        assert {"en": "please", "zh-CN": "烦请"}[language] in body


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", sorted(ASKING))
@pytest.mark.parametrize("channel", [*CHANNELS, "push", "voice"])
def test_who_is_asked_to_pay_is_told_how_much_until_when_and_what_follows(
    shipped: TemplateSet, channel: str, kind: Kind, language: str
) -> None:
    """S4.14: amount, payment date and consequence, in every kind, channel and language."""
    promised = DUE_ON + timedelta(days=2)
    message = shipped.render(channel, facts(kind, language=language, promised_on=promised))
    for body in bodies(message):
        assert "1,234.00" in body
        assert DATES[language] in body
        assert message.params["consequence"] in body
        assert message.params["already_paid"] in body


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", [Kind.OPTOUT_DISCLOSURE, Kind.CONTACT_UPDATE_REQUEST])
@pytest.mark.parametrize("channel", [*CHANNELS, "push", "voice"])
def test_every_channel_is_called_by_a_word(
    shipped: TemplateSet, channel: str, kind: Kind, language: str
) -> None:
    every = tuple(sorted(ChannelName))
    for about in ("", *every):
        given = facts(kind, language=language, about_channel=about, remaining=every)
        for body in bodies(shipped.render(channel, given)):
            seen = (body.partition("</style>")[2] or body).replace("push message", "")
            assert not RAW & set(re.findall(r"[a-z_]+", seen))
            assert "by  are" not in body
            assert "通过您联系方式" not in body


@pytest.mark.parametrize("channel", CHANNELS)
def test_an_address_is_named_by_its_ending_alone(shipped: TemplateSet, channel: str) -> None:
    """S4.23: the customer learns which number is dead, a stranger who reads it learns nothing."""
    given = facts(Kind.CONTACT_UPDATE_REQUEST, about_channel="sms", ending="12")
    assert "the phone number ending 12" in shipped.render(channel, given).text
    unknown = facts(Kind.CONTACT_UPDATE_REQUEST, about_channel="email")
    assert "your e-mail address." in shipped.render(channel, unknown).text
    ends = replace(given, about_channel="email", language="zh-CN", ending="om")
    assert "您的邮箱" in shipped.render(channel, ends).text
    with pytest.raises(TemplateError, match="at most 4 characters"):
        shipped.render(channel, replace(given, ending="+8613800000012"))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("channel", CHANNELS)
def test_switching_off_discloses_what_follows(
    shipped: TemplateSet, channel: str, language: str
) -> None:
    """S1.14-S1.16: consequences, the advice to check bills, and the channels that stay on."""
    given = facts(
        Kind.OPTOUT_DISCLOSURE,
        language=language,
        about_channel="sms",
        remaining=("email", "in_app"),
    )
    said = {
        "en": ("check your bills regularly", "text message are off", "by e-mail and in-app"),
        "zh-CN": ("请定期查看账单", "已关闭短信提醒", "通过邮件、站内消息"),
    }[language]
    for body in bodies(shipped.render(channel, given)):
        assert all(words in body for words in (*said, *CONSEQUENCE[language]))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", DATED)
@pytest.mark.parametrize("channel", CHANNELS)
def test_bills_of_one_day_share_a_message(
    shipped: TemplateSet, channel: str, kind: Kind, language: str
) -> None:
    others = (
        OtherBill("B-2", "TWD", 100_000, DUE_ON),
        OtherBill("B-3", "USD", 5_000, DUE_ON),
    )
    message = shipped.render(channel, facts(kind, language=language, others=others))
    for body in bodies(message):
        assert "NT$1,234.00" in body
        assert "NT$2,234.00" in body
        assert "US$50.00" in body
        assert ("B-2" in body) == (channel != "sms")
    assert message.segments <= 3
    alone = shipped.render(channel, facts(kind, language=language))
    assert "2,234" not in alone.text


def test_a_bill_of_another_day_or_of_nothing_is_no_part_of_a_message(shipped: TemplateSet) -> None:
    for wrong, says in (
        (OtherBill("B-2", "TWD", 1, DUE_ON + timedelta(days=1)), "a message is of one day"),
        (OtherBill("B-2", "TWD", 0, DUE_ON), "is not above 0"),
    ):
        with pytest.raises(TemplateError, match=says):
            shipped.render("sms", facts(others=(wrong,)))


def test_html_can_be_read_aloud_and_in_the_dark(shipped: TemplateSet) -> None:
    for language in LANGUAGES:
        html = shipped.render("email", facts(language=language)).html
        assert f'<html lang="{language}">' in html
        assert '<meta name="color-scheme" content="light dark">' in html
        assert '<th scope="row"' in html
        assert "<img" not in html
        assert html.count("<h1") == 1


def test_loading_says_what_is_absent(tmp_path: Path) -> None:
    with pytest.raises(TemplateError, match="no folder"):
        TemplateSet.load(tmp_path / "none")
    with pytest.raises(TemplateError, match="no templates"):
        TemplateSet.load(tmp_path)
