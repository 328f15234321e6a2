"""A policy file that cannot be carried out is refused with a line that says where and why."""

from __future__ import annotations

from dataclasses import replace
from datetime import time, timedelta
from pathlib import Path

import pytest

from reminders.domain.errors import PolicyError
from reminders.domain.policy import Confirm
from reminders.domain.tier import Tier
from reminders.services import policy_files
from reminders.services.policy.bundle import dump, sources_of
from reminders.services.policy.files import gather

SHIPPED = Path(policy_files.__file__).parents[2] / "config" / "policies" / "default.yaml"
TEXT = SHIPPED.read_text(encoding="utf-8")
VERSION = policy_files.parse(TEXT).version


def test_the_shipped_policy_reads_as_it_is_written() -> None:
    policy, text = policy_files.read(SHIPPED)
    assert sources_of(text).policy == TEXT
    assert policy.label == f"default@{VERSION}"
    assert [stage.offset_days for stage in policy.stages] == [-7, -3, -1, 0, 1, 3, 7]
    assert {stage.at for stage in policy.stages} == {time(10)}
    assert policy.ladders[Tier.R0][0].confirm is Confirm.ACCEPTED
    assert policy.retry.waits == tuple(timedelta(minutes=n) for n in (1, 5, 15))
    assert policy.quiet.start == time(21)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        (f"version: {VERSION}", "version: 0", "version: Input should be greater"),
        ("name: default", "name: My Policy", "name: "),
        ("quiet: {", "colour: red\nquiet: {", "colour: Extra inputs are not permitted"),
        ("urgency: high", "urgency: frantic", "stages.3.urgency: Input should be"),
        ("  R3:\n", "  R9:\n", "ladders.R9"),
        ("tiers: [R2, R3]", "tiers: []", "stages.0.tiers: "),
        ("name: d-3,", "name: d-1,", "stages: d-1 stands twice"),
        ("channel: email, confirm: accepted, confirm_within_minutes: 240",
         "channel: sms, confirm: accepted, confirm_within_minutes: 240",
         "ladders.R3: a channel stands twice"),
        ('at: "due_date - 7d 10:00"', "at: 10:00", "stages.0.at: write it as"),
        ('start: "21:00"', "start: 21:00", "quiet.start: write it in quotes"),
        ('start: "21:00"', 'start: "21:00Z"', "quiet.start: write it in quotes"),
        ('at: "due_date - 3d 10:00"', 'at: "due_date - 7d 10:00"', "d-7 and d-3 have one moment"),
        ('until: "due_date - 1d 10:00"', 'until: "due_date - 3d 10:00"', "stages.1: d-3 ends"),
        ("[[0, R0], [10, R1]", "[[10, R1], [0, R0]", "tiers: points must rise from 0"),
        ("[[0, R0], ", "[", "tiers: points must rise from 0"),
        ("retry:\n", "retry: {waits_minutes: []}\nretry:\n", "retry stands twice"),
        ("ladders:\n", "ladders:\n  R0: []\n", "R0 stands twice"),
        ("stages:", "stages: [", "not YAML: "),
    ],
)  # fmt: skip
def test_each_fault_has_its_line(old: str, new: str, says: str) -> None:
    assert old in TEXT
    with pytest.raises(PolicyError) as caught:
        policy_files.parse(TEXT.replace(old, new, 1))
    assert says in str(caught.value)
    assert "Value error" not in str(caught.value)


def test_a_missing_ladder_is_named() -> None:
    start, end = TEXT.index("  R2:"), TEXT.index("  R3:")
    with pytest.raises(PolicyError, match=r"^ladders: none for R2$"):
        policy_files.parse(TEXT[:start] + TEXT[end:])


@pytest.mark.parametrize("text", ["", "[]", "a text", "1"])
def test_what_is_no_policy_at_all(text: str) -> None:
    with pytest.raises(PolicyError, match="policy: Input should be"):
        policy_files.parse(text)


@pytest.mark.parametrize("as_was", ["360.0", '"360"', "'360'"])
def test_a_frozen_text_is_read_as_when_it_was_frozen(tmp_path: Path, as_was: str) -> None:
    """Plans rest on it for years, and a new file is held to what the schema says."""
    old, new = "confirm_within_minutes: 360", f"confirm_within_minutes: {as_was}"
    text = TEXT.replace(old, new).replace("per_bill: 12", "per_bill: true")
    assert new in text
    bundle = dump(replace(gather(SHIPPED), policy=text), {})
    for frozen in (text, bundle):
        policy = policy_files.parse(frozen)
        assert policy.ladders[Tier.R0][0].confirm_within == timedelta(hours=6)
        assert policy.limits.per_bill == 1
    (tmp_path / "mine.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(PolicyError, match="confirm_within_minutes: Input should be a valid int"):
        policy_files.read(tmp_path / "mine.yaml")


def test_two_faults_are_two_lines() -> None:
    wrong = TEXT.replace(f"version: {VERSION}", "version: 0").replace("name: default", "name: ''")
    with pytest.raises(PolicyError) as caught:
        policy_files.parse(wrong)
    assert len(str(caught.value).splitlines()) == 2


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match=r"away\.yaml: cannot be read"):
        policy_files.read(tmp_path / "away.yaml")
    broken = tmp_path / "broken.yaml"
    broken.write_bytes(b"\xff")
    with pytest.raises(PolicyError, match=r"broken\.yaml: cannot be read"):
        policy_files.read(broken)
    broken.write_text("version: 0", encoding="utf-8")
    with pytest.raises(PolicyError, match=r"broken\.yaml: name: Field required"):
        policy_files.read(broken)
