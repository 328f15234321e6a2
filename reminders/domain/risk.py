"""The tier: explainable points folded over facts in the order of their effective time."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from reminders.domain.bill import BillPosition
from reminders.domain.calendar import local_day
from reminders.domain.policy import RiskCard, Tier

WINDOW = timedelta(days=365)
FAILED_WINDOW = timedelta(days=30)
STREAK = 3


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
    past = sorted(
        (bill for bill in bills if not bill.cancelled and today - WINDOW <= bill.terms.due_on),
        key=lambda bill: (bill.terms.due_on, bill.bill_id),
    )
    judged = [
        met_on_time(bill, zone)
        for bill in past
        if bill.terms.due_on < today and bill.terms.minimum_due > 0
    ]
    late = judged.count(False)
    overdue = max((_days_overdue(bill, today) for bill in past), default=0)
    lines = []
    if not judged:
        lines.append(Points("no bill has fallen due yet", card.no_history))
    lines.append(Points(f"{late} late in 12 months", card.late[min(late, len(card.late) - 1)]))
    lines.append(
        Points(
            f"{overdue} days overdue now",
            max((points for days, points in card.overdue if overdue >= days), default=0),
        )
    )
    if any(today - FAILED_WINDOW <= day <= today for day in failed_on):
        lines.append(Points("a payment failed in the last 30 days", card.failed_payment))
    if len(judged) >= STREAK and all(judged[-STREAK:]):
        lines.append(Points(f"the last {STREAK} bills met on time", card.on_time_streak))
    points = max(0, sum(line.points for line in lines))
    tier = Tier.R0
    for least, name in card.tiers:
        if points >= least:
            tier = name
    return Assessment(tier, points, tuple(line for line in lines if line.points))


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
