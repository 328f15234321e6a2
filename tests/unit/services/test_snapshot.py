"""A decision's inputs come back from the ledger as they went in, every optional field too."""

from __future__ import annotations

from dataclasses import fields
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reminders.domain.bill import BillPosition, BillTerms, Payment
from reminders.domain.customer import (
    ContactHealth,
    ContactPoint,
    Customer,
    Hold,
    HoldKind,
    Preference,
    Promise,
    RiskInput,
)
from reminders.domain.kinds import MessageClass, MessageKind
from reminders.domain.outcome import AttemptState
from reminders.domain.policy import Confirm, Urgency
from reminders.domain.reminder import Attempt, Cause, Reminder
from reminders.domain.scorecard import Feature
from reminders.domain.tier import Tier
from reminders.domain.usage import Contact, Usage
from reminders.services.snapshot import Snapshot, dump, load

words = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
numbers = st.integers(-(2**62), 2**62)
days = st.dates(date(1970, 1, 1), date(2200, 1, 1))
instants = st.datetimes(datetime(1970, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001  (hypothesis wants naive bounds)
payments = st.builds(
    Payment, words, st.none() | words, numbers, words, instants, st.none() | instants
)
terms = st.builds(
    BillTerms, words, numbers, numbers, days, words, st.booleans(), st.none() | words, instants
)
bills = st.builds(
    BillPosition,
    words,
    numbers,
    terms,
    numbers,
    st.booleans(),
    st.none() | words,
    st.lists(payments, max_size=3).map(tuple),
)
points = st.builds(
    ContactPoint,
    words,
    words,
    st.sampled_from(ContactHealth),
    words,
    st.none() | instants,
    st.none() | instants,
)
customers = st.builds(
    Customer,
    numbers,
    words,
    words,
    words,
    words,
    st.dictionaries(words, points, max_size=3),
    st.lists(
        st.builds(Preference, words, words, st.booleans(), words, st.none() | instants, numbers),
        max_size=3,
    ).map(tuple),
    st.lists(
        st.builds(
            Hold,
            words,
            st.sampled_from(HoldKind),
            st.none() | words,
            instants,
            st.none() | instants,
        ),
        max_size=2,
    ).map(tuple),
    st.lists(words, max_size=2).map(tuple),
    st.frozensets(st.integers(-30, 30), max_size=3),
    st.lists(st.builds(Promise, words, words, numbers, days, instants), max_size=2).map(tuple),
    st.lists(
        st.builds(
            RiskInput,
            st.sampled_from(Feature),
            st.floats(allow_nan=False, allow_infinity=False),
            words,
            instants,
        ),
        max_size=2,
    ).map(tuple),
    st.none() | st.times(),
)
reminders = st.builds(
    Reminder,
    st.uuids(),
    numbers,
    numbers,
    words,
    words,
    numbers,
    st.sampled_from(MessageKind),
    st.sampled_from(Urgency),
    instants,
    instants,
    words,
)
attempts = st.builds(
    Attempt,
    st.uuids(),
    numbers,
    words,
    words,
    st.sampled_from(AttemptState),
    st.sampled_from(Confirm),
    st.sampled_from(Cause),
    instants,
    instants,
    st.none() | instants,
    words,
)
contacts = st.builds(
    Contact,
    instants,
    words,
    st.sampled_from(MessageClass),
    words,
    words,
    words,
    st.none() | st.booleans(),
    st.booleans(),
    st.frozensets(words, max_size=2),
    st.booleans(),
    words,
)
usages = st.builds(
    Usage,
    st.lists(contacts, max_size=3).map(tuple),
    st.frozensets(words, max_size=2),
    st.frozensets(st.tuples(words, words), max_size=2),
)
snapshots = st.builds(
    Snapshot,
    instants,
    reminders,
    st.none() | bills,
    customers,
    words,
    st.sampled_from(Tier),
    st.lists(attempts, max_size=3).map(tuple),
    usages,
    st.dictionaries(words, words, max_size=2),
)


@given(snapshots)
def test_what_was_dumped_is_loaded(snapshot: Snapshot) -> None:
    """I10: nothing of a decision's inputs is lost or changed on its way through the ledger."""
    assert load(dump(snapshot)) == snapshot


def test_the_strategy_leaves_no_field_to_its_default() -> None:
    """A field that a type gains is to be drawn here too."""
    drawn = {
        Snapshot: 9,
        Reminder: 11,
        BillPosition: 8,  # one follows from the payments
        BillTerms: 8,
        Payment: 6,
        Customer: 15,  # two follow from the others
        ContactPoint: 6,
        Preference: 6,
        Hold: 5,
        Promise: 5,
        RiskInput: 4,
        Attempt: 11,
        Contact: 11,
        Usage: 3,
    }
    assert {kind: len(fields(kind)) for kind in drawn} == drawn


def test_what_is_none_is_said() -> None:
    with pytest.raises(ValueError, match="no snapshot"):
        load(b"{}")
