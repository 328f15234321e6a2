"""The customers and bills of a run: each customer new, with one bill whose stage is due now."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from reminders.events import Event
from reminders.events.envelope import event_of
from reminders.events.models import BillIssued, ContactPoint, CustomerUpdated

SOURCE = "benchmark"
ZONE = "Asia/Taipei"
STAGE = "d-3"  # of the default policy, at 10:00 local
DUE_IN = timedelta(days=3)


def business_now(today: datetime) -> datetime:
    """An instant within the stage: noon in Taipei, on the tenth so that no month ends near."""
    return datetime(today.year, today.month, 10, 4, 0, tzinfo=UTC)


def profiles(run: str, count: int, now: datetime) -> Iterator[Event]:
    """One `customer.updated` each: a number that is delivered to, an address, the inbox."""
    for number in range(count):
        data = CustomerUpdated(
            customer_id=_customer(run, number),
            language="zh-CN" if number % 5 else "en",
            time_zone=ZONE,
            jurisdiction="TW",
            contact_points=(
                ContactPoint(channel="sms", address=f"+86100{number:08d}"),
                ContactPoint(channel="email", address=f"c{number}@deliver.example.com"),
                ContactPoint(channel="in_app"),
            ),
            consent={"sms": True, "email": True, "in_app": True},
        )
        yield event_of(data, id=f"{run}-c{number}", source=SOURCE, time=now)


def bills(run: str, count: int, now: datetime) -> Iterator[Event]:
    """One `bill.issued` each, of an amount that no other has."""
    for number in range(count):
        amount = 100_000 + 137 * number
        data = BillIssued(
            customer_id=_customer(run, number),
            bill_id=f"{run}-b{number}",
            version=1,
            currency="TWD",
            amount_due_minor=amount,
            minimum_due_minor=amount // 10,
            due_on=(now + DUE_IN).date(),
            product="credit-card",
            revolving=True,
            issued_at=now,
        )
        yield event_of(data, id=f"{run}-b{number}", source=SOURCE, time=now)


def _customer(run: str, number: int) -> str:
    return f"{run}-{number}"
