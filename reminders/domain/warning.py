"""Early warning: what in a customer's behaviour has turned, and from which instant (S1.13, S1.19).

A warning is a function of facts alone, and so is the instant from which it holds: an event
reminder can be planned for it before it comes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from reminders.domain.bill import BillPosition
from reminders.domain.calendar import instant, local_day, shift
from reminders.domain.currency import major_unit
from reminders.domain.customer import RiskInput
from reminders.domain.scorecard import Feature
from reminders.domain.standing import Standing, standings

HABIT_BILLS = 6  # so many of the newest bills show a habit
HABIT_LEAST = 3
HABIT_SPREAD = timedelta(days=2)  # between the earliest and the latest of them
HABIT_SLACK = timedelta(hours=3)
RISE = 2.0  # times the mean of the older bills
OLDER_LEAST = 3
UTILISATION_FROM = 0.9
UTILISATION_RISE = 0.3
PARTIAL_LEAST = 3
LASTS = timedelta(days=31)  # what no due date ends


class WarningKind(StrEnum):
    LATE_FOR_THEM = "late_for_them"
    BALANCE_RISE = "balance_rise"
    UTILISATION_RISE = "utilisation_rise"
    PARTIAL_PAYMENTS = "partial_payments"
    LENDER = "lender"


@dataclass(frozen=True, slots=True)
class EarlyWarning:
    """It holds from `at` until `until` (exclusive). `bill_id`: the bill to speak of, "" if none."""

    kind: WarningKind
    bill_id: str
    at: datetime
    until: datetime
    words: str

    def in_force(self, now: datetime) -> bool:
        return self.at <= now < self.until


def warnings(
    bills: Iterable[BillPosition],
    inputs: Iterable[RiskInput],
    now: datetime,
    zone: str,
) -> tuple[EarlyWarning, ...]:
    """What is in force at `now`, and what will be if no fact changes until then, by instant.

    A usual payer's warning is known as soon as the bill is: `at` is ahead until the hour comes,
    and the warning is gone once the minimum is paid. Those that are over are left out.
    """
    seen = standings(bills, now, local_day(now, zone), zone)
    return warnings_of(seen, inputs, now, zone)


def warnings_of(
    seen: Sequence[Standing],
    inputs: Iterable[RiskInput],
    now: datetime,
    zone: str,
) -> tuple[EarlyWarning, ...]:
    """`warnings` for bills that have been looked at already (`standings` at `now`)."""
    known = [each for each in inputs if each.observed_at <= now]
    if not seen and not known:
        return ()
    found = [
        *_late_for_them(seen, now, zone),
        *_rises(seen, known),
        *_partial(seen),
        *_reported(seen, known),
    ]
    ahead = [each for each in found if each.until > now]
    return tuple(sorted(ahead, key=lambda each: (each.at, each.kind, each.bill_id)))


def newest(inputs: Iterable[RiskInput], feature: Feature) -> RiskInput | None:
    """The newest observation of one feature; of two at one instant, in whatever order they came,
    the one by the later source, then the higher value."""
    of_it = [each for each in inputs if each.feature is feature]
    return max(of_it, key=input_order, default=None)


def input_order(each: RiskInput) -> tuple[datetime, str, float]:
    return each.observed_at, each.source, each.value


def _late_for_them(seen: Sequence[Standing], now: datetime, zone: str) -> Iterable[EarlyWarning]:
    """A usual on-time payer who has not met the minimum by the hour they usually do."""
    for place, each in enumerate(seen):
        if each.on_time or not each.open or each.ends_at <= now:
            continue
        habit = _habit(seen[:place], each, zone)
        at = _wall(each, max(habit) + HABIT_SLACK, zone) if habit else None
        if at is None or not each.bill.terms.issued_at < at < each.ends_at:
            continue
        usual = f"{len(habit)} bills in a row were paid by then"
        hour = at.astimezone(ZoneInfo(zone))
        words = f"nothing by {hour:%Y-%m-%d %H:%M}, though {usual}"
        yield EarlyWarning(WarningKind.LATE_FOR_THEM, each.bill.bill_id, at, each.ends_at, words)


def _habit(older: Sequence[Standing], bill: Standing, zone: str) -> list[timedelta]:
    """When, from the start of the due date on the wall, the last bills of this product were paid.

    Empty if fewer than three in a row were on time, or if their hours lie far apart.
    """
    terms = bill.bill.terms
    offsets: list[timedelta] = []
    for each in reversed(older):
        theirs = each.bill.terms
        if theirs.product != terms.product or theirs.minimum_due <= 0:
            continue
        if theirs.due_on >= terms.due_on or (not each.on_time and not each.judged):
            continue
        if not each.on_time or each.met_at is None or len(offsets) == HABIT_BILLS:
            break
        wall = each.met_at.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
        offsets.append(wall - datetime.combine(theirs.due_on, time(0)))
    if len(offsets) < HABIT_LEAST or max(offsets) - min(offsets) > HABIT_SPREAD:
        return []
    return offsets


def _wall(bill: Standing, offset: timedelta, zone: str) -> datetime | None:
    day = shift(bill.bill.terms.due_on, offset.days)
    minutes, second = divmod(offset.seconds, 60)
    hour = time(minutes // 60, minutes % 60, second)
    return None if day is None else instant(day, hour, zone)


def _rises(seen: Sequence[Standing], inputs: Sequence[RiskInput]) -> Iterable[EarlyWarning]:
    """The newest bill is far above the older ones, or uses up a limit that they did not."""
    if seen:
        last = max(seen, key=lambda each: (each.bill.terms.issued_at, each.bill.bill_id))
        older = [
            each.bill.terms.amount_due
            for each in seen
            if each is not last
            and each.bill.terms.product == last.bill.terms.product
            and each.bill.terms.currency == last.bill.terms.currency
        ]
        if last.open and len(older) >= OLDER_LEAST:
            yield from _rise_of(last, sum(older) / len(older), newest(inputs, Feature.CREDIT_LIMIT))
    yield from _reported_rise(seen, [i for i in inputs if i.feature is Feature.UTILISATION])


def _rise_of(last: Standing, usual: float, limit: RiskInput | None) -> Iterable[EarlyWarning]:
    terms = last.bill.terms
    bill_id = last.bill.bill_id
    if usual > 0 and terms.amount_due > RISE * usual:
        words = f"the newest bill is {terms.amount_due / usual:.1f} times the mean of the older"
        yield EarlyWarning(WarningKind.BALANCE_RISE, bill_id, terms.issued_at, last.ends_at, words)
    if limit is not None and limit.value > 0:
        line = limit.value * major_unit(terms.currency)
        now, before = terms.amount_due / line, usual / line
        if now >= UTILISATION_FROM and now - before >= UTILISATION_RISE:
            words = f"{now:.0%} of the credit limit is used, {before:.0%} before"
            at = max(terms.issued_at, limit.observed_at)
            yield EarlyWarning(WarningKind.UTILISATION_RISE, bill_id, at, last.ends_at, words)


def _reported_rise(
    seen: Sequence[Standing], reports: Sequence[RiskInput]
) -> Iterable[EarlyWarning]:
    """The same from the lender's own observations of utilisation."""
    if len(reports) <= 1:
        return
    *older, last = sorted(reports, key=input_order)
    before = sum(each.value for each in older) / len(older)
    if last.value >= UTILISATION_FROM and last.value - before >= UTILISATION_RISE:
        words = f"{last.source} saw {last.value:.0%} of the credit limit used, {before:.0%} before"
        at = last.observed_at
        yield EarlyWarning(WarningKind.UTILISATION_RISE, _nearest(seen), at, at + LASTS, words)


def _partial(seen: Sequence[Standing]) -> Iterable[EarlyWarning]:
    """Three or more bills in a row paid in part by their due dates: below the minimum each time,
    or by someone who paid in full before. Paying the minimum month after month is no change."""
    judged = [each for each in seen if each.judged]
    string: list[Standing] = []
    for each in reversed(judged):
        if not 0 < each.paid_in_time < each.bill.terms.amount_due:
            break
        string.append(each)
    if len(string) < PARTIAL_LEAST:
        return
    before = judged[: -len(string)]
    used_to = any(each.paid_in_time >= each.bill.terms.amount_due for each in before)
    if used_to or not any(each.on_time for each in string):
        at, until = string[-PARTIAL_LEAST].ends_at, string[0].ends_at + LASTS
        words = f"{len(string)} bills in a row were paid in part"
        yield EarlyWarning(WarningKind.PARTIAL_PAYMENTS, _nearest(seen), at, until, words)


def _reported(seen: Sequence[Standing], inputs: Sequence[RiskInput]) -> Iterable[EarlyWarning]:
    """What the lender itself calls an anomaly, until it takes it back or for a month."""
    last = newest(inputs, Feature.ANOMALY)
    if last is not None and last.value > 0:
        at = last.observed_at
        words = f"{last.source} reports an anomaly"
        yield EarlyWarning(WarningKind.LENDER, _nearest(seen), at, at + LASTS, words)


def _nearest(seen: Sequence[Standing]) -> str:
    """The open bill that is due first."""
    return next((each.bill.bill_id for each in seen if each.open), "")
