"""The tier from the facts, by the auditor's own sum of the policy's points."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from reminders.services.demo.auditor.account import Owed
from reminders.services.demo.auditor.rules import Points

_YEAR = timedelta(days=365)
_MONTH = timedelta(days=30)
_STREAK = 3


def tier_of(
    bills: Iterable[tuple[str, Owed]],
    failures: Iterable[datetime],
    points: Points,
    today: date,
    zone: str,
) -> str:
    """The tier on local day `today`. `bills` come with their ids."""
    local = ZoneInfo(zone)
    recent = sorted(
        (owed.due_on, bill, owed)
        for bill, owed in bills
        if owed.void != "cancelled" and today - _YEAR <= owed.due_on
    )
    met = [_met(owed, local) for due_on, _, owed in recent if due_on < today and owed.minimum > 0]
    late = met.count(False)
    behind = max((_behind(owed, today) for _, _, owed in recent), default=0)
    total = points.late[min(late, len(points.late) - 1)]
    total += max((worth for days, worth in points.overdue if behind >= days), default=0)
    if not met:
        total += points.no_history
    if any(today - _MONTH <= each.astimezone(local).date() <= today for each in failures):
        total += points.failed_payment
    if len(met) >= _STREAK and all(met[-_STREAK:]):
        total += points.on_time_streak
    reached = [tier for least, tier in points.tiers if max(0, total) >= least]
    return reached[-1] if reached else points.tiers[0][1]


def _met(owed: Owed, local: ZoneInfo) -> bool:
    in_time = sum(
        money.amount
        for money in owed.money
        if money.good and money.paid_at.astimezone(local).date() <= owed.due_on
    )
    return in_time >= owed.minimum


def _behind(owed: Owed, today: date) -> int:
    """Days overdue now, 0 where the minimum is met or the bill is void."""
    if owed.void or owed.paid >= owed.minimum:
        return 0
    return max(0, (today - owed.due_on).days)
