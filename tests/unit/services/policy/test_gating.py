"""A file of thresholds says what it asks, or is refused in a line."""

from __future__ import annotations

from pathlib import Path

import pytest

from reminders.domain.errors import PolicyError
from reminders.services.policy.gating import read_thresholds


def written(folder: Path, text: str) -> Path:
    path = folder / "gate.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_what_is_left_out_is_not_asked(tmp_path: Path) -> None:
    found = read_thresholds(written(tmp_path, "max_cap_hits: 3\nmax_cost_increase: 0.05\n"))
    assert (found.max_cap_hits, found.max_cost_increase) == (3, 0.05)
    assert found.max_no_longer_reached is found.min_reached_before_due is None


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "asks nothing"),
        ("[1, 2]", "asks nothing"),
        ("{}", "asks nothing"),
        ("max_cap_hit: 3", "max_cap_hit: "),
        ("max_cap_hits: true", "max_cap_hits: "),
        ("max_cap_hits: -1", "max_cap_hits: "),
        ("max_cap_hits: 1\nmax_cap_hits: 2", "stands twice"),
        ("min_reached_before_due: 95", "min_reached_before_due: "),
        ("max_cost_increase: .nan", "max_cost_increase: "),
    ],
)
def test_what_asks_nothing_or_something_else_is_refused(
    tmp_path: Path, text: str, told: str
) -> None:
    """A gate that lets everything through by a slip of the pen is none."""
    with pytest.raises(PolicyError) as refused:
        read_thresholds(written(tmp_path, text))
    assert told in str(refused.value)
