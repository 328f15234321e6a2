"""A fit gives whole, monotone points, the same each time, and sees nothing where nothing is."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from reminders.domain.risk import points_of
from reminders.domain.scorecard import RiskCard
from reminders.domain.tier import Tier
from reminders.services.risk.binning import monotone
from reminders.services.risk.card_file import card_text
from reminders.services.risk.cards import read_card
from reminders.services.risk.errors import BadHistory
from reminders.services.risk.fitting import fit, folds, placed, rows_of
from reminders.services.risk.history import History
from reminders.services.risk.judging import TICKS, judge, rises
from reminders.services.risk.measures import auc, ks, psi
from reminders.services.risk.observed import observed
from reminders.services.risk.points import points, tiers
from reminders.services.risk.steps import expected


@pytest.fixture(scope="module")
def card(history: History) -> RiskCard:
    return fit(observed(history), history.defaulted, "fitted", seed=3)


def test_points_are_whole_monotone_and_start_from_nothing(card: RiskCard) -> None:
    assert card.characteristics
    for each in card.characteristics:
        worth = [points for _, points in each.bins]
        assert all(type(points) is int for points in (*worth, each.missing))
        assert worth in (sorted(worth), sorted(worth, reverse=True))
        assert len(set(worth)) == len(worth) > 1
        assert min(*worth, each.missing) == 0


def test_points_rise_with_the_risk_of_their_bins(card: RiskCard, history: History) -> None:
    table = observed(history)
    for each in card.characteristics:
        values = table[each.feature]
        place = np.searchsorted([least for least, _ in each.bins[1:]], values, side="right")
        known = ~np.isnan(values)
        rates = [history.defaulted[known & (place == at)].mean() for at in range(len(each.bins))]
        order = np.argsort([points for _, points in each.bins])
        assert np.all(np.diff(np.array(rates)[order]) > 0), each.feature


def test_a_table_is_scored_as_one_customer_is_live(card: RiskCard, history: History) -> None:
    table = observed(history)
    total = points(card, table)
    for row in range(0, history.rows, 25):
        known = {
            feature: float(values[row])
            for feature, values in table.items()
            if not np.isnan(values[row])
        }
        one = card.base + sum(
            points_of(each, known.get(each.feature)) for each in card.characteristics
        )
        assert total[row] == one
        name = [tier for least, tier in card.tiers if one >= least or least == 0][-1]
        assert list(Tier)[tiers(card, total)[row]] is name


def test_the_points_stand_for_the_rate_there_was(card: RiskCard, history: History) -> None:
    total = points(card, observed(history))
    assert expected(total).mean() == pytest.approx(history.defaulted.mean(), abs=0.01)


def test_a_fit_is_deterministic_and_its_file_is_the_card(
    card: RiskCard, history: History, tmp_path: Path
) -> None:
    table = observed(history)
    again = fit(table, history.defaulted, "fitted", seed=3)
    assert again == card
    text = card_text(card, table, history.defaulted, 3)
    path = tmp_path / "card.yaml"
    path.write_text(text, encoding="utf-8")
    assert read_card(path) == card
    bins = [line for line in text.splitlines() if line.startswith("      - [")]
    assert bins
    assert all("customers, " in line and line.endswith("% defaulted") for line in bins)


def test_a_label_without_meaning_is_seen_as_chance(history: History) -> None:
    """No label leaks: shuffled among the customers, it cannot be told out of fold."""
    shuffled = np.random.default_rng(5).permutation(history.defaulted)
    hand = RiskCard("hand", 1, (), ((0, Tier.R0),))
    found = judge(replace(history, defaulted=shuffled), hand)
    assert found.fitted.auc == pytest.approx(0.5, abs=0.04)  # 2,500 rows: sd 0.016
    assert found.hand.auc == 0.5


def test_a_report_counts_everybody_once(history: History, card: RiskCard) -> None:
    ticks: list[None] = []
    found = judge(history, card, given=card, tick=lambda: ticks.append(None))
    assert len(ticks) == TICKS
    assert sum(row.customers for row in found.fitted.tiers.values()) == history.rows
    assert sum(group.customers for group in found.calibration) == history.rows
    assert sum(fold.customers for fold in found.folds) == history.rows
    assert rises(list(found.fitted.tiers.values()))
    assert found.given is not None
    assert found.fitted.auc < found.given.auc  # which has seen these customers


@pytest.mark.parametrize("all_are", [True, False])
def test_one_outcome_alone_teaches_nothing(history: History, all_are: bool) -> None:
    same = replace(history, defaulted=np.full(history.rows, all_are))
    with pytest.raises(BadHistory, match="customers defaulted: at least 50"):
        judge(same, RiskCard("hand", 1, (), ((0, Tier.R0),)))


def test_few_customers_are_enough(history: History) -> None:
    table = observed(history)
    some = np.arange(history.rows) < 600
    found = fit(rows_of(table, some), history.defaulted[some], "few", seed=1)
    assert [tier for _, tier in found.tiers] == list(Tier)


def test_folds_part_everybody_alike() -> None:
    defaulted = np.arange(1003) % 4 == 0
    found = folds(defaulted, 5, seed=1)
    assert np.array_equal(sum(each.astype(int) for each in found), np.ones(1003))
    assert max(each[defaulted].sum() for each in found) - 1 <= 51
    assert not np.array_equal(found[0], folds(defaulted, 5, seed=2)[0])


def test_bins_follow_the_rate_and_nothing_else() -> None:
    values = np.repeat([1.0, 2.0, 3.0, 4.0], 100)
    defaulted = np.concatenate([np.arange(100) < n for n in (10, 30, 20, 60)])
    found = monotone(values, defaulted)
    assert found.rising
    assert found.bounds.tolist() == [1, 2, 4]
    falling = monotone(-values, defaulted)
    assert not falling.rising
    assert falling.bounds.tolist() == [-4, -3, -1]


def test_tiers_rise_even_where_all_have_the_same_points() -> None:
    least = [points for points, _ in placed(np.full(500, 60))]
    assert least[0] == 0
    assert least == sorted(set(least))


def test_measures_of_known_samples() -> None:
    defaulted = np.array([False, False, True, True])
    assert auc(defaulted, np.array([1, 2, 3, 4])) == 1
    assert auc(defaulted, np.array([4, 3, 2, 1])) == 0
    assert auc(defaulted, np.array([7, 7, 7, 7])) == 0.5
    assert auc(defaulted, np.array([1, 3, 2, 4])) == 0.75
    assert ks(defaulted, np.array([1, 2, 3, 4])) == 1
    assert ks(defaulted, np.array([7, 7, 7, 7])) == 0
    assert psi(np.arange(100), np.arange(100)) == 0
    assert psi(np.arange(100), np.arange(100) + 50) > 0.25
