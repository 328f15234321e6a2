"""A hostile YAML text ends in one line, not in the end of the process or of its memory."""

from __future__ import annotations

from pathlib import Path

import pytest

from reminders.domain.errors import PolicyError
from reminders.services.policy.yaml_text import load

# Nine lines that stand for nine to the eighth.
BOMB = "a0: &a0 [x, x]\n" + "".join(
    f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 9)
)
POLICIES = Path(__file__).parents[4] / "config" / "policies"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[" * 100_000, "nested too deep"),
        ("- " * 20_000, "nested too deep"),
        ("a: " + "{a: " * 3_000, "nested too deep"),
        ("a: &a [*a]", "stands for itself"),
        ("a: &a [x, {y: *a}]", "stands for itself"),
        (BOMB, "more than"),
        ("a: [" + "1," * 50_000 + "1]", "more than"),
        ("a: 1\na: 2", "stands twice"),
        ("a: [", "not YAML"),
        ("a: \x00", "not YAML"),
        ("\ta: 1", "not YAML"),
    ],
)
def test_it_is_refused_in_one_line(text: str, said: str) -> None:
    with pytest.raises(PolicyError, match=said) as refused:
        load(text)
    assert "\n" not in str(refused.value)


def test_on_and_no_are_words() -> None:
    assert load("{on: anomaly, country: NO}") == {"on": "anomaly", "country": "NO"}


def test_what_stands_twice_may_be_named_once() -> None:
    """Two tiers with one ladder: shipped policies say it so, and so do frozen ones."""
    assert load("a: &a [x]\nb: *a\nc: {d: *a}") == {"a": ["x"], "b": ["x"], "c": {"d": ["x"]}}


@pytest.mark.parametrize("path", sorted(POLICIES.glob("*.yaml")), ids=lambda path: path.stem)
def test_every_shipped_policy_is_read(path: Path) -> None:
    assert load(path.read_text())
