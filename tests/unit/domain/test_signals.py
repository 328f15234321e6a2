"""Whoever was asked for new contact details is not asked again within thirty days (S4.23)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from reminders.domain.bill import BillTerms, BillVersion, positions
from reminders.domain.customer import ContactHealth, ContactPoint, Customer
from reminders.domain.policy import Trigger
from reminders.domain.signals import signals

DIED = datetime(2026, 3, 1, 8, tzinfo=UTC)


def customer(*died_at: datetime) -> Customer:
    dead = {
        f"channel-{number}": ContactPoint(f"channel-{number}", "", ContactHealth.DEAD, died_at=at)
        for number, at in enumerate(died_at)
    }
    return Customer(1, "C-1", "en", "Asia/Taipei", "TW", dead, (), ())


def asked(*died_at: datetime) -> list[datetime]:
    terms = BillTerms(
        due_on=date(2026, 6, 1),
        amount_due=1000,
        minimum_due=100,
        currency="TWD",
        product="card",
        revolving=True,
        supersedes=None,
        issued_at=DIED - timedelta(days=1),
    )
    bills = positions([BillVersion("B-1", 1, (DIED, "e-1"), terms)], [])
    found = signals(bills.values(), customer(*died_at))
    return [each.at for each in found if each.trigger is Trigger.CONTACT_DEAD]


def test_one_dead_address_asks_once() -> None:
    assert asked(DIED) == [DIED]


def test_a_second_one_soon_after_asks_nothing_more() -> None:
    assert asked(DIED + timedelta(days=29), DIED) == [DIED]


def test_a_later_one_asks_again() -> None:
    later = DIED + timedelta(days=30)
    assert asked(later, DIED) == [DIED, later]
