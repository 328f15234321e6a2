"""The lint passes what is shipped and finds each way in which a template can be wrong."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from reminders.messages.__main__ import main
from reminders.messages.catalogue import VERSIONS, read_versions
from reminders.messages.errors import TemplateError
from reminders.messages.facts import NOTICES, Kind
from reminders.messages.lint import lint, stamp
from reminders.messages.templates import TemplateSet
from tests.unit.messages.bills import SHIPPED, facts

SMS = "en/pre_due.sms.text.j2"
PUSH = "en/push.already_paid.j2"
VOICE = "en/payment_received.voice.text.j2"
SPOKEN = "en/overdue.voice.text.j2"
NOTICE = "en/legal_notice.sms.text.j2"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(SHIPPED, tmp_path / "templates"))


def edit(folder: Path, name: str, old: str, new: str) -> None:
    path = folder / name
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_the_shipped_templates_are_sound() -> None:
    assert lint(SHIPPED) == []


@pytest.mark.parametrize(
    ("name", "old", "new", "says"),
    [
        (SMS, "{{ amount }}", "some money", f"{SMS}: does not say amount"),
        (SMS, "{{ due_on }}", "soon", f"{SMS}: does not say due_on"),
        (SMS, "{{ consequence }}", "", f"{SMS}: does not say consequence"),
        (SMS, "{{ already_paid }}", "", f"{SMS}: does not say already_paid"),
        (SMS, "{{ lender }}", "Us", f"{SMS}: does not say lender"),
        (SMS, "{{ amount }}", "{{ amuont }}", f"{SMS}: there is no variable amuont"),
        (SMS, "{% if minimum %}", "{% if minimum ", f"{SMS} line 1"),
        (SMS, "{{ amount }}", "{% if 0 %}{{ amount }}{% endif %}", "does not show the amount"),
        (SMS, "{{ amount }}", "{{ amount.__class__.mro }}", "unsafe"),
        (SMS, "{{ amount }}", "{{ amount / 0 }}", f"{SMS}: unsupported operand"),
        (SMS, "{{ amount }}", "{{ amount }}" + "x" * 400, "SMS segments, at most 3"),
        ("zh-CN/overdue.sms.text.j2", "【", "[", "must open with the signature"),
        ("en/overdue.email.subject.j2", "{{ days }}", "{{ amount }}", "on a locked screen"),
        ("layout.html.j2", "{{ amount }}", "", "pre_due.email.html.j2: does not say amount"),
        ("layout.html.j2", "{{ due_on }}", "{{ when }}", "there is no variable when"),
        (SMS, "total {{ total }}", "some", f"{SMS}: does not say total"),
        (SMS, "total {{ total }}", "{% if 0 %}{{ total }}{% endif %}", "the total of several"),
        ("en/payment_received.sms.text.j2", "Thank", "{{ pay_url }} Thank", "asks for money"),
        ("en/promise_followup.sms.text.j2", "{{ amount }}", "It", "does not say amount"),
        ("en/optout_disclosure.sms.text.j2", "{{ consequence }}", "", "does not say consequence"),
        ("en/contact_update_request.in_app.subject.j2", "please", "{{ ending }}", "locked screen"),
        ("en/already_paid.j2", "you", "{{ lender }}", "a phrase with a variable"),
        (SMS, "{{ lender }}", "{{ lender }} {{ ending }}", "ending is no matter of a pre_due"),
        (PUSH, "Paid", "x" * 120 + "Paid", "the text has"),
        ("en/push.already_paid.j2", "Paid", "x" * 99, "characters, at most 170"),
        (
            "en/overdue.push.subject.j2",
            "bill",
            "your monthly bill is now",
            "characters, at most 50",
        ),
        (VOICE, "Thank", "{{ pay_url }} Thank", "pay_url cannot be said"),
        (SPOKEN, "in our app", "at {{ pay_url }}", "pay_url cannot be said on the phone"),
        (SPOKEN, "in our app", "at https://x.example", "'https:' cannot be said"),
        (SPOKEN, "in our app", "at {{ amount }}", "says the amount more than once"),
        (SPOKEN, "bill {{ bill_id }}", "bill", "does not say bill_id"),
        (SPOKEN, "You can pay", "You can pay" + " so" * 60, "characters, at most 150"),
        (NOTICE, "{{ bill_id }}", "", "does not say bill_id"),
        (NOTICE, "If you", "{{ unsubscribe_url }} If you", "which the law orders"),
    ],
)
def test_each_fault_is_named(folder: Path, name: str, old: str, new: str, says: str) -> None:
    edit(folder, name, old, new)
    found = lint(folder, stamped=False)
    assert any(says in line for line in found), found
    assert not any("\n" in line for line in found)


@pytest.mark.parametrize(
    "name",
    [SMS, "zh-CN/overdue.email.html.j2", "zh-CN/due_today.consequence.j2", "en/already_paid.j2"],
)
def test_an_absent_file_is_named(folder: Path, name: str) -> None:
    (folder / name).unlink()
    assert f"{name}: absent or empty" in lint(folder, stamped=False)


def test_an_absent_template_is_one_line_at_rendering(folder: Path) -> None:
    (folder / SMS).unlink()
    templates = TemplateSet.load(folder, stamped=False)
    with pytest.raises(TemplateError, match=r"there is no template en/pre_due\.sms"):
        templates.render("sms", facts())
    (folder / "en/pre_due.email.html.j2").unlink()
    templates = TemplateSet.load(folder, stamped=False)
    with pytest.raises(TemplateError, match=r"there is no template en/pre_due\.email\.html"):
        templates.render("email", facts())


def test_an_unknown_variable_is_one_line_at_rendering(folder: Path) -> None:
    edit(folder, SMS, "{{ amount }}", "{{ amuont }}")
    templates = TemplateSet.load(folder, stamped=False)
    with pytest.raises(TemplateError, match=f"{SMS}: 'amuont' is undefined"):
        templates.render("sms", facts())


def test_a_stray_file_and_broken_bytes_are_named(folder: Path) -> None:
    (folder / "en/pre_due.smss.text.j2").write_text("lost", encoding="utf-8")
    assert "en/pre_due.smss.text.j2: no message uses this file" in lint(folder)
    (folder / "en/broken.j2").write_bytes(b"\xff\xfe")
    assert lint(folder) == ["en/broken.j2 is not UTF-8: invalid start byte"]


def test_words_changed_without_a_version_are_refused_until_stamped(folder: Path) -> None:
    before = read_versions(folder)
    number = before["en/pre_due.sms"].number
    edit(folder, "en/pre_due.consequence.j2", "late fees", "late fees, as agreed,")
    assert any(f"its words changed since version {number}" in line for line in lint(folder))
    with pytest.raises(TemplateError, match="--stamp"):
        TemplateSet.load(folder)

    changed = stamp(folder)

    assert changed == [f"en/pre_due.{each}" for each in ("email", "in_app", "sms", "voice")]
    assert lint(folder) == []
    message = TemplateSet.load(folder).render("sms", facts())
    assert message.template == f"en/pre_due.sms@{number + 1}"
    assert stamp(folder) == []


def test_a_shared_layout_raises_every_version_that_shows_it(folder: Path) -> None:
    edit(folder, "layout.html.j2", "22px", "24px")
    assert len(stamp(folder)) == 2 * len(Kind)


def test_a_new_language_must_not_borrow_words(folder: Path) -> None:
    shutil.copytree(folder / "en", folder / "de")
    assert "de/overdue.email.html.j2: takes words from en/layout.html.j2, another language" in lint(
        folder, stamped=False
    )
    for path in (folder / "de").glob("*.j2"):
        words = path.read_text(encoding="utf-8")
        path.write_text(words.replace('"en/', '"de/'), encoding="utf-8")
    assert len(stamp(folder)) == 5 * len(Kind) - 2 * len(NOTICES)  # without push and voice
    shown = TemplateSet.load(folder).render("email", facts(language="de-AT"))
    assert (shown.language, shown.template) == ("de", "de/pre_due.email@1")


def test_broken_words_get_no_version(folder: Path) -> None:
    kept = (folder / VERSIONS).read_text(encoding="utf-8")
    edit(folder, SMS, "{{ amount }}", "{{ amount ")
    with pytest.raises(TemplateError, match=SMS):
        stamp(folder)
    assert (folder / VERSIONS).read_text(encoding="utf-8") == kept


def test_a_broken_versions_line_is_named(folder: Path) -> None:
    (folder / VERSIONS).write_text("en/pre_due.sms one abc\n", encoding="utf-8")
    assert lint(folder) == [f"{VERSIONS} line 1: expected 'message version hash'"]


def test_command(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(folder)]) == 0
    edit(folder, SMS, "Pay:", "Pay here:")
    assert main([str(folder)]) == 1
    assert main([str(folder), "--stamp"]) == 0
    assert "stamped en/pre_due.sms" in capsys.readouterr().out
    edit(folder, SMS, "{{ amount }}", "")
    assert main([str(folder), "--stamp"]) == 1
    assert main([str(folder / "none")]) == 1
