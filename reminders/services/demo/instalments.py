"""A second, small product of some people: instalments, so that bills may be cut or cancelled.

They come on top of the source's own bills and are counted apart from them.
"""

from __future__ import annotations

from datetime import timedelta

from reminders.services.demo.card_rows import MONTHS, YEAR, due_day, moment, statement_day
from reminders.services.demo.chance import Chance
from reminders.services.demo.portfolio import DemoCustomer, TimedEvent, Totals, cloud_event

PRODUCT = "instalment_loan"
# What is paid, how many days before the due date: in full, in two parts, above, late, never.
_WAYS: tuple[tuple[tuple[int, int], ...], ...] = (
    ((100, 10),),
    ((100, 2),),
    ((40, 10), (60, 2)),
    ((110, 5),),
    ((100, -2),),
    ((30, 4),),
    (),
)
_CHANGED_BEFORE = timedelta(days=2)


def instalment_events(
    person: DemoCustomer, client: int, role: str, chance: Chance
) -> tuple[list[TimedEvent], Totals]:
    """Six monthly instalments; with the roles `lowered` and `cancelled` the third is changed."""
    events: list[TimedEvent] = []
    totals = Totals()
    for month in MONTHS:
        amount = 100 * chance.between(800, 6_000, "instalment", client, month)
        changed = role if month == MONTHS[2] else ""
        data = _terms(person, client, month, amount)
        events.append(_event("bill.issued", f"issued-{data['bill_id']}", client, month, data))
        payments = _payments(person, client, month, amount, chance) if not changed else []
        events += payments
        totals += Totals(1, len(payments), amount, sum(_amount(event) for event in payments))
        events += _change(changed, client, month, data)
    return events, totals


def _terms(person: DemoCustomer, client: int, month: int, amount: int) -> dict[str, object]:
    return {
        "customer_id": person.customer_id,
        "bill_id": f"IN-{client}-{YEAR}{month:02}",
        "version": 1,
        "currency": person.currency,
        "amount_due_minor": amount,
        "minimum_due_minor": amount,
        "due_on": due_day(month).isoformat(),
        "product": PRODUCT,
        "revolving": False,
        "issued_at": moment(statement_day(month), client).isoformat(),
    }


def _event(
    kind: str, identity: str, client: int, month: int, data: dict[str, object]
) -> TimedEvent:
    return cloud_event(kind, identity, moment(statement_day(month), client), data)


def _change(role: str, client: int, month: int, data: dict[str, object]) -> list[TimedEvent]:
    at = moment(due_day(month) - _CHANGED_BEFORE, client)
    bill = data["bill_id"]
    if role == "lowered":
        amount = int(str(data["amount_due_minor"])) * 6 // 10
        lower = {"version": 2, "amount_due_minor": amount, "minimum_due_minor": amount}
        told = {**data, **lower, "reason": "part of the purchase was returned"}
        return [cloud_event("bill.adjusted", f"lowered-{bill}", at, told)]
    if role == "cancelled":
        told = {"customer_id": data["customer_id"], "bill_id": bill, "version": 2}
        return [cloud_event("bill.cancelled", f"cancelled-{bill}", at, told)]
    return []


def _payments(
    person: DemoCustomer, client: int, month: int, amount: int, chance: Chance
) -> list[TimedEvent]:
    events = []
    for n, (percent, days) in enumerate(chance.pick(_WAYS, "way", client, month)):
        at = moment(due_day(month) - timedelta(days=days), client)
        data = {
            "customer_id": person.customer_id,
            "payment_id": f"PI-{client}-{YEAR}{month:02}-{n}",
            "bill_id": f"IN-{client}-{YEAR}{month:02}",
            "amount_minor": amount * percent // 100,
            "currency": person.currency,
            "paid_at": at.isoformat(),
        }
        events.append(cloud_event("payment.received", f"paid-{data['payment_id']}", at, data))
    return events


def _amount(payment: TimedEvent) -> int:
    return int(payment.event["data"]["amount_minor"])
