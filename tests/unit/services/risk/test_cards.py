"""A card's file says where it is wrong, and what it says is what the domain gets."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from reminders.domain.scorecard import Characteristic, Feature, RiskCard
from reminders.domain.tier import Tier
from reminders.services.risk.cards import card_from, read_card
from reminders.services.risk.errors import CardError

CARDS = sorted((Path(__file__).resolve().parents[4] / "config" / "cards").glob("*.yaml"))
GOOD = """
name: small
version: 2
characteristics:
  - {feature: late_count, bins: [[0, 0], [1, 15]], missing: 7}
tiers: [[0, R0], [10, R3]]
hysteresis: 5
base: 1
"""


def test_a_card_is_read_as_it_is_written(tmp_path: Path) -> None:
    path = tmp_path / "small.yaml"
    path.write_text("\N{BYTE ORDER MARK}" + GOOD, encoding="utf-8")
    assert read_card(path) == RiskCard(
        name="small",
        version=2,
        characteristics=(Characteristic(Feature.LATE_COUNT, ((0, 0), (1, 15)), 7),),
        tiers=((0, Tier.R0), (10, Tier.R3)),
        hysteresis=5,
        base=1,
    )


@pytest.mark.parametrize("path", CARDS, ids=lambda path: path.stem)
def test_every_shipped_card_is_one(path: Path) -> None:
    card = read_card(path)
    assert [tier for _, tier in card.tiers] == list(Tier)
    assert card.hysteresis == 5


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"name": "Not A Name"}, "name: "),
        ({"version": True}, "version: "),
        ({"surname": 1}, "surname: Extra inputs are not permitted"),
        ({"tiers": [[5, "R0"]]}, "points must rise from 0"),
        ({"tiers": [[0, "R0"], [9, "R2"], [9, "R3"]]}, "points must rise from 0"),
        ({"tiers": [[0, "R1"], [9, "R0"]]}, "R0 to R3 must rise"),
        ({"tiers": [[0, "R0"], [9, "R4"]]}, "tiers.1.1: "),
        ({"tiers": []}, "points must rise from 0"),
        ({"characteristics": []}, "characteristics: "),
        ({"characteristics": [{"feature": "gender", "bins": [[0, 1]]}]}, ".feature: "),
        ({"characteristics": [{"feature": "late_count", "bins": []}]}, "must rise"),
        ({"characteristics": [{"feature": "late_count", "bins": [[0, 1.5]]}]}, ".bins.0.1: "),
        ({"characteristics": [{"feature": "late_count", "bins": [["1", 1]]}]}, ".bins.0.0: "),
        ({"characteristics": [{"feature": "late_count", "bins": [[float("nan"), 1]]}]}, "finite"),
        ({"characteristics": [{"feature": "late_count", "bins": [[1, 1], [0, 2]]}]}, "must rise"),
        ({"characteristics": [{"feature": "late_count", "bins": [[0, 1]]}] * 2}, "stands twice"),
    ],
)
def test_a_fault_is_named_with_its_place(change: dict[str, Any], told: str) -> None:
    """S1.6: what is no feature (a protected trait, an opt-out) cannot be written."""
    with pytest.raises(CardError) as caught:
        card_from(yaml.safe_load(GOOD) | change)
    assert told in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1


@pytest.mark.parametrize("data", [None, 3, [], "card", {1: 2}])
def test_what_is_no_card_is_refused(data: object) -> None:
    with pytest.raises(CardError):
        card_from(data)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"name: [", "not YAML"),
        (b"name: a\nname: b\n", "line 1: name stands twice"),
        (b"\xff\xfe", "it is not UTF-8"),
        (b"", "valid dictionary"),
        (b"[" * 3000, "nested too deep"),
    ],
)
def test_a_broken_file_is_named(tmp_path: Path, content: bytes, told: str) -> None:
    path = tmp_path / "broken.yaml"
    path.write_bytes(content)
    with pytest.raises(CardError) as caught:
        read_card(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert told in str(caught.value)


def test_an_absent_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(CardError, match="No such file"):
        read_card(tmp_path / "none.yaml")
