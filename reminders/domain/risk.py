"""The tier: explainable points folded over facts in the order of their effective time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from reminders.domain.bill import BillPosition
from reminders.domain.calendar import local_day
from reminders.domain.scorecard import Characteristic, Feature, RiskCard
from reminders.domain.tier import Tier

WINDOW = timedelta(days=365)
FAILED_WINDOW = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Points:
    """One line of the sum: what was seen, and what it adds."""

    fact: str
    points: int


@dataclass(frozen=True, slots=True)
class Assessment:
    """A tier and the points that add up to it. Opting out is no input (S1.6)."""

    tier: Tier
    points: int
    lines: tuple[Points, ...]


def assess(
    bills: Iterable[BillPosition],
    failed_on: Iterable[date],
    card: RiskCard,
    today: date,
    zone: str,
) -> Assessment:
    """Judge a customer on local day `today` from bills, payments and failed payments of the past.

    Pure in its facts: neither the order in which they arrived nor any earlier tier matters.
    """
    return score(card, features(bills, failed_on, today, zone))


def features(
    bills: Iterable[BillPosition], failed_on: Iterable[date], today: date, zone: str
) -> dict[Feature, float]:
    """What is known of a customer on local day `today`; what is not known is not in it."""
    past = sorted(
        (bill for bill in bills if not bill.cancelled and today - WINDOW <= bill.terms.due_on),
        key=lambda bill: (bill.terms.due_on, bill.bill_id),
    )
    judged = [
        met_on_time(bill, zone)
        for bill in past
        if bill.terms.due_on < today and bill.terms.minimum_due > 0
    ]
    known: dict[Feature, float] = {
        Feature.BILLS_KNOWN: len(judged),
        Feature.DAYS_PAST_DUE: max((_days_overdue(bill, today) for bill in past), default=0),
        Feature.FAILED_PAYMENTS: sum(today - FAILED_WINDOW <= day <= today for day in failed_on),
    }
    if judged:
        known[Feature.LATE_COUNT] = judged.count(False)
        streak = 0
        for met in reversed(judged):
            if not met:
                break
            streak += 1
        known[Feature.ON_TIME_STREAK] = streak
    return known


def score(card: RiskCard, known: Mapping[Feature, float]) -> Assessment:
    """Add up the points that `card` gives for what is known."""
    lines = []
    for each in card.characteristics:
        value = known.get(each.feature)
        saw = "unknown" if value is None else f"{value:g}"
        lines.append(Points(f"{each.feature} {saw}", points_of(each, value)))
    points = card.base + sum(line.points for line in lines)
    tier = card.tiers[0][1]
    for least, name in card.tiers:
        if points >= least:
            tier = name
    return Assessment(tier, points, tuple(line for line in lines if line.points))


def points_of(characteristic: Characteristic, value: float | None) -> int:
    """The points of one input."""
    if value is None:
        return characteristic.missing
    found = characteristic.bins[0][1]
    for least, points in characteristic.bins:
        if value >= least:
            found = points
    return found


def met_on_time(bill: BillPosition, zone: str) -> bool:
    """True if the minimum was paid by the end of the local due date and not taken back."""
    paid = sum(
        payment.amount
        for payment in bill.payments
        if payment.reversed_at is None and local_day(payment.paid_at, zone) <= bill.terms.due_on
    )
    return paid >= bill.terms.minimum_due


def _days_overdue(bill: BillPosition, today: date) -> int:
    if bill.closed or bill.minimum_left == 0:
        return 0
    return max(0, (today - bill.terms.due_on).days)
