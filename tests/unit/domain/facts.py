"""Short ways to write down facts for the tests of the rules."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from pathlib import Path
from uuid import UUID

from hypothesis import strategies as st

from reminders.domain.bill import BillPosition, BillTerms, BillVersion, Payment, positions
from reminders.domain.customer import (
    ContactHealth,
    ContactPoint,
    Customer,
    Hold,
    HoldKind,
    Preference,
)
from reminders.domain.outcome import AttemptState
from reminders.domain.policy import Confirm, Policy
from reminders.domain.reminder import Attempt, Cause
from reminders.services import policy_files

DEFAULT = Path(policy_files.__file__).parents[2] / "config" / "policies" / "default.yaml"
START = datetime(2026, 3, 1, 2, 0, tzinfo=UTC)
DUE_ON = date(2026, 3, 25)


def at(days: float = 0, minutes: float = 0) -> datetime:
    """The start of the story, and so much later."""
    return START + timedelta(days=days, minutes=minutes)


@cache
def default_policy() -> Policy:
    return policy_files.read(DEFAULT)[0]


def terms(
    amount: int = 1000,
    minimum: int = 100,
    due_on: date = DUE_ON,
    *,
    supersedes: str | None = None,
    issued_at: datetime = START,
    currency: str = "TWD",
) -> BillTerms:
    return BillTerms(currency, amount, minimum, due_on, "card", True, supersedes, issued_at)


def version(
    number: int, held: BillTerms | None, bill_id: str = "B", event: str = ""
) -> BillVersion:
    return BillVersion(bill_id, number, (at(minutes=number), event or f"e{number}"), held)


def payment(
    name: str,
    amount: int,
    paid_at: datetime,
    bill_id: str | None = "B",
    *,
    currency: str = "TWD",
    reversed_at: datetime | None = None,
) -> Payment:
    return Payment(name, bill_id, amount, currency, paid_at, reversed_at)


def bill(
    versions: Iterable[BillVersion] | None = None, payments: Iterable[Payment] = ()
) -> BillPosition:
    return positions([version(1, terms())] if versions is None else versions, payments)["B"]


def contacts(**healths: ContactHealth) -> Mapping[str, ContactPoint]:
    known = dict.fromkeys(("sms", "email", "in_app"), ContactHealth.UNKNOWN) | healths
    return {name: ContactPoint(name, "****", health) for name, health in known.items()}


def customer(
    zone: str = "Asia/Taipei",
    *,
    points: Mapping[str, ContactPoint] | None = None,
    opted_out: Iterable[str] = (),
    holds: Iterable[Hold] = (),
) -> Customer:
    return Customer(
        customer_id=7,
        ref="C-7",
        language="en",
        time_zone=zone,
        jurisdiction="TW",
        contacts=contacts() if points is None else points,
        preferences=tuple(Preference(name, "*", False) for name in opted_out),
        holds=tuple(holds),
    )


def hold(
    from_at: datetime = START, until_at: datetime | None = None, bill_id: str | None = None
) -> Hold:
    return Hold("H", HoldKind.DISPUTE, bill_id, from_at, until_at)


def attempt(
    state: AttemptState,
    channel: str = "sms",
    *,
    number: int = 1,
    confirm: Confirm = Confirm.DELIVERED,
    submitted_at: datetime = START,
    within: timedelta = timedelta(hours=2),
    retry_at: datetime | None = None,
) -> Attempt:
    return Attempt(
        attempt_id=UUID(int=number),
        number=number,
        channel=channel,
        provider=f"{channel}-1",
        state=state,
        confirm=confirm,
        cause=Cause.FIRST,
        submitted_at=submitted_at,
        confirm_by=submitted_at + within,
        retry_at=retry_at,
    )


# Strategies: few bills, versions and days, so that facts meet each other often.
zones = st.sampled_from(
    [
        "UTC",
        "Asia/Taipei",
        "America/New_York",
        "Europe/Berlin",
        "Australia/Lord_Howe",
        "Pacific/Apia",
        "Pacific/Kiritimati",
        "Pacific/Pago_Pago",
        "Asia/Kathmandu",
        "America/St_Johns",
    ]
)
instants = st.integers(0, 60 * 24 * 40).map(lambda minutes: at(minutes=minutes))
local_times = st.builds(time, st.integers(0, 23), st.sampled_from([0, 15, 30, 45, 59]))
bill_ids = st.sampled_from(["A", "B", "C", "D"])
_terms = st.builds(
    lambda amount, minimum, days, supersedes, issued_at: terms(
        amount,
        min(amount, minimum),
        DUE_ON + timedelta(days=days),
        supersedes=supersedes,
        issued_at=issued_at,
    ),
    st.sampled_from([0, 500, 1000, 2000]),
    st.sampled_from([0, 100, 2000]),
    st.integers(0, 3),
    st.none() | bill_ids,
    instants,
)
versions = st.builds(
    lambda bill_id, number, moment, event, held: BillVersion(
        bill_id, number, (moment, f"e{event}"), held
    ),
    bill_ids,
    st.integers(1, 4),
    instants,
    st.integers(0, 10_000),
    st.none() | _terms,
)
payments = st.builds(
    Payment,
    st.integers(0, 10_000).map(lambda n: f"P{n}"),
    st.none() | bill_ids,
    st.sampled_from([100, 400, 500, 1000, 3000]),
    st.sampled_from(["TWD", "TWD", "TWD", "USD"]),
    instants,
    st.none() | instants,
)
# An event's key is unique, and so is a payment's id.
histories = st.lists(versions, max_size=8, unique_by=lambda each: each.order)
paid_in = st.lists(payments, max_size=6, unique_by=lambda each: each.payment_id)
