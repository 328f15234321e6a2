"""How well points tell defaulters from the others. Points rise with risk throughout."""

from __future__ import annotations

import numpy as np

from reminders.services.risk.history import Mask, Numbers, Whole

_LEAST_SHARE = 1e-4  # an empty bin counts as this share: a logarithm needs more than nothing


def auc(defaulted: Mask, total: Whole) -> float:
    """Area under the ROC curve: how often a defaulter has more points; ties count half."""
    _, place, counts = np.unique(total, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[place]
    bad = int(defaulted.sum())
    good = len(defaulted) - bad
    return float((ranks[defaulted].sum() - bad * (bad + 1) / 2) / (bad * good))


def curves(defaulted: Mask, total: Whole) -> tuple[Whole, Numbers, Numbers]:
    """Distinct points, descending, and the shares of defaulters and of the others at or above."""
    values, place = np.unique(total, return_inverse=True)
    bad = np.bincount(place, defaulted)[::-1].cumsum()
    good = np.bincount(place, ~defaulted)[::-1].cumsum()
    return values[::-1], bad / bad[-1], good / good[-1]


def ks(defaulted: Mask, total: Whole) -> float:
    """Kolmogorov and Smirnov: the widest gap between the two shares."""
    _, bad, good = curves(defaulted, total)
    return float(np.abs(bad - good).max())


def psi(expected: Whole, actual: Whole, groups: int = 10) -> float:
    """Population stability index of points between two samples, in groups of the first.

    Under 0.1 is read as stable, over 0.25 as shifted: a custom of the trade, not a test.
    """
    cuts = np.unique(np.quantile(expected, np.linspace(0, 1, groups + 1)[1:-1]))
    shares = []
    for sample in (expected, actual):
        counts = np.bincount(np.searchsorted(cuts, sample, side="right"), minlength=len(cuts) + 1)
        shares.append(np.maximum(counts / len(sample), _LEAST_SHARE))
    first, second = shares
    return float(((second - first) * np.log(second / first)).sum())
