"""The shipped policies read, follow the shipped schema, and say what they are meant to."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft202012Validator

from reminders.domain.policy import Policy
from reminders.domain.tier import Tier
from reminders.services import policy_files
from reminders.services.policy.bundle import parse, sources_of
from reminders.services.policy.schema import schema_text
from reminders.services.policy.yaml_text import load

FOLDER = Path(policy_files.__file__).parents[2] / "config" / "policies"
SCHEMA = FOLDER / "policy.schema.json"
SHIPPED = sorted(FOLDER.glob("*.yaml"))


def shipped(name: str) -> Policy:
    return policy_files.read(FOLDER / f"{name}.yaml")[0]


def test_the_schema_is_current() -> None:
    assert SCHEMA.read_text(encoding="utf-8") == schema_text()


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_it_follows_the_schema_that_its_first_line_names(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.startswith("# yaml-language-server: $schema=policy.schema.json\n")
    validator = Draft202012Validator(json.loads(schema_text()))
    for data in (load(text), yaml.safe_load(text)):  # and as tools read it that know YAML 1.1
        assert [error.message for error in validator.iter_errors(data)] == []
    assert path.stem == shipped(path.stem).name


@pytest.mark.parametrize("text", ["stages: []", "name: A", "version: 0", "packs: {cn: cn}"])
def test_the_schema_refuses_what_is_wrong(text: str) -> None:
    given = yaml.safe_load((FOLDER / "default.yaml").read_text(encoding="utf-8"))
    validator = Draft202012Validator(json.loads(schema_text()))
    assert list(validator.iter_errors(given | yaml.safe_load(text)))


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_its_frozen_text_alone_gives_the_same_policy(
    path: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A label must mean in years what it meant when it was frozen, wherever the files are then."""
    policy, text = policy_files.read(path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(Path, "read_text", None)
    again = parse(text)
    assert _told(again) == _told(policy)
    assert policy.packs
    assert sources_of(text).packs.keys() == policy.packs.keys()


def _told(policy: Policy) -> dict[str, object]:
    return {name: getattr(policy, name) for name in Policy.__slots__}


def test_the_default_reminds_7_3_1_0_and_after_1_3_7_days() -> None:
    """S4.12, S4.13, S1.17: urgency rises towards the due date."""
    stages = {stage.offset_days: stage for stage in shipped("default").stages}
    assert sorted(stages) == [-7, -3, -1, 0, 1, 3, 7]
    assert [stages[day].urgency for day in (-3, -1, 0)] == ["normal", "raised", "high"]
    assert shipped("default").choices == {-7, -3, -1}  # S1.18


def test_the_frequency_follows_the_tier() -> None:
    """S1.9."""
    for policy in (shipped("default"), shipped("card-cn")):
        counts = [sum(1 for stage in policy.stages if tier in stage.tiers) for tier in Tier]
        assert counts == sorted(counts)
        assert counts[0] < counts[-1]


def test_five_days_before_and_overdue_from_the_next_day() -> None:
    """S3.1, S3.2."""
    policy = shipped("d-5")
    assert [stage.offset_days for stage in policy.stages] == [-5, 1]
    assert policy.ladders[Tier.R0][0].channel == "email"


def test_selections_are_told_apart() -> None:
    cards, pay_later = shipped("card-cn"), shipped("bnpl-us")
    assert cards.applies_to.covers("card", "CNY", "CN")
    assert not cards.applies_to.covers("card", "CNY", "TW")
    assert pay_later.applies_to.covers("bnpl", "USD", "US")
    assert pay_later.experiment is not None
    assert pay_later.experiment.holdout == 0.05
    assert [name for name, _ in pay_later.experiment.groups] == ["early", "late"]
    assert pay_later.digest
    assert cards.calendars["CN"].closed


def test_on_is_a_key_and_norway_a_country() -> None:
    assert load("on: NO\nyes: true") == {"on": "NO", "yes": True}
