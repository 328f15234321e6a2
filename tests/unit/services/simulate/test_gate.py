"""A candidate is refused in words that name the figure and the threshold."""

from __future__ import annotations

from pathlib import Path

import pytest

from reminders.services.simulate.event_file import EventFile
from reminders.services.simulate.gate import Thresholds, check
from tests.unit.services.simulate.history import D0, D3, TINY, model, policy, write


@pytest.fixture
def tiny(tmp_path: Path) -> EventFile:
    return EventFile(write(tmp_path / "tiny.ndjson", TINY))


def test_without_thresholds_nothing_speaks_against_a_candidate(tiny: EventFile) -> None:
    assert check(policy(), policy(D0), Thresholds(), tiny, model=model()) == []


def test_more_messages_and_cost_than_allowed_are_named(tiny: EventFile) -> None:
    thresholds = Thresholds(max_messages_increase=0.1, max_cost_increase=4.0)
    assert check(policy(), policy(D0), thresholds, tiny, model=model()) == [
        "messages: 5 instead of 1, 400.0% more; at most 10.0% more may be"
    ]


def test_customers_lost_and_bills_not_reached_are_named(tiny: EventFile) -> None:
    thresholds = Thresholds(max_no_longer_reached=0, min_reached_before_due=0.6)
    assert check(policy(D0), policy(D3), thresholds, tiny, model=model()) == [
        "0.00% of the bills open on their due date are reached before it; at least 60.00% must be",
        "1 customers are no longer reached (C-1); at most 0 may be",
    ]


def test_without_a_live_policy_only_the_candidate_is_judged(tiny: EventFile) -> None:
    thresholds = Thresholds(max_messages_increase=0.0, max_cap_hits=0, max_no_longer_reached=0)
    assert check(policy(), None, thresholds, tiny, model=model()) == []
