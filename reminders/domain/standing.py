"""Each bill as it stood at an instant: what had been paid by then, and whether in time."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache

from reminders.domain.bill import BillPosition
from reminders.domain.calendar import instant, shift
from reminders.domain.record import record

WINDOW = timedelta(days=365)
_FOREVER = datetime.max.replace(tzinfo=UTC)
_MIDNIGHT = time(0)


@record
class Standing:
    """One bill at an instant.

    `met_at` and `full_at`: when the minimum and the whole amount were reached and not taken back
    since. `judged`: its due date is over and it asked for something. Amounts in minor units.
    """

    due_on: date
    bill_id: str
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


@record
class Found:
    """A standing found before, and what it rests on beside its bill: it holds from `since` on,
    before `until`, while the bill is the same and its rest is taken over at the same instant."""

    standing: Standing
    bill: BillPosition
    zone: str
    taken_at: datetime | None
    since: datetime
    until: datetime


@lru_cache(maxsize=65_536)
def day_end(day: date, zone: str) -> datetime:
    """The instant at which a local day is over."""
    after = shift(day, 1)
    found = instant(after, _MIDNIGHT, zone) if after is not None else None
    return _FOREVER if found is None else found


def standings(
    bills: Iterable[BillPosition],
    at: datetime,
    today: date,
    zone: str,
    found: dict[str, Found] | None = None,
) -> list[Standing]:
    """The bills of the last 12 months that had been issued by `at`, in order of their due dates.

    Only facts that were in effect at `at` (local day `today`) count, whenever they arrived; a
    bill's terms are those of its newest version, and one that was cancelled never was. `found`
    keeps by bill what was found before: it changes no answer, and most are in it already.
    """
    every = [bill for bill in bills if not bill.cancelled]
    oldest = _oldest(today)
    issued = {bill.bill_id: bill.terms.issued_at for bill in every}
    held = {} if found is None else found
    seen: list[Standing] = []
    in_order = True
    for bill in every:
        terms = bill.terms
        if terms.due_on < oldest or terms.issued_at > at:
            continue
        newer, taken_at = bill.superseded_by, None
        if newer is not None:
            taken_at = issued.get(newer, terms.issued_at)
        known = held.get(bill.bill_id)
        if known is None or not _holds(known, bill, at, zone, taken_at):
            known = held[bill.bill_id] = _found(bill, at, zone, taken_at)
        # Bills that came one after the other need no sorting.
        in_order = in_order and (not seen or seen[-1].due_on < terms.due_on)
        seen.append(known.standing)
    if not in_order:
        seen.sort(key=_order)
    return seen


def _order(standing: Standing) -> tuple[date, str]:
    return standing.due_on, standing.bill_id


@lru_cache(maxsize=1_024)
def _oldest(today: date) -> date:
    return shift(today, -WINDOW.days) or date.min


def _holds(
    found: Found, bill: BillPosition, at: datetime, zone: str, taken_at: datetime | None
) -> bool:
    return (
        found.bill is bill
        and found.since <= at < found.until
        and found.zone == zone
        and found.taken_at == taken_at
    )


def _found(bill: BillPosition, at: datetime, zone: str, taken_at: datetime | None) -> Found:
    """`taken_at`: when a newer statement takes over the rest, if one does."""
    terms = bill.terms
    ends_at = day_end(terms.due_on, zone)
    replaced_at = None if taken_at is None or taken_at > at else taken_at
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
    standing = Standing(
        terms.due_on,
        bill.bill_id,
        bill,
        ends_at,
        ends_at <= at and 0 < terms.minimum_due <= terms.amount_due,
        paid,
        in_time,
        in_time >= terms.minimum_due,
        met_at,
        full_at,
        replaced_at,
    )
    return Found(standing, bill, zone, taken_at, at, _until(bill, at, ends_at, taken_at))


def _until(
    bill: BillPosition, at: datetime, ends_at: datetime, taken_at: datetime | None
) -> datetime:
    """The next instant that makes another standing of it."""
    known = [ends_at] if taken_at is None else [ends_at, taken_at]
    for payment in bill.payments:
        known.append(payment.paid_at)
        if payment.reversed_at is not None:
            known.append(payment.reversed_at)
    until = _FOREVER
    for each in known:
        if at < each < until:
            until = each
    return until
