"""How long a tier holds by itself: until when time alone changes nothing that a card asks of."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime, timedelta
from math import ceil
from typing import Final

from reminders.domain.bill import BillPosition
from reminders.domain.calendar import local_day, shift
from reminders.domain.features import FAILED_DAYS, Behaviour
from reminders.domain.scorecard import Feature, RiskCard
from reminders.domain.standing import WINDOW, day_end

_FAILED = timedelta(days=FAILED_DAYS)
_ANOMALY: Final = Feature.ANOMALY
_COUNTS_DAYS = frozenset({Feature.DAYS_PAST_DUE, Feature.WORST_DAYS_PAST_DUE})
_MOST_DAYS = WINDOW.days + 1  # after so many days past due a bill no longer counts


def steady_until(
    behaviour: Behaviour, card: RiskCard, wanted: Collection[Feature], at: datetime
) -> datetime:
    """The tier at `at` holds before this instant if no further fact is heard; `at` itself if
    nothing can be said. `wanted`: the card's features.

    Hysteresis and early warnings look back from the very instant, and so are never steady. All
    else goes by the end of local days, once every fact has taken effect.
    """
    if card.hysteresis or _ANOMALY in wanted or _told_ahead(behaviour, at):
        return at
    today = local_day(at, behaviour.zone)
    last = today if behaviour.promises else date.max
    daily = None if _COUNTS_DAYS.isdisjoint(wanted) else _steps(card)
    for bill in behaviour.bills:
        if _taken_ahead(bill, at):
            return at
        last = min(last, _last_day(bill, today, daily))
    for day in behaviour.failed_on:
        last = min(last, today if day > today else _next(day + _FAILED, today))
    return day_end(last, behaviour.zone)


def _steps(card: RiskCard) -> list[float]:
    """The numbers of days past due from which the card gives other points, in no order."""
    return [
        least
        for each in card.characteristics
        if each.feature in _COUNTS_DAYS
        for least, _ in each.bins
    ]


def _told_ahead(behaviour: Behaviour, at: datetime) -> bool:
    """True if a promise or an observation is known before it takes effect."""
    if not behaviour.promises and not behaviour.inputs:
        return False
    return any(promise.made_at > at for promise in behaviour.promises) or any(
        given.observed_at > at for given in behaviour.inputs
    )


def _taken_ahead(bill: BillPosition, at: datetime) -> bool:
    """The same of a bill and its payments."""
    if bill.terms.issued_at > at:
        return True
    for payment in bill.payments:  # no `any(...)`: this runs for most decisions
        if payment.paid_at > at or (payment.reversed_at or at) > at:
            return True
    return False


def _last_day(bill: BillPosition, today: date, steps: Sequence[float] | None) -> date:
    """The local day at whose end the bill is judged, late enough for other points, or too old to
    count. `steps` None: the card does not ask for how long it is past due."""
    terms = bill.terms
    if bill.cancelled:
        return date.max
    if terms.due_on >= today:
        return terms.due_on
    last = _next(shift(terms.due_on, WINDOW.days) or date.max, today)
    if steps is None or bill.superseded_by is not None or bill.paid >= terms.minimum_due:
        return last
    days = (today - terms.due_on).days
    ahead = [step for step in steps if days < step <= _MOST_DAYS]
    return min(last, terms.due_on + timedelta(days=ceil(min(ahead)) - 1)) if ahead else last


def _next(day: date, today: date) -> date:
    """The day, if it is not over."""
    return day if day >= today else date.max
