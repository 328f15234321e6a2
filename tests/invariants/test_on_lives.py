"""I1 to I10 over random lives: policies, laws, zones, late and doubled facts, outages, failures."""

from __future__ import annotations

import os
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.invariants import checkers
from tests.invariants.checkers import Checker
from tests.invariants.invent import lives
from tests.invariants.life import Life
from tests.invariants.playing import play
from tests.invariants.variants import each_alone, replays, told_otherwise, worked_otherwise

EXAMPLES = settings(
    max_examples=int(os.environ.get("SCENARIO_EXAMPLES", "100")),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
# Drawn at once: what a test draws while it runs must be the same in each run of an example.
orders = st.integers(0, 2**64 - 1).map(Random)


@pytest.mark.parametrize(
    "checker",
    [
        pytest.param(checkers.silence_after_settlement, id="I1-silence-after-settlement"),
        pytest.param(checkers.within_hours, id="I2-within-hours"),
        pytest.param(checkers.no_means_no, id="I3-no-means-no"),
        pytest.param(checkers.within_caps, id="I4-within-caps"),
        pytest.param(checkers.one_end, id="I5-one-end"),
        pytest.param(checkers.handed_over_once, id="I6-handed-over-once"),
        pytest.param(checkers.none_lost, id="I7-none-lost"),
        pytest.param(checkers.never_silent, id="I8-never-silent"),
        pytest.param(each_alone, id="I9-each-alone"),
        pytest.param(replays, id="I10-replays"),
    ],
)
@EXAMPLES
@given(life=lives)
def test_every_life_keeps(checker: Checker, life: Life) -> None:
    assert list(checker(play(life))) == []


@EXAMPLES
@given(life=lives, rng=orders)
def test_the_order_and_number_of_deliveries_change_nothing(life: Life, rng: Random) -> None:
    """I6"""
    assert list(told_otherwise(life, rng)) == []


@EXAMPLES
@given(life=lives, rng=orders)
def test_whenever_somebody_works_the_same_is_decided(life: Life, rng: Random) -> None:
    """I7: once a minute, once a day, after an outage of three days."""
    assert list(worked_otherwise(life, rng)) == []
