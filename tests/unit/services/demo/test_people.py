from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from functools import cache

import pytest

from reminders.domain.features import features
from reminders.domain.scorecard import Feature
from reminders.events.observed import PromiseMade
from reminders.events.parse import parse_event
from reminders.services.demo.credit_card_data import from_credit_card_data
from reminders.services.demo.generated import generated
from reminders.services.demo.places import CURRENCIES
from reminders.services.demo.portfolio import DemoCustomer, Portfolio
from reminders.services.demo.replay import Told
from tests.unit.services.demo.real_data import card_clients


@cache
def portfolio() -> Portfolio:
    return generated(200, 1)


def _with(role: str) -> list[DemoCustomer]:
    return [person for person in portfolio().customers if role in person.roles]


def _told(person: DemoCustomer) -> Told:
    told = Told(1, person.customer_id)
    for event in portfolio().events:
        if event.event["data"]["customer_id"] == person.customer_id:
            told.events.append(parse_event(event.body))
    return told


def test_some_people_live_in_every_jurisdiction_that_has_a_pack() -> None:
    people = portfolio().customers
    assert {person.jurisdiction for person in people} == set(CURRENCIES)
    assert all(person.currency == CURRENCIES[person.jurisdiction] for person in people)
    assert Counter(person.jurisdiction for person in people)["TW"] > 150


def test_sums_by_currency_add_up_to_the_sources_own() -> None:
    found = portfolio()
    assert sum(own.bills_minor for own in found.own_in.values()) == found.own.bills_minor
    assert sum(own.payments for own in found.own_in.values()) == found.own.payments


def test_bills_of_the_real_file_stay_in_its_currency() -> None:
    """Some of its people live elsewhere, so that packs are heard of; no figure changes."""
    found = from_credit_card_data(card_clients(), 300, seed=1)
    assert set(found.own_in) == {"TWD"}
    assert len({person.jurisdiction for person in found.customers}) == len(CURRENCIES)


def test_two_people_share_a_number_that_works() -> None:
    numbers = Counter(person.contacts.get("sms") for person in portfolio().customers)
    shared = [number for number, count in numbers.items() if number and count > 1]
    assert shared
    assert {numbers[number] for number in shared} == {2}
    assert {number[4:6] for number in shared} == {"00"}


@pytest.mark.parametrize(("role", "broken"), [("promise_kept", 0), ("promise_broken", 1)])
def test_promises_are_kept_and_broken_as_their_role_says(role: str, broken: int) -> None:
    seen = 0
    for person in _with(role):
        told = _told(person)
        customer, bills = told.customer(), told.bills()
        for event in told.events:
            if isinstance(event.data, PromiseMade):
                after = event.data.promised_on + timedelta(days=1)
                known = features(bills.values(), (), after, person.time_zone, (), customer.promises)
                assert known[Feature.BROKEN_PROMISES] == broken
                seen += 1
    assert seen


def test_facts_of_others_are_told_as_the_domain_knows_them() -> None:
    [two] = _with("two_zones")[:1]
    assert _told(two).customer().zones == ("America/New_York", "America/Los_Angeles")
    [chooser] = _with("offsets_chosen")[:1]
    assert _told(chooser).customer().offsets == {-1}
    [seen] = _with("observed")[:1]
    inputs = {each.feature for each in _told(seen).customer().risk_inputs}
    assert inputs >= {Feature.CREDIT_LIMIT, Feature.UTILISATION, Feature.ANOMALY}
    [called] = _with("agent_called")[:1]
    assert [each.conversation for each in _told(called).contacts()] == [True]


def test_a_confirmation_is_of_the_number_that_is_still_there() -> None:
    for person in _with("confirmed"):
        if "sms" in person.contacts:
            point = _told(person).customer().contacts["sms"]
            known = point.confirmed_at
            if "number_renewed" not in person.roles:
                assert known is not None
                assert known > datetime(2005, 9, 1, tzinfo=UTC)


def test_some_in_china_refuse_every_message() -> None:
    [person] = _with("ordered_by_law")[:1]
    told = _told(person).customer()
    assert person.jurisdiction == "CN"
    assert all(told.opted_out(channel, "pre_due") for channel in person.contacts)
