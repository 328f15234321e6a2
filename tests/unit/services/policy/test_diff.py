"""Two policies are compared by what they decide, not by how they are written."""

from __future__ import annotations

from pathlib import Path

from reminders.services import policy_files
from reminders.services.policy.bundle import parse
from reminders.services.policy.diff import Change, diff

DEFAULT = Path(policy_files.__file__).parents[2] / "config" / "policies" / "default.yaml"
TEXT = DEFAULT.read_text(encoding="utf-8")


def changed(*edits: tuple[str, str]) -> list[Change]:
    text = TEXT
    for old, new in edits:
        assert old in text
        text = text.replace(old, new, 1)
    return diff(parse(TEXT), parse(text))


def test_words_and_names_alone_change_nothing() -> None:
    assert changed(("name: default", "name: other"), ("# Our own caps", "# Caps")) == []


def test_a_moved_and_an_added_stage_are_told() -> None:
    moved = ('at: "due_date - 3d 10:00"', 'at: "due_date - 5d 10:00"')
    assert changed(moved) == [Change("d-3: at", "due_date - 3d 10:00", "due_date - 5d 10:00")]
    (only,) = changed(("name: d+7,", "name: week,"))[1:]
    assert (only.what, only.before) == ("stage week", "")


def test_ladders_limits_and_tiers_are_told() -> None:
    found = changed(
        ("confirm_within_minutes: 90", "confirm_within_minutes: 45"),
        ("per_day: 2", "per_day: 1"),
        ("[10, R1]", "[20, R1]"),
        ("choices: [-7,", "choices: [-5,"),
    )
    assert [each.what for each in found] == [
        "ladder of R2", "limit per day", "choices", "risk tiers",
    ]  # fmt: skip
    assert "sms delivered 45m" in found[0].after
