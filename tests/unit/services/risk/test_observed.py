"""Columns become features as their comments in `domain.scorecard` say."""

from __future__ import annotations

import numpy as np
import pytest

from reminders.domain.scorecard import Feature
from reminders.services.risk.history import History
from reminders.services.risk.observed import observed


def seen(
    statuses: list[int], bills: list[int], payments: list[int], limit: int = 1000
) -> dict[Feature, float]:
    """What one customer shows, newest month first; what is not known is left out."""
    table = observed(
        History(
            limit=np.array([float(limit)]),
            statuses=np.array([statuses], dtype=float),
            bills=np.array([bills], dtype=float),
            payments=np.array([payments], dtype=float),
            defaulted=np.array([False]),
        )
    )
    return {feature: float(each[0]) for feature, each in table.items() if not np.isnan(each[0])}


def test_amounts_and_ratios() -> None:
    found = seen([0] * 6, [600, 500, 400, 0, -50, 100], [250, 400, 70, 30, 0, 999])
    assert found == {
        Feature.REPAYMENT_STATUS: 0,
        Feature.LATE_COUNT: 0,
        Feature.WORST_MONTHS_LATE: 0,
        Feature.MONTHS_LATE_MEAN: 0,
        Feature.ON_TIME_STREAK: 6,
        Feature.BILLS_KNOWN: 3,
        Feature.CREDIT_LIMIT: 1000,
        Feature.CREDIT_LEFT: 400,
        Feature.UTILISATION: 0.6,
        Feature.BILL_AMOUNT: 600,
        Feature.AMOUNT_RATIO: pytest.approx(600 * 3 / 650),
        Feature.BALANCE_CHANGE: pytest.approx(600 * 3 / 1000),
        Feature.PAYMENT_AMOUNT: pytest.approx(650 / 3),
        Feature.LEAST_PAYMENT: 0,
        Feature.PAY_RATIO: 0.65,
        Feature.PAY_RATIO_RECENT: 0.5,
        Feature.UNPAID_SHARE: pytest.approx(1 / 3),
        Feature.FULL_SHARE: pytest.approx(1 / 3),
    }


def test_a_one_is_late_in_the_newest_month_alone() -> None:
    found = seen([1, 1, 2, 0, 0, 3], [0] * 6, [0] * 6)
    assert found[Feature.LATE_COUNT] == 3
    assert found[Feature.MONTHS_LATE_MEAN] == 1
    assert found[Feature.WORST_MONTHS_LATE] == 3
    assert found[Feature.ON_TIME_STREAK] == 0
    assert seen([0, 1, 2, 0, 0, 0], [0] * 6, [0] * 6)[Feature.ON_TIME_STREAK] == 2


def test_no_use_counts_as_paid_in_full() -> None:
    assert seen([-2] * 6, [0] * 6, [0] * 6)[Feature.REPAYMENT_STATUS] == -1


def test_without_bills_nothing_is_said_of_paying_them() -> None:
    found = seen([0] * 6, [-7, 0, 0, -1, 0, 0], [5] * 6)
    assert found[Feature.BILL_AMOUNT] == 0
    assert found[Feature.CREDIT_LEFT] == 1000
    assert not found.keys() & {
        Feature.PAY_RATIO,
        Feature.PAY_RATIO_RECENT,
        Feature.LEAST_PAYMENT,
        Feature.PAYMENT_AMOUNT,
        Feature.UNPAID_SHARE,
        Feature.BALANCE_CHANGE,
    }
