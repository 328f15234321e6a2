"""What packs require stands in every shipped message, and what they forbid is refused (§3.2)."""

from __future__ import annotations

import re
import shutil
from dataclasses import replace
from itertools import product
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reminders.domain.compliance import Content, Mark, Pack, Source
from reminders.domain.kinds import MessageClass, MessageKind, class_of
from reminders.messages.barred import KNOWN, SHOWN_ANYWAY, found_in
from reminders.messages.catalogue import Message, messages, sources
from reminders.messages.errors import TemplateError
from reminders.messages.facts import OtherBill
from reminders.messages.law import NO_LAW, Law, law_of, only_a_number, refuse_barred
from reminders.messages.lint import lint
from reminders.messages.samples import sample, samples
from reminders.messages.templates import TemplateSet
from reminders.services.packs import read_packs
from tests.unit.messages.bills import SHIPPED

PACKS = read_packs(SHIPPED.parent / "packs")
TEMPLATES = TemplateSet.load(SHIPPED)
MESSAGES = list(messages(sources(SHIPPED)))
ACT = Source("Some Act s. 1", Mark.VERIFIED)
# What each sentence is known by, in English and in Chinese.
SAID = {
    Content.HOW_TO_DISPUTE: ("if you think this is wrong", "如有异议"),
    Content.CONTACT: ("reach us", "联系我们"),
    Content.DEBT_ADVICE: ("independent debt advice", "债务咨询"),
    Content.INFORMATION_SHEET: ("arrears information sheet", "欠款说明"),
    Content.FORBEARANCE_OFFER: ("cannot pay it now", "暂时无力归还"),
    Content.DEBT_COLLECTOR_LINE: ("from a debt collector", "催收机构"),
    Content.AGENT_IDENTITY: ("is authorised to collect", "受托"),
}
VALUES = {
    Content.LENDER: "Example Bank",
    Content.AMOUNT: "1,234,567.00",
    Content.BILL: "2026-09-000123",
    Content.DUE_ON: ("30 September 2026", "2026年9月30日"),
    Content.OPT_OUT_METHOD: ("stop|turn them off|switch these|how we reach you", "td|关闭|选择"),
    Content.HOW_TO_PAY: ("https://pay|on our website", "https://pay|网站"),
}


def law(name: str, kind: str, *, collector: bool = False) -> Law:
    known = {each.label: each for each in (PACKS[name], PACKS["house"])}
    return law_of(known.values(), class_of(MessageKind(kind)), collector=collector)


def shows(content: Content, text: str, language: str) -> bool:
    """An answer of its own to whether a finished message says it."""
    row = SAID.get(content) or VALUES[content]
    marks = row if isinstance(row, str) else row[language.startswith("zh")]
    return any(mark.lower() in text.lower() for mark in marks.split("|"))


@pytest.mark.parametrize("message", MESSAGES, ids=str)
def test_every_shipped_message_says_what_each_pack_asks(message: Message) -> None:
    facts = next(samples(message))
    for name, collector in product(sorted(PACKS), (False, True)):
        asked = law(name, message.kind, collector=collector)
        shown = TEMPLATES.render(message.channel, facts, law=asked)
        text = f"{shown.subject}\n{shown.text}"
        bodies = (text, f"{shown.subject}\n{shown.html}") if shown.html else (text,)
        for content in asked.asks_of(message.channel):
            for body in bodies:
                assert shows(content, body, message.language), (content, body)


def test_a_lender_in_its_own_name_says_nothing_of_a_collector() -> None:
    facts = sample("overdue", "en")
    own = TEMPLATES.render("sms", facts, law=law("us-reg-f", "overdue"))
    assert "debt collector" not in own.text
    assert "Reply STOP" in own.text
    others = TEMPLATES.render("sms", facts, law=law("us-reg-f", "overdue", collector=True))
    assert "from a debt collector" in others.text


def test_without_a_pack_nothing_is_added() -> None:
    facts = sample("overdue", "en")
    assert TEMPLATES.render("sms", facts, law=NO_LAW) == TEMPLATES.render("sms", facts)


def test_the_link_stays_at_the_end_of_a_text() -> None:
    for language in ("en", "zh-CN"):
        text = TEMPLATES.render("sms", sample("overdue", language), law=law("cn", "overdue")).text
        assert text.endswith("https://pay.example.com/b/2026-09-000123")


def test_what_cannot_be_said_is_refused_with_its_source() -> None:
    asks = Law({Content.DEBT_ADVICE: "uk@1: some rule"})
    with pytest.raises(TemplateError, match=r"does not say debt_advice \(uk@1: some rule\)"):
        TEMPLATES.render("sms", sample("pre_due", "en"), law=asks)


def test_every_name_that_a_pack_forbids_has_its_words() -> None:
    named = {lint for pack in PACKS.values() for lint in pack.forbidden}
    assert named == KNOWN


@pytest.mark.parametrize(
    ("lint_name", "text"),
    [
        ("arrest", "you may be arrested"),
        ("extra_fee", "a handling fee of 5"),
        ("extra_fee", "另收手续费"),
        ("false_status", "we are the government"),
        ("impersonation", "公安机关通知"),
        ("implied_arrest", "将被拘留"),
        ("inappropriate_message", "you are scum"),
        ("insult", "无赖"),
        ("misleading_claim", "列入黑名单"),
        ("misleading_reason", "your parcel is waiting"),
        ("new_loan_to_repay", "take out a loan"),
        ("new_loan_to_repay", "可以贷还贷"),
        ("premium_number", "call 0906 123 4567"),
        ("private_channel", "请加我微信abc"),
        ("promotion_in_notice", "限时优惠"),
        ("public_embarrassment", "name and shame"),
        ("public_posting", "将予曝光"),
        ("public_shaming", "deadbeat"),
        ("shame", "老赖"),
        ("simulated_court_paper", "this is a summons"),
        ("threat", "or else"),
        ("unfair_practice", "final warning"),
        ("unintended_action", "we will sue you"),
    ],
)
def test_each_is_found_in_english_or_chinese(lint_name: str, text: str) -> None:
    assert [name for name, _ in found_in(text, "overdue", frozenset({lint_name}))] == [lint_name]
    assert found_in(text, "overdue", frozenset(SHOWN_ANYWAY)) == ()


def test_a_legal_notice_may_name_the_step_that_is_intended() -> None:
    step = frozenset({"unintended_action"})
    assert found_in("legal action", "legal_notice", step) == ()
    assert found_in("legal action", "overdue", step) != ()


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"bill_id": "pay or else"}, '"or else" is barred: threat'),
        ({"bill_id": "we-arrest-1"}, '"arrest" is barred: arrest'),
        ({"bill_id": "arrest-you-1"}, '"arrest" is barred: arrest'),
        ({"bill_id": "jail.threatens.1"}, '"jail" is barred: arrest'),
        ({"bill_id": "police"}, '"police" is barred: impersonation'),
        ({"bill_id": "\uff57\uff45-\uff41rrest-1"}, '"arrest" is barred: arrest'),
        ({"bill_id": "p\u200bolice"}, '"police" is barred: impersonation'),
        ({"bill_id": "黑名單 7"}, '"黑名单" is barred: threat'),
    ],
)
def test_what_comes_from_outside_is_refused_in_the_finished_message(
    changed: dict[str, str], said: str
) -> None:
    facts = replace(sample("overdue", "en"), **changed)  # type: ignore[arg-type]  # texts all
    with pytest.raises(TemplateError, match=said) as refused:
        TEMPLATES.render("voice", facts, law=law("house", "overdue"))
    assert "house@2: house" in str(refused.value)
    assert TEMPLATES.render("sms", facts).text  # nobody forbids it


@pytest.mark.parametrize("lender", ["First Federal Savings", "人民银行联社", "Shameless Ltd"])
def test_a_lender_is_not_silenced_for_its_own_name(lender: str) -> None:
    for channel, language in product(("sms", "email", "voice"), ("en", "zh-CN")):
        facts = replace(sample("overdue", language), lender=lender)
        assert lender in TEMPLATES.render(channel, facts, law=law("house", "overdue")).text
    said = replace(sample("overdue", "en"), lender=lender, bill_id="police-come-7")
    with pytest.raises(TemplateError, match='"police" is barred'):
        TEMPLATES.render("sms", said, law=law("house", "overdue"))


@pytest.mark.parametrize("lender", ["Example  Bank", "Example\u3000Bank", " Example Bank "])
@pytest.mark.parametrize("message", MESSAGES, ids=str)
def test_blanks_in_a_lenders_name_hide_it_from_nobody(message: Message, lender: str) -> None:
    facts = replace(next(samples(message)), lender=lender)
    shown = TEMPLATES.render(message.channel, facts, law=law("house", message.kind))
    assert "Example Bank" in f"{shown.subject}\n{shown.text}"


def test_a_bill_that_only_the_link_names_is_looked_at_too() -> None:
    facts = replace(sample("pre_due", "en"), bill_id="police-come-7")
    assert "police" not in TEMPLATES.render("sms", replace(facts, pay_url="")).text
    with pytest.raises(TemplateError, match='"police" is barred'):
        TEMPLATES.render("sms", facts, law=law("house", "pre_due"))


@pytest.mark.parametrize("bill", ["police-7", "INV-POLICE-2026-09", "court:12", "7.WARRANT", "20"])
def test_a_bill_is_not_silenced_for_a_word_in_its_number(bill: str) -> None:
    for channel, language in product(("sms", "email", "voice"), ("en", "zh-CN")):
        link = f"https://pay.example.com/b/{bill}"
        other = OtherBill(f"{bill}1", "USD", 100, sample("overdue", language).due_on)
        facts = replace(sample("overdue", language), bill_id=bill, pay_url=link, others=(other,))
        assert TEMPLATES.render(channel, facts, law=law("cn", "overdue")).text


@pytest.mark.parametrize("bill", ["ARREST-7", "jail:1", "scum-1", "blacklist-9", "summons-jail-1"])
def test_the_number_of_a_bill_neither_threatens_nor_insults(bill: str) -> None:
    facts = replace(sample("overdue", "en"), bill_id=bill)
    asked = Law(forbidden=dict.fromkeys(("arrest", "insult", "misleading_claim"), "x"))
    with pytest.raises(TemplateError, match="is barred"):
        TEMPLATES.render("sms", facts, law=asked)


@pytest.mark.parametrize("bills", [("7", "police-7"), ("police-7", "7")])
def test_the_numbers_of_a_digest_are_spared_in_any_order(bills: tuple[str, ...]) -> None:
    """One number may stand within another: taken out first, it would leave the word behind."""
    law = Law(forbidden={"impersonation": "x"})
    refuse_barred("Bills police-7 and 7 are due", "overdue", bills, (), law)


def test_the_number_of_a_bill_hides_no_words_of_ours() -> None:
    asked = law("cn", "overdue")
    for bill, text in (("police-7", "Bill police-7: we call the police"), ("20", "20% off")):
        with pytest.raises(TemplateError, match="is barred"):
            refuse_barred(text, "overdue", [bill], [], asked)


@given(st.from_regex(r"[A-Za-z0-9._:-]{1,64}", fullmatch=True))
def test_what_is_only_a_number_says_one_word_at_most(bill: str) -> None:
    long = [each for each in re.split("[^A-Za-z]+", bill) if len(each) > 7]  # invoice has seven
    assert not only_a_number(bill) or (len(long) <= 1 and any(map(str.isdigit, bill)))


def test_the_random_part_of_a_link_is_no_word() -> None:
    facts = replace(sample("pre_due", "en"), pay_url="https://pay.example.com/p/x-jail-x")
    assert "jail" in TEMPLATES.render("sms", facts, law=law("house", "pre_due")).text


def test_a_premium_number_is_read_as_it_stands() -> None:
    facts = replace(sample("overdue", "en"), bill_id="0906 123 4567")
    with pytest.raises(TemplateError, match="premium_number"):
        TEMPLATES.render("voice", facts, law=law("uk-conc", "overdue"))
    TEMPLATES.render("voice", facts, law=law("cn", "overdue"))


@pytest.mark.parametrize("bill", ["20260901123456789", "B-118123", "118500", "C-1-900-555-1234"])
def test_a_bill_is_no_premium_number_because_its_figures_are_like_one(bill: str) -> None:
    asked = law("uk-conc", "overdue")
    facts = replace(sample("overdue", "en"), bill_id=bill)
    assert bill in TEMPLATES.render("email", facts, law=asked).text
    called = f"{bill}, call 0906 123 4567"
    with pytest.raises(TemplateError, match="0906 123 4567"):
        refuse_barred(called, "overdue", [bill], [], asked)


def test_the_lint_reads_the_packs(tmp_path: Path) -> None:
    folder = Path(shutil.copytree(SHIPPED, tmp_path / "templates"))
    (folder / "en/must_say/debt_advice.j2").unlink()
    path = folder / "en/overdue.sms.text.j2"
    words = path.read_text(encoding="utf-8")
    found = lint(folder, stamped=False, packs=PACKS.values())
    assert any("does not say debt_advice (eu@2026.12: CCD2" in line for line in found)
    path.write_text(f"{words} {{% if 0 %}}A handling fee is due.{{% endif %}}", encoding="utf-8")
    found = lint(folder, stamped=False, packs=[PACKS["cn"]])
    where = "en/overdue.sms.text.j2"
    assert f'{where}: "handling fee" is barred: extra_fee (CBA guideline 2026-01-30)' in found
    assert lint(folder, stamped=False, packs=[]) == []


def test_packs_are_asked_by_class() -> None:
    pack = Pack(
        "law",
        "1",
        hours={},
        required={MessageClass.COLLECTION: frozenset({Content.CONTACT})},
        required_sources={MessageClass.COLLECTION: ACT},
    )
    assert law_of([pack], MessageClass.COLLECTION).required == {
        Content.CONTACT: "law@1: Some Act s. 1"
    }
    assert law_of([pack], MessageClass.SERVICE_NOTICE).required == {}
