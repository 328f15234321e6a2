"""Customers with months of bills behind them, for the tests of features, tiers and warnings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta

from hypothesis import strategies as st

from reminders.domain.bill import BillPosition, Payment, positions
from reminders.domain.customer import Promise, RiskInput
from reminders.domain.features import Behaviour
from reminders.domain.scorecard import Characteristic, Feature, RiskCard
from reminders.domain.tier import Tier
from tests.unit.domain.facts import histories, paid_in, terms, version

ZONE = "Asia/Taipei"
FIRST_DUE = date(2026, 1, 15)
TIERS = ((0, Tier.R0), (15, Tier.R1), (40, Tier.R2), (65, Tier.R3))


def due(month: int) -> date:
    """The due date of bill `month`, 0 the first; 30 days apart."""
    return FIRST_DUE + timedelta(days=30 * month)


def local(day: date, hour: float = 12) -> datetime:
    """An hour on the wall in Taipei, which has no daylight saving."""
    return datetime.combine(day, datetime.min.time(), UTC) + timedelta(hours=hour - 8)


def months(
    paid: Mapping[int, Iterable[tuple[float, int]]],
    count: int,
    *,
    amount: int = 1000,
    minimum: int = 100,
    amounts: Mapping[int, int] | None = None,
) -> list[BillPosition]:
    """`count` monthly bills B0, B1 …, issued 14 days before due; per bill: (hours from the start
    of its due date, minor units paid)."""
    versions = [
        version(
            1,
            terms(
                (amounts or {}).get(n, amount),
                minimum,
                due(n),
                issued_at=local(due(n) - timedelta(days=14), 0),
            ),
            f"B{n}",
            f"e{n}",
        )
        for n in range(count)
    ]
    payments = [
        Payment(f"P{n}-{k}", f"B{n}", value, "TWD", local(due(n), hour))
        for n, each in paid.items()
        for k, (hour, value) in enumerate(each)
    ]
    return list(positions(versions, payments).values())


def given_input(feature: Feature, value: float, at: datetime, source: str = "core") -> RiskInput:
    return RiskInput(feature, value, source, at)


def card(
    *features: tuple[Feature, tuple[tuple[float, int], ...]], hysteresis: int = 0, base: int = 0
) -> RiskCard:
    rows = tuple(Characteristic(feature, bins) for feature, bins in features)
    return RiskCard("test", 1, rows, TIERS, hysteresis, base)


# Every input is in it, so that whatever a fact changes is seen.
FULL_CARD = card(
    (Feature.LATE_COUNT, ((0, 0), (1, 10), (2, 20), (4, 30))),
    (Feature.WORST_DAYS_PAST_DUE, ((0, 0), (1, 5), (8, 15), (31, 25))),
    (Feature.DAYS_PAST_DUE, ((0, 0), (1, 5), (3, 15))),
    (Feature.REPAYMENT_STATUS, ((-1, -5), (0, 0), (1, 5), (2, 10))),
    (Feature.AMOUNT_RATIO, ((0, 0), (1.2, 5), (2, 10))),
    (Feature.UTILISATION, ((0, 0), (0.9, 5))),
    (Feature.BALANCE_CHANGE, ((0, 0), (1.5, 7))),
    (Feature.PAY_RATIO, ((0, 8), (0.5, 0))),
    (Feature.EARLY_COUNT, ((0, 0), (1, -15))),
    (Feature.ON_TIME_STREAK, ((0, 0), (2, -5))),
    (Feature.BILLS_KNOWN, ((0, 12), (1, 0))),
    (Feature.AUTOPAY, ((0, 0), (1, -15))),
    (Feature.FAILED_PAYMENTS, ((0, 0), (1, 10))),
    (Feature.BROKEN_PROMISES, ((0, 0), (1, 10))),
    (Feature.LENDER_SCORE, ((0, 10), (600, 0))),
    (Feature.ANOMALY, ((0, 0), (1, 10))),
    base=3,
)

_DAYS = st.integers(0, 60).map(lambda day: date(2026, 3, 1) + timedelta(days=day))
_MINUTES = st.integers(0, 60 * 24 * 60).map(
    lambda minutes: datetime(2026, 3, 1, 2, tzinfo=UTC) + timedelta(minutes=minutes)
)
_INPUTS = st.builds(
    RiskInput,
    st.sampled_from(
        [
            Feature.AUTOPAY,
            Feature.LENDER_SCORE,
            Feature.CREDIT_LIMIT,
            Feature.UTILISATION,
            Feature.ANOMALY,
        ]
    ),
    st.sampled_from([0.0, 0.4, 1.0, 20.0, 700.0]),
    st.sampled_from(["core", "scores"]),
    _MINUTES,
)
_PROMISES = st.builds(
    Promise,
    st.integers(0, 10_000).map(lambda n: f"W{n}"),
    st.sampled_from(["A", "B", "C", "D"]),
    st.sampled_from([100, 1000]),
    _DAYS,
    _MINUTES,
)
behaviours = st.builds(
    lambda versions, payments, failed, inputs, promises: Behaviour(
        tuple(positions(versions, payments).values()),
        tuple(failed),
        ZONE,
        tuple(inputs),
        tuple(promises),
    ),
    histories,
    paid_in,
    st.lists(_DAYS, max_size=2),
    st.lists(_INPUTS, max_size=4),
    st.lists(_PROMISES, max_size=2),
)
moments = _MINUTES
