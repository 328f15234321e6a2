"""How long a tier holds by itself: until when time alone changes nothing that a card asks of."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import date, datetime, timedelta

from reminders.domain.bill import BillPosition
from reminders.domain.calendar import local_day
from reminders.domain.features import FAILED_DAYS, Behaviour
from reminders.domain.scorecard import Feature, RiskCard
from reminders.domain.standing import WINDOW, day_end

_FAILED = timedelta(days=FAILED_DAYS)
_DAY = timedelta(days=1)
_COUNTS_DAYS = frozenset({Feature.DAYS_PAST_DUE, Feature.WORST_DAYS_PAST_DUE})


def steady_until(
    behaviour: Behaviour, card: RiskCard, wanted: Collection[Feature], at: datetime
) -> datetime:
    """The tier at `at` holds before this instant if no further fact is heard; `at` itself if
    nothing can be said. `wanted`: the card's features.

    Hysteresis and early warnings look back from the very instant, and so are never steady. All
    else goes by the end of local days, once every fact has taken effect.
    """
    if card.hysteresis or Feature.ANOMALY in wanted or _some_lie_ahead(behaviour, at):
        return at
    today = local_day(at, behaviour.zone)
    try:
        last = min(day for day in _last_days(behaviour, wanted, today) if day >= today)
    except (ValueError, OverflowError):  # no day at all, or beyond the calendar
        last = today
    return day_end(last, behaviour.zone)


def _some_lie_ahead(behaviour: Behaviour, at: datetime) -> bool:
    """True if a fact is known before it takes effect."""
    for bill in behaviour.bills:
        if bill.terms.issued_at > at:
            return True
        for payment in bill.payments:
            if payment.paid_at > at or (payment.reversed_at or at) > at:
                return True
    return any(promise.made_at > at for promise in behaviour.promises) or any(
        given.observed_at > at for given in behaviour.inputs
    )


def _last_days(behaviour: Behaviour, wanted: Collection[Feature], today: date) -> Iterator[date]:
    """Local days at whose end something begins or ceases to count."""
    if behaviour.promises:
        yield today
    for day in behaviour.failed_on:
        yield day - _DAY
        yield day + _FAILED
    daily = not _COUNTS_DAYS.isdisjoint(wanted)
    for bill in behaviour.bills:
        if bill.cancelled:
            continue
        yield bill.terms.due_on
        yield bill.terms.due_on + WINDOW
        if daily and _past_due(bill, today):
            yield today


def _past_due(bill: BillPosition, today: date) -> bool:
    terms = bill.terms
    return terms.due_on < today and bill.superseded_by is None and bill.paid < terms.minimum_due
