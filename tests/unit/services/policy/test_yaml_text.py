"""A hostile YAML text ends in one line, not in the end of the process or of its memory."""

from __future__ import annotations

import pytest

from reminders.domain.errors import PolicyError
from reminders.services.policy.yaml_text import load


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[" * 100_000, "nested too deep"),
        ("- " * 20_000, "nested too deep"),
        ("a: " + "{a: " * 3_000, "nested too deep"),
        ("a: &a [*a]", "is an alias"),
        ("a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]", "is an alias"),
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
