"""What a history says of cards: the hand card, one fitted to it out of fold, and one more if given.

Every figure of a fitted card is of customers whom its fit has not seen: in each of five folds the
bins, the points and the tiers come from the other four. Nothing here can show that a reminder
makes anybody pay: a history of this form holds no reminders.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from reminders.domain.scorecard import RiskCard
from reminders.services.risk.fitting import FITS, Tick, fit, folds, require_both, rows_of, silent
from reminders.services.risk.history import History, Mask, Whole
from reminders.services.risk.measures import auc, ks, psi
from reminders.services.risk.observed import Table, observed
from reminders.services.risk.points import TIERS, points, tiers
from reminders.services.risk.steps import expected

FOLDS = 5
TICKS = FOLDS * FITS
CALIBRATION_GROUPS = 10


@dataclass(frozen=True)
class TierRow:
    """One tier: its customers, their share of all, and how many of them defaulted."""

    customers: int
    defaulted: int
    share: float
    default_rate: float | None  # None: nobody is in it


@dataclass(frozen=True)
class Judged:
    """One card on some customers: points, tiers (as places in `TIERS`), and how well they tell."""

    name: str
    points: Whole
    places: Whole
    auc: float
    ks: float
    tiers: dict[str, TierRow]


@dataclass(frozen=True)
class Fold:
    """One fold's own figures. `psi`: its points against those of the customers it was fitted on.
    `thresholds`: the least points of R1, R2 and R3."""

    customers: int
    auc: float
    ks: float
    psi: float
    thresholds: tuple[int, ...]
    inputs: int


@dataclass(frozen=True)
class Group:
    """Customers of like points: the rate their points stand for, and the rate there was."""

    customers: int
    points_from: int
    points_to: int
    expected: float
    actual: float


@dataclass(frozen=True)
class Report:
    """Everything that a report shows."""

    defaulted: Mask
    hand: Judged
    fitted: Judged
    folds: tuple[Fold, ...]
    calibration: tuple[Group, ...]
    given: Judged | None
    inputs: tuple[str, ...]
    seed: int


def judge(
    history: History,
    hand: RiskCard,
    *,
    given: RiskCard | None = None,
    seed: int = 1,
    tick: Tick = silent,
) -> Report:
    """The report on a history, the same for the same `seed`; `tick` is called `TICKS` times.

    Raises `BadHistory` for too few of either outcome and `ExtraMissing` without scikit-learn.
    """
    require_both(history.defaulted)
    table = observed(history)
    total, places, told = _out_of_fold(table, history.defaulted, seed, tick)
    return Report(
        defaulted=history.defaulted,
        hand=_with(hand, table, history.defaulted),
        fitted=_judged("fitted", total, places, history.defaulted),
        folds=told,
        calibration=_calibration(total, history.defaulted),
        given=_with(given, table, history.defaulted) if given is not None else None,
        inputs=tuple(feature.value for feature in table),
        seed=seed,
    )


def _out_of_fold(
    table: Table, defaulted: Mask, seed: int, tick: Tick
) -> tuple[Whole, Whole, tuple[Fold, ...]]:
    total = np.zeros(len(defaulted), dtype=np.int64)
    places = np.zeros(len(defaulted), dtype=np.int64)
    told = []
    for held in folds(defaulted, FOLDS, seed):
        seen = rows_of(table, ~held)
        card = fit(seen, defaulted[~held], "fitted", seed, tick)
        total[held] = points(card, rows_of(table, held))
        places[held] = tiers(card, total[held])
        told.append(_fold(card, points(card, seen), total[held], defaulted[held]))
    return total, places, tuple(told)


def _fold(card: RiskCard, seen: Whole, total: Whole, defaulted: Mask) -> Fold:
    return Fold(
        customers=len(total),
        auc=auc(defaulted, total),
        ks=ks(defaulted, total),
        psi=psi(seen, total),
        thresholds=tuple(least for least, _ in card.tiers[1:]),
        inputs=len(card.characteristics),
    )


def _with(card: RiskCard, table: Table, defaulted: Mask) -> Judged:
    total = points(card, table)
    return _judged(f"{card.name}@{card.version}", total, tiers(card, total), defaulted)


def _judged(name: str, total: Whole, places: Whole, defaulted: Mask) -> Judged:
    return Judged(
        name=name,
        points=total,
        places=places,
        auc=auc(defaulted, total),
        ks=ks(defaulted, total),
        tiers={tier.value: _tier(places == at, defaulted) for at, tier in enumerate(TIERS)},
    )


def _tier(members: Mask, defaulted: Mask) -> TierRow:
    customers = int(members.sum())
    bad = int(defaulted[members].sum())
    rate = bad / customers if customers else None
    return TierRow(customers, bad, customers / len(members), rate)


def _calibration(total: Whole, defaulted: Mask) -> tuple[Group, ...]:
    """Groups of about equally many customers, equal points together, fewest points first."""
    at = np.linspace(0, 1, CALIBRATION_GROUPS + 1)[1:-1]
    cuts = np.unique(np.quantile(total, at, method="inverted_cdf"))
    place = np.searchsorted(cuts, total, side="left")
    return tuple(
        _group(total[place == each], defaulted[place == each]) for each in np.unique(place)
    )


def _group(total: Whole, defaulted: Mask) -> Group:
    return Group(
        customers=len(total),
        points_from=int(total.min()),
        points_to=int(total.max()),
        expected=float(expected(total).mean()),
        actual=float(defaulted.mean()),
    )


def rises(rows: Sequence[TierRow]) -> bool:
    """Whether each tier's default rate is above the one before; an empty tier says no."""
    rates = [row.default_rate for row in rows]
    pairs = pairwise(rates)
    return all(low is not None and high is not None and low < high for low, high in pairs)
