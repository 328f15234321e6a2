"""Groups of an experiment are sticky by customer and have the shares that were asked."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reminders.domain.experiments import HOLDOUT, group_of
from reminders.domain.policy import Experiment

TRIAL = Experiment("trial", 0.1, (("a", 0.3), ("b", 0.3)))
REFS = [f"c-{number}" for number in range(4000)]


@given(st.text(max_size=20))
def test_who_is_asked_twice_is_in_one_group(ref: str) -> None:
    assert group_of(TRIAL, ref) == group_of(TRIAL, ref)
    assert group_of(TRIAL, ref) in {HOLDOUT, "a", "b", ""}


def test_the_shares_are_as_asked() -> None:
    found = Counter(group_of(TRIAL, ref) for ref in REFS)
    for name, share in ((HOLDOUT, 0.1), ("a", 0.3), ("b", 0.3), ("", 0.3)):
        assert found[name] / len(REFS) == pytest.approx(share, abs=0.03)


def test_two_experiments_do_not_share_their_groups() -> None:
    other = Experiment("other", 0.1, TRIAL.groups)
    both = sum(1 for ref in REFS if group_of(TRIAL, ref) == group_of(other, ref) == "a")
    assert both / len(REFS) == pytest.approx(0.09, abs=0.03)


def test_a_growing_holdout_keeps_whom_it_held() -> None:
    grown = Experiment("trial", 0.2, TRIAL.groups)
    held = [ref for ref in REFS if group_of(TRIAL, ref) == HOLDOUT]
    assert all(group_of(grown, ref) == HOLDOUT for ref in held)
