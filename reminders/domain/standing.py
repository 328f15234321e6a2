"""Each bill as it stood at an instant: what had been paid by then, and whether in time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import NamedTuple

from reminders.domain.bill import BillPosition
from reminders.domain.calendar import instant, shift

WINDOW = timedelta(days=365)
_FOREVER = datetime.max.replace(tzinfo=UTC)
_MIDNIGHT = time(0)


class Standing(NamedTuple):
    """One bill at an instant. A named tuple, since a simulation makes millions of them.

    `met_at` and `full_at`: when the minimum and the whole amount were reached and not taken back
    since. `judged`: its due date is over and it asked for something. Amounts in minor units.
    """

    bill: BillPosition
    ends_at: datetime  # the end of the local due date
    judged: bool
    paid: int
    paid_in_time: int
    on_time: bool  # the minimum was met by the end of the due date
    met_at: datetime | None
    full_at: datetime | None
    replaced_at: datetime | None  # when a newer statement took over its rest

    @property
    def open(self) -> bool:
        return self.full_at is None and self.replaced_at is None


@lru_cache(maxsize=65_536)
def day_end(day: date, zone: str) -> datetime:
    """The instant at which a local day is over."""
    after = shift(day, 1)
    found = instant(after, _MIDNIGHT, zone) if after is not None else None
    return _FOREVER if found is None else found


def standings(
    bills: Iterable[BillPosition], at: datetime, today: date, zone: str
) -> list[Standing]:
    """The bills of the last 12 months that had been issued by `at`, in order of their due dates.

    Only facts that were in effect at `at` (local day `today`) count, whenever they arrived; a
    bill's terms are those of its newest version, and one that was cancelled never was.
    """
    every = list(bills)
    oldest = _oldest(today)
    issued = {bill.bill_id: bill.terms.issued_at for bill in every if not bill.cancelled}
    found = [
        _standing(bill, at, zone, issued)
        for bill in every
        if not bill.cancelled and bill.terms.due_on >= oldest and bill.terms.issued_at <= at
    ]
    found.sort(key=_order)
    return found


@lru_cache(maxsize=1_024)
def _oldest(today: date) -> date:
    return shift(today, -WINDOW.days) or date.min


def _order(standing: Standing) -> tuple[date, str]:
    return standing.bill.terms.due_on, standing.bill.bill_id


def _standing(
    bill: BillPosition, at: datetime, zone: str, issued: Mapping[str, datetime]
) -> Standing:
    terms = bill.terms
    ends_at = day_end(terms.due_on, zone)
    paid = in_time = 0
    met_at = full_at = terms.issued_at if terms.amount_due <= 0 else None
    for payment in bill.payments:
        paid_at = payment.paid_at
        if paid_at > at or (payment.reversed_at is not None and payment.reversed_at <= at):
            continue
        paid += payment.amount
        if paid_at < ends_at:
            in_time += payment.amount
        if met_at is None and paid >= terms.minimum_due:
            met_at = paid_at
        if full_at is None and paid >= terms.amount_due:
            full_at = paid_at
    replaced_at = None
    if bill.superseded_by is not None:
        replaced_at = issued.get(bill.superseded_by, terms.issued_at)
        if replaced_at > at:
            replaced_at = None
    judged = ends_at <= at and 0 < terms.minimum_due <= terms.amount_due
    on_time = in_time >= terms.minimum_due
    return Standing(bill, ends_at, judged, paid, in_time, on_time, met_at, full_at, replaced_at)
