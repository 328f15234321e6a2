"""Monotone bins of one input: default rates that only rise, or only fall, with its value."""

from __future__ import annotations

from dataclasses import dataclass
from math import floor, log10

import numpy as np

from reminders.services.risk.history import Mask, Numbers, Whole

QUANTILES = 20
LEAST_SHARE = 0.02  # of the customers: fewer are too few for a rate of their own
_DIGITS = 4  # significant digits of a bound, so that a card can be read


@dataclass(frozen=True)
class Bins:
    """Rising lower bounds. `rising`: whether risk rises with the value; `worth`: how well the
    bins tell defaulters apart (information value)."""

    bounds: Numbers
    rising: bool
    worth: float


def monotone(values: Numbers, defaulted: Mask) -> Bins:
    """The bins of the known `values`, in whichever direction tells more."""
    known = ~np.isnan(values)
    bounds = _large(_quantiles(values[known]), values[known], LEAST_SHARE * len(values))
    bad, good = _counts(bounds, values[known], defaulted[known])
    found = []
    for rising in (True, False):
        starts = _pooled(bad if rising else -bad, bad + good)
        pooled = bounds[starts]
        found.append(
            Bins(pooled, rising, _worth(*_counts(pooled, values[known], defaulted[known])))
        )
    return max(found, key=lambda bins: bins.worth)


def _quantiles(values: Numbers) -> Numbers:
    """Lower bounds of about equally many customers; each value its own where there are few."""
    distinct = np.unique(values)
    if len(distinct) <= QUANTILES:
        return np.unique(_readable(distinct))
    at = np.linspace(0, 1, QUANTILES + 1)[1:-1]
    inner = _readable(np.quantile(values, at, method="inverted_cdf"))
    least = _readable(distinct[:1])
    return np.unique(np.concatenate([least, inner[inner > least]]))


def _readable(bounds: Numbers) -> Numbers:
    """The same in a few digits, never above: a third, worked out another way, is still a third."""
    found = []
    for bound in bounds:
        near = float(f"{bound:.{_DIGITS}g}")
        if near > bound:
            last = 10.0 ** (floor(log10(abs(bound))) - _DIGITS + 1)
            near = float(f"{bound - last / 2:.{_DIGITS}g}")
        found.append(near)
    return np.array(found)


def _large(bounds: Numbers, values: Numbers, least: float) -> Numbers:
    """Merge a bin that is too small with the one below it, or the first with the second."""
    while len(bounds) > 1:
        counts = np.bincount(_place(bounds, values), minlength=len(bounds))
        small = int(counts.argmin())
        if counts[small] >= least:
            break
        bounds = np.delete(bounds, max(small, 1))
    return bounds


def _place(bounds: Numbers, values: Numbers) -> Whole:
    return np.maximum(np.searchsorted(bounds, values, side="right") - 1, 0)


def _counts(bounds: Numbers, values: Numbers, defaulted: Mask) -> tuple[Numbers, Numbers]:
    """Defaulters and others of each bin."""
    place = _place(bounds, values)
    every = np.bincount(place, minlength=len(bounds)).astype(np.float64)
    bad = np.bincount(place[defaulted], minlength=len(bounds)).astype(np.float64)
    return bad, every - bad


def _pooled(bad: Numbers, all_of: Numbers) -> list[int]:
    """Where bins start once neighbours whose rates do not rise are pooled (adjacent violators)."""
    blocks: list[tuple[float, float, int]] = []
    for start, (events, count) in enumerate(zip(bad, all_of, strict=True)):
        block = (float(events), float(count), start)
        while blocks and blocks[-1][0] * block[1] >= block[0] * blocks[-1][1]:
            before = blocks.pop()
            block = (before[0] + block[0], before[1] + block[1], before[2])
        blocks.append(block)
    return [start for _, _, start in blocks]


def _worth(bad: Numbers, good: Numbers) -> float:
    """Information value, with half a customer where a bin has none of a kind."""
    bad_share = np.maximum(bad, 0.5) / max(bad.sum(), 1)
    good_share = np.maximum(good, 0.5) / max(good.sum(), 1)
    return float(((bad_share - good_share) * np.log(bad_share / good_share)).sum())
