from __future__ import annotations

from collections import Counter
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reminders.events.envelope import EVENT_MODELS
from reminders.events.errors import EventError
from reminders.events.parse import parse_event
from reminders.services.demo.card_rows import MONTHS, CardRow, due_day, is_late, payment_day
from reminders.services.demo.credit_card_data import from_credit_card_data, read_rows
from reminders.services.demo.errors import BadData
from reminders.services.demo.generated import generated
from reminders.services.demo.portfolio import Portfolio
from tests.unit.services.demo.real_data import card_clients

EVERY_SMS_SCRIPT = {f"{n:02}" for n in range(12)}


def test_totals_of_the_whole_file_are_the_files_own() -> None:
    rows = read_rows(card_clients(), None)
    bills = [bill for row in rows for bill in row.bills if bill > 0]
    payments = [paid for row in rows for paid in row.payments if paid > 0]
    assert (len(bills), sum(bills)) == (110_430, 5_642_565_545)
    assert (len(payments), sum(payments)) == (100_087, 663_102_204)


def test_first_clients_are_the_first_rows_and_lose_no_amount() -> None:
    path = card_clients()
    rows = read_rows(path, 120)
    portfolio = from_credit_card_data(path, 120, seed=3)
    issued = _amounts(portfolio, "bill.issued", "CC-", "bill_id", "amount_due_minor")
    paid = _amounts(portfolio, "payment.received", "PC-", "payment_id", "amount_minor")
    assert sum(issued) == 100 * sum(b for row in rows for b in row.bills if b > 0)
    assert sum(paid) == 100 * sum(p for row in rows for p in row.payments if p > 0)
    assert (portfolio.own.bills_minor, portfolio.own.payments_minor) == (sum(issued), sum(paid))
    assert (portfolio.own.bills, portfolio.own.payments) == (len(issued), len(paid))


def _amounts(portfolio: Portfolio, kind: str, head: str, name: str, amount: str) -> list[int]:
    found = [event.event for event in portfolio.events]
    return [
        event["data"][amount]
        for event in found
        if event["type"] == kind and event["data"][name].startswith(head)
    ]


def test_one_seed_gives_one_portfolio() -> None:
    first, again, other = generated(60, 5), generated(60, 5), generated(60, 6)
    assert first == again
    assert first.events != other.events


def test_every_event_is_valid_and_its_id_is_its_own() -> None:
    portfolio = generated(200, 1)
    assert len({parse_event(event.body).id for event in portfolio.events}) == len(portfolio.events)


def test_every_type_and_every_carrier_script_has_its_share() -> None:
    portfolio = generated(200, 1)
    types = Counter(event.event["type"] for event in portfolio.events)
    numbers = {person.contacts.get("sms", "")[4:6] for person in portfolio.customers}
    domains = {
        person.contacts["email"].partition("@")[2]
        for person in portfolio.customers
        if "email" in person.contacts
    }
    assert set(types) == set(EVENT_MODELS)
    assert numbers >= EVERY_SMS_SCRIPT
    assert len(domains) == 11


def test_scripts_that_hang_stay_rare_in_a_large_portfolio() -> None:
    portfolio = generated(3_000, 1)
    hanging = [p for p in portfolio.customers if p.contacts.get("sms", "")[4:6] in ("05", "11")]
    assert len(hanging) == 8


def test_facts_come_in_order_and_before_their_days_first_slot() -> None:
    portfolio = generated(80, 2)
    moments = [event.at for event in portfolio.events]
    assert moments == sorted(moments)
    assert all(at.hour == 0 for at in moments)


def test_a_bill_falls_due_on_a_working_day_of_the_next_month() -> None:
    assert [due_day(month) for month in MONTHS] == [
        date(2005, 5, 20),
        date(2005, 6, 20),
        date(2005, 7, 20),
        date(2005, 8, 22),
        date(2005, 9, 20),
        date(2005, 10, 20),
    ]


@given(client=st.integers(1, 30_000), late=st.booleans(), index=st.integers(1, 5))
@settings(deadline=None)
def test_a_payment_is_late_where_the_status_says_so(client: int, late: bool, index: int) -> None:
    row = CardRow(client, (2 if late else 0,) * 6, (1,) * 6, (1,) * 6)
    paid_on = payment_day(row, index)
    assert is_late(row, index) is late
    assert paid_on.month == MONTHS[index]
    assert (paid_on > due_day(MONTHS[index] - 1)) is late


def test_the_value_1_says_late_in_september_only() -> None:
    row = CardRow(1, (1,) * 6, (1,) * 6, (1,) * 6)
    assert [is_late(row, index) for index in range(6)] == [False] * 5 + [True]


def test_a_file_that_is_not_the_data_is_refused_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "other.csv"
    path.write_text("ID,name\n1,x\n", encoding="utf-8")
    with pytest.raises(BadData, match="line 2"):
        from_credit_card_data(path, None, 1)
    with pytest.raises(BadData, match="cannot be read"):
        from_credit_card_data(tmp_path / "none.csv", None, 1)


def test_events_of_the_real_rows_are_valid() -> None:
    portfolio = from_credit_card_data(card_clients(), 150, seed=1)
    for event in portfolio.events:
        try:
            parse_event(event.body)
        except EventError as error:
            pytest.fail(f"{error}: {event.body!r}")
