"""What no message may hold is found, each in both languages; what is shipped raises no alarm."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from reminders.messages.catalogue import sources
from reminders.messages.content import Fault, found_in
from reminders.messages.facts import Kind
from reminders.messages.lint import lint
from tests.unit.messages.bills import SHIPPED

PLANTED = [
    (Fault.THREAT, "Pay today or you will be arrested."),
    (Fault.THREAT, "This is your FINAL WARNING."),
    (Fault.THREAT, "后果自负。"),
    (Fault.THREAT, "我们将上门催收。"),
    (Fault.LEGAL_STEP, "We will take legal action."),
    (Fault.LEGAL_STEP, "我们将向法院起诉。"),
    (Fault.SHAME, "Only a deadbeat does not pay."),
    (Fault.SHAME, "老赖。"),
    (Fault.IMPERSONATION, "A message from the police."),
    (Fault.IMPERSONATION, "Our lawyers have been instructed."),
    (Fault.IMPERSONATION, "公安机关提醒您。"),
    (Fault.IMPERSONATION, "律师函已寄出。"),
    (Fault.THIRD_PARTY, "We will call your employer."),
    (Fault.THIRD_PARTY, "我们将联系您的家人。"),
    (Fault.OFFER, "Apply now for a new loan."),
    (Fault.OFFER, "Get 20% off your fees!"),
    (Fault.OFFER, "还款立减。"),
    (Fault.THREAT, "Pay, or face the consequences."),
    (Fault.THREAT, "You will be prosecuted."),
    (Fault.THREAT, "不还款后果很严重。"),
    (Fault.THREAT, "会影响您的子女。"),
    (Fault.LEGAL_STEP, "We'll sue."),
    (Fault.LEGAL_STEP, "将追究法律责任。"),
    (Fault.SHAME, "You are a thief."),
    (Fault.SHAME, "We post your photo where everyone will see it."),
    (Fault.SHAME, "欠债不还的无赖。"),
    (Fault.IMPERSONATION, "This is the IRS."),
    (Fault.IMPERSONATION, "我们已报警。"),
    (Fault.THIRD_PARTY, "We will call your mother."),
    (Fault.THIRD_PARTY, "我们会告诉你父母。"),
    (Fault.OFFER, "Refinance at a lower rate."),
    (Fault.OFFER, "低息贷款,点击申请贷款。"),
    (Fault.THREAT, "The consequences will be severe."),
    (Fault.SHAME, "You are a cheat."),
    (Fault.OFFER, "Refinance with us."),
    (Fault.OFFER, "A balance transfer deal."),
    (Fault.THIRD_PARTY, "We will call your contacts."),
    (Fault.OFFER, "您的贷款额度提升了。"),
]
HARMLESS = [
    "This is a courteous reminder; of course you may ignore it.",
    "Your agreement allows late fees, and the late payment may be reported to credit bureaus.",
    "We may use the remedies that your agreement and the law give us.",
    "Questions? Write to support, or call the number on your card.",
    "逾期后按合同可能产生逾期费用并上报征信。",
    "按时还款有助于保持良好的信用记录。",
    "如有困难请告诉我们。",
    "This bill was issued to you. Please update your contact details.",
    "请留意垃圾邮件箱。如遇可疑电话请告诉我们。",
    "Interest of 18 % APR applies to late payments; the consequences will be late fees.",
    "Beware of scammers and cheats: never share your details. Your contacts with us are kept.",
    "Your bill REFINANCE-2026-09 and that of your balance transfer are due on 3 May.",
    "垃圾处理费和生活垃圾费的账单已到期。",
    "联系单位:示例银行。您的贷款额度不受影响。最低息费见账单。",
]


@pytest.mark.parametrize(("fault", "text"), PLANTED)
def test_what_must_not_be_said_is_found_with_its_rule(fault: Fault, text: str) -> None:
    """S5.10, S5.11: lawful means only."""
    found = {hit.fault: hit for hit in found_in(text)}
    assert fault in found, found
    assert found[fault].source
    assert fault in {hit.fault for hit in found_in(f"<p>{text.upper()}</p>")}


@pytest.mark.parametrize(
    ("fault", "text"),
    [
        (Fault.LEGAL_STEP, "We will take legal\n  action."),
        (Fault.THREAT, "your last\u00a0chance"),
        (Fault.THREAT, "You will be ar\u200brested."),
        (Fault.THREAT, "You will be \uff41\uff52\uff52ested."),
        (Fault.THREAT, "You will be &#97;rrested."),
        (Fault.LEGAL_STEP, "我們將起 訴"),
        (Fault.LEGAL_STEP, "我們將提起訴訟"),
        (Fault.THREAT, "後果自負"),
        (Fault.SHAME, "老賴"),
        (Fault.IMPERSONATION, "律師函"),
        (Fault.THIRD_PARTY, "您的家屬"),
        (Fault.OFFER, "限時優惠"),
        (Fault.OFFER, "A limited-time offer."),
        (Fault.IMPERSONATION, "p o l i c e"),
        (Fault.IMPERSONATION, "P.O.L.I.C.E"),
        (Fault.IMPERSONATION, "p\u0336o\u0336l\u0336i\u0336c\u0336e"),
        (Fault.IMPERSONATION, "po\ufe0flice"),
        (Fault.IMPERSONATION, "po\u034flice"),
        (Fault.IMPERSONATION, "po\u3164lice"),
        (Fault.IMPERSONATION, "po\u2800lice"),
        (Fault.IMPERSONATION, "pol\u00edce"),
        (Fault.IMPERSONATION, "p\u043eli\u0441e"),
        (Fault.IMPERSONATION, "公·安"),
        (Fault.IMPERSONATION, "公* 安"),
    ],
)
def test_no_way_of_writing_hides_a_word(fault: Fault, text: str) -> None:
    assert fault in {hit.fault for hit in found_in(text)}


@pytest.mark.parametrize("text", HARMLESS)
def test_plain_facts_and_courtesy_are_no_fault(text: str) -> None:
    assert list(found_in(text)) == []


def test_a_tag_neither_hides_a_word_nor_is_one() -> None:
    assert [hit.fault for hit in found_in("<b>pol</b>ice")] == [Fault.IMPERSONATION]
    assert list(found_in('<td class="court">x</td><style>.sue{}</style>')) == []


def test_what_is_shipped_holds_none_of_it() -> None:
    for name, text in sources(SHIPPED).items():
        assert list(found_in(text)) == [], name


def test_only_a_formal_notice_may_name_the_court() -> None:
    text = "We may ask the court to decide."
    assert list(found_in(text, Kind.LEGAL_NOTICE)) == []
    assert [hit.fault for hit in found_in(text, Kind.OVERDUE)] == [Fault.LEGAL_STEP]
    assert list(found_in("The police will come.", Kind.LEGAL_NOTICE))


@pytest.mark.parametrize(("fault", "text"), PLANTED[::3])
def test_the_lint_refuses_a_planted_phrase(tmp_path: Path, fault: Fault, text: str) -> None:
    folder = Path(shutil.copytree(SHIPPED, tmp_path / "templates"))
    (folder / "en/overdue.consequence.j2").write_text(text, encoding="utf-8")
    found = lint(folder, stamped=False)
    assert any(f"is barred: {fault} (" in line for line in found), found


def test_a_phrase_that_only_shows_when_it_is_written_is_found(tmp_path: Path) -> None:
    folder = Path(shutil.copytree(SHIPPED, tmp_path / "templates"))
    path = folder / "en/overdue.sms.text.j2"
    path.write_text(path.read_text(encoding="utf-8") + " {{ 'pol' ~ 'ice' }}", encoding="utf-8")
    found = lint(folder, stamped=False)
    assert any('"police" is barred: impersonation' in line for line in found), found
