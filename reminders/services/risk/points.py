"""A card over many customers at once: the points that `domain.risk` gives one by one."""

from __future__ import annotations

import numpy as np

from reminders.domain.scorecard import Characteristic, RiskCard
from reminders.domain.tier import Tier
from reminders.services.risk.history import Numbers, Whole
from reminders.services.risk.observed import Table

TIERS = tuple(Tier)


def points(card: RiskCard, table: Table) -> Whole:
    """The sum of each customer; an input that the table does not have is missing for all."""
    rows = len(next(iter(table.values())))
    total = np.full(rows, card.base, dtype=np.int64)
    for each in card.characteristics:
        total += given(each, table.get(each.feature, np.full(rows, np.nan)))
    return total


def given(characteristic: Characteristic, values: Numbers) -> Whole:
    """The points of one input; below the first bin counts as it."""
    bounds = np.array([least for least, _ in characteristic.bins])
    worth = np.array([points for _, points in characteristic.bins], dtype=np.int64)
    place = np.maximum(np.searchsorted(bounds, values, side="right") - 1, 0)
    return np.where(np.isnan(values), characteristic.missing, worth[place])


def tiers(card: RiskCard, total: Whole) -> Whole:
    """Each customer's tier as its place in `TIERS`, by points alone: a history has no before."""
    bounds = np.array([least for least, _ in card.tiers])
    names = np.array([TIERS.index(tier) for _, tier in card.tiers])
    found: Whole = names[np.maximum(np.searchsorted(bounds, total, side="right") - 1, 0)]
    return found
