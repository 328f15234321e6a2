"""What has happened to a customer that an event rule may answer: one instant per bill and trigger.

A signal is a function of facts alone, so a reminder that follows from it is planned like any other.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from reminders.domain.bill import BillPosition
from reminders.domain.calendar import instant, local_day, shift
from reminders.domain.customer import ContactHealth, Customer, Promise
from reminders.domain.policy import Trigger

ASKED_ONCE_IN = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Signal:
    """`trigger` at `at`, about this bill."""

    trigger: Trigger
    bill_id: str
    at: datetime


def signals(bills: Iterable[BillPosition], customer: Customer) -> tuple[Signal, ...]:
    """Payments in full, broken promises, opt-outs and contact points that died.

    What concerns the customer as a whole is about the bill that was open then and due first.
    """
    known = sorted(bills, key=lambda bill: (bill.terms.due_on, bill.bill_id))
    if not customer.time_zone:
        return ()
    return (
        *_paid(known),
        *_broken_promises(known, customer),
        *_about_the_customer(known, customer),
    )


def _paid(bills: Sequence[BillPosition]) -> Iterator[Signal]:
    for bill in bills:
        if bill.closed or not bill.settled:
            continue
        paid = 0
        for payment in bill.payments:
            paid += 0 if payment.reversed_at else payment.amount
            if paid >= bill.terms.amount_due and payment.reversed_at is None:
                yield Signal(Trigger.PAYMENT, bill.bill_id, payment.paid_at)
                break


def _broken_promises(bills: Sequence[BillPosition], customer: Customer) -> Iterator[Signal]:
    by_id = {bill.bill_id: bill for bill in bills}
    for promise in customer.promises:
        bill = by_id.get(promise.bill_id)
        day = shift(promise.promised_on, 1)
        at = instant(day, time(), customer.time_zone) if day is not None else None
        if bill is None or at is None or bill.closed or kept(promise, bill, customer.time_zone):
            continue
        yield Signal(Trigger.PROMISE_BROKEN, bill.bill_id, at)


def kept(promise: Promise, bill: BillPosition, zone: str) -> bool:
    """True if what was promised was paid between the promise and the end of its day, or no more
    is owed."""
    paid = sum(
        payment.amount
        for payment in bill.payments
        if payment.reversed_at is None
        and promise.made_at <= payment.paid_at
        and local_day(payment.paid_at, zone) <= promise.promised_on
    )
    return bill.settled or paid >= promise.amount


def _about_the_customer(bills: Sequence[BillPosition], customer: Customer) -> Iterator[Signal]:
    for preference in customer.preferences:
        if not preference.allowed and preference.changed_at is not None:
            yield from _of_first_open(bills, Trigger.OPT_OUT, preference.changed_at)
    for died_at in _asked_at(customer):
        yield from _of_first_open(bills, Trigger.CONTACT_DEAD, died_at)


def _asked_at(customer: Customer) -> Iterator[datetime]:
    """When addresses died, at most once in `ASKED_ONCE_IN`: whoever was asked for new contact
    details is not asked again for each further one (S4.23)."""
    died = sorted(
        point.died_at
        for point in customer.contacts.values()
        if point.health is ContactHealth.DEAD and point.died_at is not None
    )
    last: datetime | None = None
    for at in died:
        if last is None or at - last >= ASKED_ONCE_IN:
            last = at
            yield at


def _of_first_open(
    bills: Sequence[BillPosition], trigger: Trigger, at: datetime
) -> Iterator[Signal]:
    """The bill that was first in line at that instant, or else the next one to be issued.

    Not the one that is first now: it would be said again of the next bill once this one is paid.
    """
    known = [bill for bill in bills if not bill.cancelled]
    issued_at = {bill.bill_id: bill.terms.issued_at for bill in known}
    first = next((bill for bill in known if _was_open(bill, at, issued_at)), None)
    if first is None:
        later = [bill for bill in known if bill.terms.issued_at > at]
        first = min(later, key=lambda bill: bill.terms.issued_at, default=None)
    if first is not None:
        yield Signal(trigger, first.bill_id, at)


def _was_open(bill: BillPosition, at: datetime, issued_at: Mapping[str, datetime]) -> bool:
    if bill.terms.issued_at > at:
        return False
    if bill.superseded_by is not None and issued_at.get(bill.superseded_by, at) <= at:
        return False
    paid = sum(
        payment.amount
        for payment in bill.payments
        if payment.paid_at <= at and (payment.reversed_at is None or payment.reversed_at > at)
    )
    return paid < bill.terms.amount_due
