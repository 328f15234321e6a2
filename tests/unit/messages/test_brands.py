"""A brand says some things in its own words, and everything else in everybody's."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from reminders.messages.catalogue import read_versions
from reminders.messages.errors import TemplateError
from reminders.messages.lint import lint, stamp
from reminders.messages.templates import TemplateSet
from tests.unit.messages.bills import SHIPPED, facts


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    found = Path(shutil.copytree(SHIPPED, tmp_path / "templates"))
    own = found / "brands" / "acme"
    (own / "en").mkdir(parents=True)
    (own / "lender.j2").write_text("Acme Pay\n", encoding="utf-8")
    words = (found / "en/pre_due.sms.text.j2").read_text(encoding="utf-8")
    changed = words.replace("bill of", "Acme bill of")
    (own / "en/pre_due.sms.text.j2").write_text(changed, encoding="utf-8")
    return found


def test_a_brand_overrides_single_files(folder: Path) -> None:
    assert stamp(folder) == ["brands/acme/en/pre_due.sms"]
    templates = TemplateSet.load(folder)
    assert templates.brands == ("acme",)
    own = templates.render("sms", facts(), brand="acme")
    assert own.text.startswith("Acme Pay: Your Acme bill of NT$1,234.00")
    assert own.template == "brands/acme/en/pre_due.sms@1"
    shared = templates.render("email", facts(), brand="acme")
    assert shared.template == templates.render("email", facts()).template
    assert shared.subject.startswith("Acme Pay:")
    assert templates.render("sms", facts()).text.startswith("Example Bank: Your bill of")


def test_a_brand_may_have_a_layout_of_its_own(folder: Path) -> None:
    layout = (folder / "layout.html.j2").read_text(encoding="utf-8")
    own = folder / "brands/acme/layout.html.j2"
    own.write_text(layout.replace("<main", "<!-- acme --><main"), encoding="utf-8")
    stamp(folder)
    templates = TemplateSet.load(folder)
    assert "<!-- acme -->" in templates.render("email", facts(), brand="acme").html
    assert "<!-- acme -->" not in templates.render("email", facts()).html


def test_a_brands_words_are_linted_and_stamped_like_all(folder: Path) -> None:
    assert lint(folder) == ["brands/acme/en/pre_due.sms: has no version in versions.txt"]
    with pytest.raises(TemplateError, match=r"brands/acme/en/pre_due\.sms: its words"):
        TemplateSet.load(folder)
    own = folder / "brands/acme/en/pre_due.sms.text.j2"
    own.write_text("{{ lender }}: pay, or else", encoding="utf-8")
    found = lint(folder, stamped=False)
    assert "brands/acme/en/pre_due.sms.text.j2: does not say amount" in found
    assert any("is barred: threat" in line for line in found)
    assert "brands/acme/en/pre_due.sms" not in read_versions(folder)


@pytest.mark.parametrize("lender", ["Thief River Federal Bank", "Police & Sons"])
def test_a_brands_lender_may_be_called_as_it_is(folder: Path, lender: str) -> None:
    """Its name claims nothing; what else its words say is looked at as ever."""
    (folder / "brands/acme/lender.j2").write_text(lender, encoding="utf-8")
    assert stamp(folder) == ["brands/acme/en/pre_due.sms"]
    own = folder / "brands/acme/en/pre_due.sms.text.j2"
    own.write_text(own.read_text(encoding="utf-8") + " The police know.", encoding="utf-8")
    assert any('"police" is barred' in each for each in lint(folder, stamped=False))


def test_a_stray_file_of_a_brand_is_named(folder: Path) -> None:
    (folder / "brands/acme/en/nothing.sms.text.j2").write_text("x", encoding="utf-8")
    found = lint(folder, stamped=False)
    assert found == ["brands/acme/en/nothing.sms.text.j2: no message uses this file"]
