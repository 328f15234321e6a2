"""What is known of a customer, feature by feature, by the auditor's own sums over the facts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from itertools import takewhile
from zoneinfo import ZoneInfo

from reminders.services.demo.auditor.account import Owed, Signs
from reminders.services.demo.auditor.facts import PromiseFact
from reminders.services.demo.auditor.points import Card

_YEAR = timedelta(days=365)
_MONTH = timedelta(days=30)
_PROMISES = timedelta(days=60)
_NONE = timedelta(0)
_LENDERS_OWN = ("autopay", "credit_limit", "lender_score")

Bills = Sequence[tuple[str, Owed]]  # with their ids


def tiers_of(
    bills: Iterable[tuple[str, Owed]], signs: Signs, card: Card, today: date, zone: str
) -> frozenset[str]:
    """Every tier that the customer may have on local day `today`."""
    return card.tiers_of(_known(tuple(bills), signs, today, ZoneInfo(zone)))


def _known(bills: Bills, signs: Signs, today: date, local: ZoneInfo) -> dict[str, float | None]:
    """What an opt-out or a person is, is in none of it."""
    recent = sorted(
        (owed.due_on, bill, owed)
        for bill, owed in bills
        if owed.void != "cancelled" and today - _YEAR <= owed.due_on
    )
    met = [
        _met(owed, local)
        for due_on, _, owed in recent
        if due_on < today and 0 < owed.minimum <= owed.amount
    ]
    failed = [each.astimezone(local).date() for each in signs.failed]
    known: dict[str, float | None] = {
        "bills_known": len(met),
        "late_count": met.count(False) if met else None,
        "on_time_streak": len(list(takewhile(bool, reversed(met)))) if met else None,
        "days_past_due": max((_behind(owed, today) for _, _, owed in recent), default=0),
        "failed_payments": sum(1 for day in failed if _NONE <= today - day <= _MONTH),
        "broken_promises": _broken(dict(bills), signs.promises, today, local),
    }
    for name in _LENDERS_OWN:
        seen = [(each.at, each.source, each.value) for each in signs.inputs if each.name == name]
        known[name] = max(seen)[2] if seen else None
    return known


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


def _broken(
    bills: Mapping[str, Owed], promises: Iterable[PromiseFact], today: date, local: ZoneInfo
) -> int:
    over = (each for each in promises if _NONE < today - each.promised_on <= _PROMISES)
    return sum(1 for each in over if not _kept(each, bills, local))


def _kept(promise: PromiseFact, bills: Mapping[str, Owed], local: ZoneInfo) -> bool:
    """Paid on the bill, or on the statements that took it up, from the promise to its day."""
    owed = bills.get(promise.bill)
    if owed is None or owed.void == "cancelled":
        return True
    paid = 0
    passed: set[str] = set()
    while owed is not None and owed.void not in passed:
        passed.add(owed.void)
        money = [
            each
            for each in owed.money
            if each.good and each.paid_at.astimezone(local).date() <= promise.promised_on
        ]
        if sum(each.amount for each in money) >= owed.amount:
            return True
        paid += sum(each.amount for each in money if each.paid_at >= promise.made_at)
        owed = bills.get(owed.void)
    return paid >= promise.amount


def local_day(at: datetime, zone: str) -> date:
    return at.astimezone(ZoneInfo(zone)).date()
