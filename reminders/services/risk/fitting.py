"""Fits a points card to a history, and places its tiers on points given out of fold."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from reminders.domain.scorecard import RiskCard
from reminders.domain.tier import Tier
from reminders.services.risk.errors import BadHistory
from reminders.services.risk.history import Mask, Whole
from reminders.services.risk.observed import Table
from reminders.services.risk.points import points
from reminders.services.risk.steps import scored

HYSTERESIS = 5
INNER_FOLDS = 3
FITS = INNER_FOLDS + 1  # calls of `tick` in one `fit`
LEAST_OF_EACH = 50  # defaulters, and others: with fewer a card is guesswork
# Shares of the customers in the order of their points: R0, up to R1, up to R2; R3 is the rest.
# A share holds on other rows far better than a rate does; what rates it gives, the report shows.
TIER_SHARES = (0.322, 0.65, 0.894)

Tick = Callable[[], None]


def silent() -> None:
    """Nobody watches."""


def fit(table: Table, defaulted: Mask, name: str, seed: int, tick: Tick = silent) -> RiskCard:
    """The card of these customers, always the same for the same `seed`; a `tick` after each fit.

    Raises `BadHistory` for too few of either outcome and `ExtraMissing` without scikit-learn.
    """
    require_both(defaulted)
    total = np.zeros(len(defaulted), dtype=np.int64)
    for held in folds(defaulted, INNER_FOLDS, seed):
        found, base = scored(rows_of(table, ~held), defaulted[~held])
        total[held] = points(RiskCard(name, 1, found, (), base=base), rows_of(table, held))
        tick()
    found, base = scored(table, defaulted)
    tick()
    return RiskCard(name, 1, found, placed(total), HYSTERESIS, base)


def require_both(defaulted: Mask) -> None:
    """Raises `BadHistory` where one outcome is too rare to learn or to judge from."""
    bad = int(defaulted.sum())
    if min(bad, len(defaulted) - bad) < LEAST_OF_EACH:
        raise BadHistory(
            f"{bad} of {len(defaulted)} customers defaulted: at least {LEAST_OF_EACH} who did "
            f"and {LEAST_OF_EACH} who did not are needed"
        )


def rows_of(table: Table, chosen: Mask) -> Table:
    return {feature: values[chosen] for feature, values in table.items()}


def folds(defaulted: Mask, count: int, seed: int) -> list[Mask]:
    """Disjoint samples that together are all, each with its share of defaulters."""
    draw = np.random.default_rng(seed)
    place = np.empty(len(defaulted), dtype=np.int64)
    for kind in (True, False):
        rows = np.flatnonzero(defaulted == kind)
        place[draw.permutation(rows)] = np.arange(len(rows)) % count
    return [place == each for each in range(count)]


def placed(total: Whole) -> tuple[tuple[int, Tier], ...]:
    """The least points of each tier: R0 and R3 get their shares or a little more."""
    ordered = np.sort(total)
    found, least = [(0, Tier.R0)], 0
    for share, tier in zip(TIER_SHARES, (Tier.R1, Tier.R2, Tier.R3), strict=True):
        at = int(ordered[min(int(share * len(ordered)), len(ordered) - 1)])
        least = max(at if tier is Tier.R3 else at + 1, least + 1)
        found.append((least, tier))
    return tuple(found)
