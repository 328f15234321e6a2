"""The instants at which a fact about a customer took effect or lapsed, newest first."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime

from reminders.domain.bill import BillPosition
from reminders.domain.calendar import shift
from reminders.domain.features import FAILED_DAYS, PROMISE_DAYS, Behaviour
from reminders.domain.scorecard import Feature
from reminders.domain.standing import WINDOW, day_end
from reminders.domain.warning import LASTS

CHANGES = 12  # so many of the newest are looked back over: four months of a bill a month


def turning_points(behaviour: Behaviour, at: datetime) -> list[datetime]:
    """Instants up to `at`, within the year before it, from which a fact counts or ceases to.

    Between two of them only time passes, and time alone makes nobody's points fall: days past due
    grow, and an early warning comes into force.
    """
    zone = behaviour.zone
    found: set[datetime] = set()
    for bill in behaviour.bills:
        if not bill.cancelled:
            found.update(_of_bill(bill, zone))
    for day in behaviour.failed_on:
        found.update(_days(day, (-1, FAILED_DAYS), zone))
    for promise in behaviour.promises:
        found.update(_days(promise.promised_on, (0, PROMISE_DAYS), zone))
        found.add(promise.made_at)
    for given in behaviour.inputs:
        found.add(given.observed_at)
        if given.feature in (Feature.ANOMALY, Feature.UTILISATION):
            found.add(given.observed_at + LASTS)
    since = at - WINDOW
    return sorted((each for each in found if since < each <= at), reverse=True)[:CHANGES]


def _of_bill(bill: BillPosition, zone: str) -> Iterator[datetime]:
    """Issued, over, out of the window; paid and taken back; and a string of part payments ends."""
    terms = bill.terms
    yield terms.issued_at
    ends_at = day_end(terms.due_on, zone)
    yield ends_at
    yield from _days(terms.due_on, (WINDOW.days,), zone)
    for payment in bill.payments:
        yield payment.paid_at
        if payment.reversed_at is not None:
            yield payment.reversed_at
    if bill.balance:
        yield ends_at + LASTS


def _days(day: date, offsets: tuple[int, ...], zone: str) -> Iterator[datetime]:
    for offset in offsets:
        moved = shift(day, offset)
        if moved is not None:
            yield day_end(moved, zone)
