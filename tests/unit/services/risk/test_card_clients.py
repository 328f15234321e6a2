"""The figures that are promised of the real card clients; skipped where they are not at hand."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from reminders.domain.tier import Tier
from reminders.services.risk.cards import read_card
from reminders.services.risk.history import History, read_history
from reminders.services.risk.judging import Report, judge, rises
from tests.unit.services.demo.real_data import card_clients

HOUSE = Path(__file__).resolve().parents[4] / "config" / "cards" / "house.yaml"


@pytest.fixture(scope="module")
def clients() -> History:
    return read_history(card_clients())


@pytest.fixture(scope="module")
def found(clients: History) -> Report:
    fitted = read_card(HOUSE.with_name("fitted-credit-card.yaml"))
    return judge(clients, read_card(HOUSE), given=fitted)


def test_what_cards_can_tell(found: Report) -> None:
    assert found.hand.auc >= 0.725
    assert found.fitted.auc >= 0.775
    assert found.fitted.ks >= 0.42
    assert found.fitted.auc < 0.80  # more would be a leak


def test_what_tiers_can_tell(found: Report) -> None:
    tiers = found.fitted.tiers
    assert rises(list(tiers.values()))
    lowest, highest = tiers[Tier.R0], tiers[Tier.R3]
    assert lowest.share >= 0.30
    assert (lowest.default_rate or 1) <= 0.09
    assert highest.share >= 0.10
    assert (highest.default_rate or 0) >= 0.64


def test_the_shipped_fitted_card_is_of_these_clients(found: Report) -> None:
    assert found.given is not None
    assert found.fitted.auc < found.given.auc < 0.79
    assert rises(list(found.given.tiers.values()))


def test_a_shuffled_label_cannot_be_told(clients: History) -> None:
    shuffled = np.random.default_rng(11).permutation(clients.defaulted)
    seen = judge(replace(clients, defaulted=shuffled), read_card(HOUSE))
    assert seen.fitted.auc == pytest.approx(0.5, abs=0.02)
    assert seen.hand.auc == pytest.approx(0.5, abs=0.02)
