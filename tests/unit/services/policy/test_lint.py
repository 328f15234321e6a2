"""Each fault that would hurt is found once, on its line, with a fix (policy as code)."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from reminders.domain.errors import PolicyError
from reminders.services import policy_files
from reminders.services.policy import lint as linter
from reminders.services.policy import lint_rungs
from reminders.services.policy.findings import Finding, Severity
from reminders.services.policy.law import pack_texts
from reminders.services.policy.lint import Unreadable, errors, lint

CONFIG = Path(linter.__file__).parents[3] / "config"
TEXT = (CONFIG / "policies" / "default.yaml").read_text(encoding="utf-8")
D_3 = '{name: d-3, at: "due_date - 3d 10:00", until: "due_date - 1d 10:00", kind: pre_due,'
D_1 = '{name: d-1, at: "due_date - 1d 10:00"'
LATE_D_3 = D_3.replace("10:00", "22:00").replace("- 1d 22", "- 3d 23")
EARLY_D_1 = (
    '{name: d-2, at: "due_date - 2d 21:30", until: "due_date - 0d 09:00", kind: pre_due,'
    f" urgency: normal, tiers: [R1]}}\n  - {D_1.replace('10:00', '07:30')}"
)
TRIAL = "\nexperiment: {name: trial, holdout: 0.6, groups: {a: 0.5}}\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A configuration of one's own."""
    for name in ("packs", "cards", "templates"):
        shutil.copytree(CONFIG / name, tmp_path / name)
    (tmp_path / "policies").mkdir()
    return tmp_path


def found_in(folder: Path, text: str) -> list[Finding]:
    path = folder / "policies" / "mine.yaml"
    path.write_text(text, encoding="utf-8")
    return lint(path)


def test_the_shipped_policies_have_no_fault() -> None:
    for path in sorted((CONFIG / "policies").glob("*.yaml")):
        assert errors(lint(path)) == [], path


@pytest.mark.parametrize(
    ("old", "new", "rule", "on", "what", "fix"),
    [
        ("quiet: {", "quite: {}\nquiet: {", "unknown-key", "quite: {}", "quite is unknown",
         "did you mean quiet?"),
        ("urgency: raised, tiers: [R1", "urgncy: raised, tiers: [R1", "unknown-key", "name: d-1",
         "stages.2.urgncy is unknown", "did you mean urgency?"),
        ('at: "due_date - 3d 10:00"', 'at: "due_date - 1d 10:00"', "ends-before", "name: d-3",
         "d-3 ends before it begins", "after at"),
        ("name: d0,", "name: d-1,", "stage-twice", 'name: d-1, at: "due_date + 0d', "d-1 stands",
         "another name"),
        (D_1, '{name: d-1, at: "due_date - 3d 14:00"', "same-day", "name: d-1", "as d-3",
         "another day"),
        (D_3, LATE_D_3, "no-legal-hour", "name: d-3",
         "no legal hour from 22:00", "08:00-21:00"),
        (D_1, EARLY_D_1, "shadowed",
         "name: d-2", "d-1 begins before", "take it out"),
        ("- {channel: email, confirm: accepted, confirm_within_minutes: 240}",
         "- {channel: fax, confirm: accepted, confirm_within_minutes: 240}", "ungranted-channel",
         "channel: fax", "ladders.R3.1.channel", "sms"),
        ("urgency: high, tiers: [R0, R1, R2, R3]}\n  - {name: d+1",
         "urgency: high, tiers: [R0, R1], when: \"tier == 'R2'\"}\n  - {name: d+1", "never-holds",
         "name: d0", "no bill can meet", "correct the condition"),
        ("urgency: high, tiers: [R0, R1, R2, R3]}\n  - {name: d+1",
         'urgency: high, tiers: [R0], when: "amuont_due > 0"}\n  - {name: d+1', "condition",
         "name: d0", "did you mean amount_due?", "policy-language.md"),
        ("retry:\n", TRIAL + "retry:\n", "shares", "experiment:", "add up to 1.1", "lower"),
        ("[10, R1], [40, R2]", "[40, R1], [10, R2]", "card", "  tiers: [[0", "must rise", "rising"),
        ("per_bill: 12", "per_bill: 4", "over-cap", "name: d+1",
         "policy.per_bill allows 4 a bill", "raise limits"),
        ("CN: cn", "CN: china", "pack", "CN: china", "there is no pack china", "packs: cn"),
    ],
)  # fmt: skip
def test_each_rule_names_line_and_fix(
    folder: Path, old: str, new: str, rule: str, on: str, what: str, fix: str
) -> None:
    assert old in TEXT
    text = TEXT.replace(old, new, 1)
    line = next(number for number, each in enumerate(text.splitlines(), 1) if on in each)
    found = errors(found_in(folder, text))
    assert [(each.rule, each.line) for each in found][:1] == [(rule, line)]
    assert {each.rule for each in found} == {rule}
    assert what in found[0].what
    assert fix in found[0].fix


@pytest.mark.parametrize(
    ("channel", "confirm", "fix"),
    [
        ("email", "delivered", "confirm: accepted, acted, read"),
        ("webhook", "read", "confirm: accepted, acted"),
        ("voice", "read", "confirm: accepted, acted, delivered"),
    ],
)
def test_a_rung_that_waits_for_what_its_channel_never_says_is_a_warning(
    folder: Path, channel: str, confirm: str, fix: str
) -> None:
    old = "- {channel: email, confirm: accepted, confirm_within_minutes: 240}"
    new = f"- {{channel: {channel}, confirm: {confirm}, confirm_within_minutes: 240}}"
    text = TEXT.replace(old, new, 1)
    (found,) = [each for each in found_in(folder, text) if each.rule == "never-confirms"]
    assert (found.line, found.fix) == (text[: text.index(new)].count("\n") + 1, fix)
    assert found.severity is Severity.WARNING
    assert f"{channel} that it was {confirm}" in found.what


def test_a_channel_that_was_added_without_its_row_is_no_traceback(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = {name: told for name, told in lint_rungs._TOLD.items() if name != "webhook"}
    monkeypatch.setattr(lint_rungs, "_TOLD", known)
    old = "- {channel: email, confirm: accepted, confirm_within_minutes: 240}"
    text = TEXT.replace(old, old.replace("email", "webhook").replace("accepted", "read"), 1)
    assert "never-confirms" not in {each.rule for each in found_in(folder, text)}


def test_a_channel_without_a_provider_is_a_warning_where_settings_tell(folder: Path) -> None:
    path = folder / "policies" / "mine.yaml"
    path.write_text(TEXT, encoding="utf-8")
    named = lint(path, served=frozenset({"sms", "in_app", "human_task"}))
    found = [each for each in named if each.rule == "no-provider"]
    lines = TEXT.splitlines()
    assert found
    assert {each.severity for each in found} == {Severity.WARNING}
    assert all("channel: email" in lines[each.line - 1] for each in found)
    for served in (None, frozenset({"sms", "email", "in_app", "human_task"})):
        assert "no-provider" not in {each.rule for each in lint(path, served=served)}


def test_every_country_under_no_countrys_law_is_a_warning(folder: Path) -> None:
    start, end = TEXT.index("packs:"), TEXT.index("\nretry:")
    text = f'{TEXT[:start]}packs: {{"*": house}}\n{TEXT[end:]}'
    (found,) = [each for each in found_in(folder, text) if each.rule == "pack"]
    assert found.line == text[:start].count("\n") + 1
    assert found.severity is Severity.WARNING
    assert "no jurisdiction's law is named" in found.what
    for lawful in (
        text.replace("applies_to: {}", "applies_to: {jurisdiction: [TW]}"),
        text.replace("house}", "house, CN: cn}"),
    ):
        assert lawful != text
        assert "pack" not in {each.rule for each in found_in(folder, lawful)}


def test_no_shipped_ladder_waits_for_what_is_never_said() -> None:
    for path in sorted((CONFIG / "policies").glob("*.yaml")):
        assert "never-confirms" not in {each.rule for each in lint(path)}, path


def test_the_stages_that_a_cap_would_suppress_are_named(folder: Path) -> None:
    (found,) = errors(found_in(folder, TEXT.replace("per_bill: 12", "per_bill: 5")))
    assert "suppressed would be d+3 (R2, R3), d+7 (R1, R2, R3)" in found.what
    found_elsewhere = [each for each in found_in(folder, TEXT) if each.severity is Severity.WARNING]
    assert any("us.text.7d allows 3 in 168 hours" in each.what for each in found_elsewhere)


def test_a_message_without_its_template_is_found(folder: Path) -> None:
    (folder / "templates" / "en" / "due_today.email.html.j2").unlink()
    (found,) = errors(found_in(folder, TEXT))
    line = next(n for n, each in enumerate(TEXT.splitlines(), 1) if "kind: due_today" in each)
    assert (found.rule, found.line) == ("no-template", line)
    assert "no template for en/due_today.email" in found.what
    assert "write en/due_today.email.html.j2" in found.fix


def test_an_offer_inside_a_notice_is_found(folder: Path) -> None:
    words = folder / "templates" / "en" / "pre_due.sms.text.j2"
    words.write_text(words.read_text(encoding="utf-8") + "\nGet a 5% discount today!\n", "utf-8")
    (found,) = errors(found_in(folder, TEXT))
    line = next(n for n, each in enumerate(TEXT.splitlines(), 1) if "kind: pre_due" in each)
    assert (found.rule, found.line) == ("offer", line)
    assert 'offers "discount" inside a service_notice' in found.what


def test_a_card_that_is_not_there_is_named(folder: Path) -> None:
    text = TEXT[: TEXT.index("\nrisk:")] + "\nrisk: {card: mine}\n"
    (found,) = errors(found_in(folder, text))
    assert (found.rule, found.what) == ("card", "risk: there is no card mine")


@pytest.mark.parametrize("text", ["stages: [", "name: a\nname: b\n", "a: !!python/object:x {}"])
def test_what_is_no_yaml_is_unreadable(folder: Path, text: str) -> None:
    with pytest.raises(Unreadable, match=r"mine\.yaml: "):
        found_in(folder, text)


def test_a_file_that_is_not_there_is_unreadable(folder: Path) -> None:
    with pytest.raises(Unreadable, match="cannot be read"):
        lint(folder / "policies" / "none.yaml")


@pytest.mark.parametrize("text", ["", "[]", "1", "a text", "stages: 1", "packs: [1]\nname: []"])
def test_any_yaml_gives_findings_and_no_crash(folder: Path, text: str) -> None:
    assert errors(found_in(folder, text))


@pytest.mark.parametrize("text", ["", "# 空", "null", "[]", "a text"])
def test_what_has_no_keys_is_told_how_to_begin(folder: Path, text: str) -> None:
    (found,) = found_in(folder, text)
    assert (found.line, found.what) == (1, "policy: no keys stand here")
    assert "name: and version:" in found.fix


@pytest.mark.parametrize("number", ["true", "'2'"])
@pytest.mark.parametrize("key", ["per_day", "confirm_within_minutes"])
def test_what_the_schema_calls_no_number_is_none(folder: Path, key: str, number: str) -> None:
    """Read as 1, `per_day: true` would be a cap that nobody wrote."""
    text = re.sub(rf"{key}: [0-9]+", f"{key}: {number}", TEXT, count=1)
    (found,) = errors(found_in(folder, text))
    assert f".{key}: " in found.what


def test_a_key_that_is_like_no_other_is_not_said_to_be_one(folder: Path) -> None:
    (found,) = errors(found_in(folder, TEXT + "\ncolour: red\n"))
    assert (found.rule, found.fix) == ("unknown-key", "take it out, or see policy.schema.json")


@pytest.mark.parametrize("version", ["99999999999", "true", "1.0", "'3'"])
def test_a_version_is_a_number_that_the_ledger_can_keep(folder: Path, version: str) -> None:
    text = re.sub(r"(?m)^version: .*$", f"version: {version}", TEXT)
    (found,) = errors(found_in(folder, text))
    assert (found.rule, found.what.partition(":")[0]) == ("shape", "version")


def test_a_policy_written_elsewhere_is_looked_over_under_the_shipped_law(tmp_path: Path) -> None:
    """Without its packs it would be clean, and be put in force with no law at all."""
    path = tmp_path / "mine" / "policy.yaml"
    path.parent.mkdir()
    path.write_text(TEXT.replace("CN: cn", "CN: nosuch"), "utf-8")
    (found,) = errors(lint(path))
    assert found.what == "packs.CN: there is no pack nosuch"
    path.write_text(TEXT, "utf-8")
    policy, _ = policy_files.read(path)
    assert policy.pack_of["CN"] == "cn"
    assert {"cn", "house"} <= policy.packs.keys()


@pytest.mark.parametrize(("left", "on"), [("packs: {}\n", "packs: {}"), ("", "name: default")])
def test_a_policy_under_no_law_at_all_is_refused(folder: Path, left: str, on: str) -> None:
    """No hours, caps, consent or content would be asked but the policy's own."""
    packs = re.compile(r"(?m)^packs:\n(  .*\n)+")
    assert packs.search(TEXT)
    text = packs.sub("", TEXT) + left
    (found,) = errors(found_in(folder, text))
    assert (found.rule, found.line) == ("pack", text.splitlines().index(on) + 1)
    assert 'packs: {"*": house}' in found.fix


def test_a_pack_that_is_named_is_never_left_out(tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match="cannot be read"):
        pack_texts(tmp_path / "nowhere", ["cn"])
