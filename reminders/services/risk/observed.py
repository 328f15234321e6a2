"""A history's columns as the features of `domain.scorecard`, with the meanings they have live.

Assumptions, not data: a status of 2 or more is a missed minimum, and so is a 1 in the newest month
alone, since older months hardly ever use it; -2, no use, counts as paid in full.
`PAY_AMTk` pays `BILL_AMT(k+1)`: five pairs, of which those with a positive bill count; the newest
bill is not yet due. A credit balance owes 0. There are no dates: days past due are not known.
"""

from __future__ import annotations

import numpy as np

from reminders.domain.scorecard import Feature
from reminders.services.risk.history import History, Mask, Numbers

Table = dict[Feature, Numbers]  # one value per customer; NaN where it is not known

_LATE_FROM = np.array([1, 2, 2, 2, 2, 2])  # newest month first
_IN_FULL = -1


def observed(history: History) -> Table:
    """Every feature that the history shows."""
    return {**_repayment(history), **_amounts(history)}


def _repayment(history: History) -> Table:
    statuses = history.statuses
    late = statuses >= _LATE_FROM
    return {
        Feature.REPAYMENT_STATUS: np.maximum(statuses[:, 0], _IN_FULL),
        Feature.LATE_COUNT: late.sum(axis=1).astype(float),
        Feature.WORST_MONTHS_LATE: (statuses * late).max(axis=1),
        Feature.MONTHS_LATE_MEAN: (statuses * late).mean(axis=1),
        Feature.ON_TIME_STREAK: _streak(late),
    }


def _streak(late: Mask) -> Numbers:
    """Months, newest first, before the first late one."""
    streak: Numbers = (np.cumsum(late, axis=1) == 0).sum(axis=1).astype(float)
    return streak


def _amounts(history: History) -> Table:
    bills, payments = history.bills[:, 1:], history.payments[:, :-1]
    billed = bills > 0
    pairs = billed.sum(axis=1)
    total, paid = (bills * billed).sum(axis=1), (payments * billed).sum(axis=1)
    newest = np.maximum(history.bills[:, 0], 0)
    return {
        Feature.BILLS_KNOWN: pairs.astype(float),
        Feature.CREDIT_LIMIT: history.limit,
        Feature.CREDIT_LEFT: history.limit - newest,
        Feature.UTILISATION: _over(newest, history.limit),
        Feature.BILL_AMOUNT: newest,
        Feature.AMOUNT_RATIO: _over(newest * pairs, paid),
        Feature.BALANCE_CHANGE: _over(newest * pairs, total),
        Feature.PAYMENT_AMOUNT: _over(paid, pairs),
        Feature.LEAST_PAYMENT: _least(payments, billed),
        Feature.PAY_RATIO: _over(paid, total),
        Feature.PAY_RATIO_RECENT: _recent(bills, payments, billed),
        Feature.UNPAID_SHARE: _over((billed & (payments <= 0)).sum(axis=1), pairs),
        Feature.FULL_SHARE: _over((billed & (payments >= bills)).sum(axis=1), pairs),
    }


def _least(payments: Numbers, billed: Mask) -> Numbers:
    least = np.where(billed, payments, np.inf).min(axis=1)
    return np.where(np.isfinite(least), least, np.nan)


def _recent(bills: Numbers, payments: Numbers, billed: Mask) -> Numbers:
    """Of the newest pair with a bill."""
    row = np.arange(len(bills))
    first = billed.argmax(axis=1)
    ratio = _over(payments[row, first], bills[row, first])
    return np.where(billed.any(axis=1), ratio, np.nan)


def _over(amounts: Numbers, parts: Numbers) -> Numbers:
    """The quotient where there is something to divide by."""
    divisible = parts > 0
    return np.where(divisible, amounts / np.where(divisible, parts, 1), np.nan)
