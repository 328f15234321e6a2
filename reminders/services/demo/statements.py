"""A row's own bills and payments as events; nothing is left out and nothing is added."""

from __future__ import annotations

from datetime import date
from typing import Any

from reminders.services.demo.card_rows import (
    MINIMUM_PERCENT,
    MONTHS,
    CardRow,
    bill_id,
    due_day,
    due_on,
    moment,
    payment_day,
    payment_id,
    statement_day,
)
from reminders.services.demo.portfolio import TimedEvent, Totals, cloud_event, stated

CURRENCY = "TWD"
PRODUCT = "card"  # the word by which a law may order notices about it
_MINOR = 100


def snapshot(
    row: CardRow, index: int, version: int = 1, currency: str = CURRENCY
) -> dict[str, Any]:  # Any: JSON
    """The statement of month `index` as billing tells it; it supersedes the one before."""
    minor = row.bills[index] * _MINOR
    data: dict[str, Any] = {
        "customer_id": customer_id(row.client),
        "bill_id": bill_id(row.client, index),
        "version": version,
        "currency": currency,
        "amount_due_minor": minor,
        "minimum_due_minor": minor * MINIMUM_PERCENT // 100,
        "due_on": due_on(MONTHS[index]),
        "product": PRODUCT,
        "revolving": True,
        "issued_at": stated(moment(statement_day(MONTHS[index]), row.client)),
    }
    for older in range(index - 1, -1, -1):
        if row.bills[older] > 0:
            data["supersedes"] = bill_id(row.client, older)
            break
    return data


def customer_id(client: int) -> str:
    return f"C-{client}"


def own_events(row: CardRow, currency: str = CURRENCY) -> tuple[list[TimedEvent], Totals]:
    """Every positive statement and payment. A payment whose bill is not there stays credit."""
    events = [_issued(row, n, currency) for n in range(len(MONTHS)) if row.bills[n] > 0]
    bills = len(events)
    events += [_paid(row, n, currency) for n in range(len(MONTHS)) if row.payments[n] > 0]
    return events, Totals(
        bills=bills,
        payments=len(events) - bills,
        bills_minor=_MINOR * sum(amount for amount in row.bills if amount > 0),
        payments_minor=_MINOR * sum(amount for amount in row.payments if amount > 0),
    )


def _issued(row: CardRow, index: int, currency: str) -> TimedEvent:
    at = moment(statement_day(MONTHS[index]), row.client)
    data = snapshot(row, index, currency=currency)
    return cloud_event("bill.issued", f"issued-{bill_id(row.client, index)}", at, data)


def _paid(row: CardRow, index: int, currency: str) -> TimedEvent:
    at = moment(payment_day(row, index), row.client)
    data: dict[str, object] = {
        "customer_id": customer_id(row.client),
        "payment_id": payment_id(row.client, index),
        "amount_minor": row.payments[index] * _MINOR,
        "currency": currency,
        "paid_at": stated(at),
    }
    if index > 0 and row.bills[index - 1] > 0:
        data["bill_id"] = bill_id(row.client, index - 1)
    return cloud_event("payment.received", f"paid-{payment_id(row.client, index)}", at, data)


def payment_is_early(row: CardRow, index: int, days: int) -> date | None:
    """The day of the payment of month `index` if it pays a bill `days` before it is due."""
    if index == 0 or row.payments[index] <= 0 or row.bills[index - 1] <= 0:
        return None
    day = payment_day(row, index)
    return day if (due_day(MONTHS[index - 1]) - day).days >= days else None
