"""What is known of a customer at an instant, as the inputs of a points card.

Only facts in effect by then count, in whatever order they arrived: bills as billing states them,
payments, failed payments, promises, and what the lender observed. Nothing else can be expressed:
the enum of features is closed, and neither opting out nor who somebody is stands in it (S1.6).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import field
from datetime import date, datetime, timedelta
from typing import Final

from reminders.domain.bill import BillPosition
from reminders.domain.calendar import local_day
from reminders.domain.currency import major_unit
from reminders.domain.customer import Promise, RiskInput
from reminders.domain.record import record
from reminders.domain.scorecard import Feature
from reminders.domain.standing import Found, Standing, day_end, standings
from reminders.domain.warning import input_order, warnings_of

FAILED_DAYS = 30
PROMISE_DAYS = 60
EARLY_OF = 6
MONTH_DAYS = 365.25 / 12
# Read once: in CPython 3.11 the attribute of an enum costs more than what is done with it.
_ANOMALY: Final = Feature.ANOMALY
_BILLS_KNOWN: Final = Feature.BILLS_KNOWN
_BROKEN_PROMISES: Final = Feature.BROKEN_PROMISES
_CREDIT_LIMIT: Final = Feature.CREDIT_LIMIT
_DAYS_PAST_DUE: Final = Feature.DAYS_PAST_DUE
_FAILED_PAYMENTS: Final = Feature.FAILED_PAYMENTS
_LATE_COUNT: Final = Feature.LATE_COUNT
_ON_TIME_STREAK: Final = Feature.ON_TIME_STREAK
_DAY = timedelta(days=1)
_MOMENT = timedelta(microseconds=1)
EVERY = frozenset(Feature)
_DATED = frozenset({Feature.WORST_DAYS_PAST_DUE, Feature.EARLY_COUNT})
_REPAYMENT = frozenset(
    {
        Feature.REPAYMENT_STATUS,
        Feature.WORST_MONTHS_LATE,
        Feature.MONTHS_LATE_MEAN,
        Feature.UNPAID_SHARE,
        Feature.FULL_SHARE,
    }
)
_MONEY = frozenset(
    {
        Feature.AMOUNT_RATIO,
        Feature.UTILISATION,
        Feature.PAY_RATIO,
        Feature.PAY_RATIO_RECENT,
        Feature.BILL_AMOUNT,
        Feature.PAYMENT_AMOUNT,
        Feature.LEAST_PAYMENT,
        Feature.CREDIT_LEFT,
        Feature.BALANCE_CHANGE,
    }
)


@record
class Behaviour:
    """Every fact of one customer that a card may rest on. `found` is no fact: it keeps what was
    found of each bill, for the next time that it is asked for."""

    bills: Sequence[BillPosition]
    failed_on: Sequence[date]
    zone: str
    inputs: Sequence[RiskInput] = ()
    promises: Sequence[Promise] = ()
    found: dict[str, Found] | None = field(default=None, compare=False)


def features(
    bills: Iterable[BillPosition],
    failed_on: Iterable[date],
    today: date,
    zone: str,
    inputs: Iterable[RiskInput] = (),
    promises: Iterable[Promise] = (),
) -> dict[Feature, float]:
    """What is known at the end of local day `today`; what is not known is not in it."""
    behaviour = Behaviour(tuple(bills), tuple(failed_on), zone, tuple(inputs), tuple(promises))
    return observe(behaviour, last_moment(today, zone))[0]


def last_moment(day: date, zone: str) -> datetime:
    return day_end(day, zone) - _MOMENT


def observe(
    behaviour: Behaviour, at: datetime, wanted: Collection[Feature] = EVERY
) -> tuple[dict[Feature, float], dict[Feature, RiskInput]]:
    """What is known at `at`, and the lender's observations in it.

    What billing shows goes before what the lender says of the same. Groups of features of which
    none is `wanted` are not computed: decisions need only those of their card.
    """
    today = local_day(at, behaviour.zone)
    seen = standings(behaviour.bills, at, today, behaviour.zone, behaviour.found)
    inputs = _newest(behaviour.inputs, at) if behaviour.inputs else {}
    judged = [each for each in seen if each.judged]
    known: dict[Feature, float] = {
        _BILLS_KNOWN: len(judged),
        _DAYS_PAST_DUE: _most_past_due(seen, today),
        _FAILED_PAYMENTS: _within(behaviour.failed_on, today) if behaviour.failed_on else 0,
        _BROKEN_PROMISES: _broken(behaviour, today, at) if behaviour.promises else 0,
    }
    if judged:
        _punctuality(known, judged)
        if not _REPAYMENT.isdisjoint(wanted):
            _repayment(known, judged)
        if not _DATED.isdisjoint(wanted):
            _dated(known, judged, today, behaviour.zone)
    if seen and not _MONEY.isdisjoint(wanted):
        _amounts(known, seen, judged, inputs.get(_CREDIT_LIMIT))
    if _ANOMALY in wanted:
        found = warnings_of(seen, behaviour.inputs, at, behaviour.zone)
        known[_ANOMALY] = int(any(each.in_force(at) for each in found))
    used = {feature: given for feature, given in inputs.items() if feature not in known}
    for feature, given in used.items():
        known[feature] = given.value
    return known, used


def _newest(inputs: Iterable[RiskInput], at: datetime) -> dict[Feature, RiskInput]:
    found: dict[Feature, RiskInput] = {}
    for given in inputs:
        if given.observed_at <= at:
            held = found.get(given.feature)
            if held is None or input_order(held) < input_order(given):
                found[given.feature] = given
    return found


def _within(days: Iterable[date], today: date) -> int:
    return sum(1 for day in days if 0 <= (today - day).days <= FAILED_DAYS)


def _most_past_due(seen: Iterable[Standing], today: date) -> int:
    """Days since the oldest due date whose minimum is neither met nor taken over."""
    for each in seen:  # in order of their due dates
        terms = each.bill.terms
        if each.replaced_at is None and each.paid < terms.minimum_due:
            return max(0, (today - terms.due_on).days)
    return 0


def _punctuality(known: dict[Feature, float], judged: Sequence[Standing]) -> None:
    """How many bills that have fallen due were met in time."""
    late = streak = 0
    for each in judged:
        if each.on_time:
            streak += 1
        else:
            late, streak = late + 1, 0
    known[_LATE_COUNT] = late
    known[_ON_TIME_STREAK] = streak


def _repayment(known: dict[Feature, float], judged: Sequence[Standing]) -> None:
    """How bills that have fallen due were paid, as far as that is dearer to say."""
    late = _months_late(judged)
    last = judged[-1]
    status = late[-1]
    if status == 0 and last.paid_in_time >= last.bill.terms.amount_due:
        status = -1
    known[Feature.REPAYMENT_STATUS] = status
    known[Feature.WORST_MONTHS_LATE] = max(late)
    known[Feature.MONTHS_LATE_MEAN] = sum(late) / len(judged)
    known[Feature.UNPAID_SHARE] = [each.paid for each in judged].count(0) / len(judged)
    known[Feature.FULL_SHARE] = sum([each.full_at is not None for each in judged]) / len(judged)


def _dated(known: dict[Feature, float], judged: Sequence[Standing], today: date, zone: str) -> None:
    """By how many days bills were paid before or after their due dates."""
    known[Feature.WORST_DAYS_PAST_DUE] = max(
        [0 if each.on_time else _days_late(each, today, zone) for each in judged]
    )
    known[Feature.EARLY_COUNT] = sum([_early(each, zone) for each in judged[-EARLY_OF:]])


def _months_late(judged: Sequence[Standing]) -> list[int]:
    """For each bill, how many months behind its due date found the customer; 0 if it was met.

    A missed bill is one month late, and as many more as have passed since the oldest of the
    missed bills before it, in one row, that were still not met by then.
    """
    found = []
    for place, each in enumerate(judged):
        if each.on_time:
            found.append(0)
            continue
        oldest = each
        for before in reversed(judged[:place]):
            if before.met_at is not None and before.met_at < each.ends_at:
                break
            oldest = before
        behind = (each.bill.terms.due_on - oldest.bill.terms.due_on).days
        found.append(1 + round(behind / MONTH_DAYS))
    return found


def _days_late(bill: Standing, today: date, zone: str) -> int:
    """Days from the due date until the minimum was met or a newer statement took over."""
    ends = [each for each in (bill.met_at, bill.replaced_at) if each is not None]
    until = local_day(min(ends), zone) if ends else today
    return max(0, (until - bill.bill.terms.due_on).days)


def _early(bill: Standing, zone: str) -> bool:
    """Paid in full before the due date began."""
    if bill.full_at is None:
        return False
    return bill.full_at < day_end(bill.bill.terms.due_on - _DAY, zone)


def _amounts(
    known: dict[Feature, float],
    seen: Sequence[Standing],
    judged: Sequence[Standing],
    limit: RiskInput | None,
) -> None:
    """Amounts of the newest bill against the others, in its currency alone."""
    last = max(seen, key=lambda each: (each.bill.terms.issued_at, each.bill.bill_id))
    currency = last.bill.terms.currency
    amount = last.bill.terms.amount_due
    unit = major_unit(currency)
    known[Feature.BILL_AMOUNT] = amount / unit
    pairs = [each for each in judged if each.bill.terms.currency == currency]
    if pairs:
        _payments(known, pairs, amount, unit)
    ours = [each for each in seen if each.bill.terms.currency == currency]
    older = [
        each.bill.terms.amount_due
        for each in ours
        if each is not last and each.bill.terms.amount_due > 0
    ]
    if older:
        known[Feature.BALANCE_CHANGE] = amount * len(older) / sum(older)
    if limit is not None:
        owed = sum([each.bill.terms.amount_due - each.paid for each in ours if each.open]) / unit
        known[Feature.CREDIT_LEFT] = limit.value - owed
        if limit.value > 0:
            known[Feature.UTILISATION] = owed / limit.value


def _payments(
    known: dict[Feature, float], pairs: Sequence[Standing], amount: int, unit: int
) -> None:
    """What was paid on the bills that have fallen due; each of them asked for something."""
    paid = [each.paid for each in pairs]
    total = sum(paid)
    known[Feature.PAYMENT_AMOUNT] = total / len(pairs) / unit
    known[Feature.LEAST_PAYMENT] = min(paid) / unit
    known[Feature.PAY_RATIO] = total / sum([each.bill.terms.amount_due for each in pairs])
    known[Feature.PAY_RATIO_RECENT] = paid[-1] / pairs[-1].bill.terms.amount_due
    if total > 0:
        known[Feature.AMOUNT_RATIO] = amount * len(pairs) / total


def _broken(behaviour: Behaviour, today: date, at: datetime) -> int:
    """Promises of the last 60 days whose day ended with less paid since they were made.

    What was paid on the statement that took over a bill counts; a bill that is unknown, cancelled
    or was paid in full by then breaks none.
    """
    bills = {bill.bill_id: bill for bill in behaviour.bills if not bill.cancelled}
    recent = (
        each
        for each in behaviour.promises
        if each.made_at <= at and 0 < (today - each.promised_on).days <= PROMISE_DAYS
    )
    return sum(1 for each in recent if not _kept(each, bills, behaviour.zone, at))


def _kept(promise: Promise, bills: Mapping[str, BillPosition], zone: str, at: datetime) -> bool:
    bill = bills.get(promise.bill_id)
    ends_at = day_end(promise.promised_on, zone)
    paid = 0
    passed: set[str] = set()
    while bill is not None and bill.bill_id not in passed:
        passed.add(bill.bill_id)
        in_time = [
            payment
            for payment in bill.payments
            if payment.paid_at < ends_at
            and (payment.reversed_at is None or payment.reversed_at > at)
        ]
        if sum(payment.amount for payment in in_time) >= bill.terms.amount_due:
            return True
        paid += sum(each.amount for each in in_time if each.paid_at >= promise.made_at)
        bill = bills.get(bill.superseded_by) if bill.superseded_by is not None else None
    return not passed or paid >= promise.amount
