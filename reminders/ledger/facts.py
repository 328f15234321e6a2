"""Reads every fact that decisions rest on, for a batch of customers, after they are locked."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, text

from reminders.domain.bill import BillPosition, BillTerms, BillVersion, Payment, positions
from reminders.domain.customer import (
    ContactHealth,
    ContactPoint,
    Customer,
    Hold,
    HoldKind,
    Preference,
)


@dataclass(frozen=True, slots=True)
class Facts:
    """One customer with every bill as it stands and the days on which payments failed."""

    customer: Customer
    bills: Mapping[str, BillPosition]
    payments: tuple[Payment, ...]
    failed_at: tuple[datetime, ...]
    traces: Mapping[str, str]  # bill → the trace of the newest event about it


_CUSTOMERS = text(
    "SELECT customer_id, ref, language, time_zone, jurisdiction"
    " FROM customer WHERE customer_id = ANY(CAST(:ids AS bigint[]))"
)
_CONTACTS = text(
    "SELECT customer_id, channel, mask, health FROM contact_point"
    " WHERE customer_id = ANY(CAST(:ids AS bigint[])) AND secret_id IS NOT NULL"
)
_PREFERENCES = text(
    "SELECT customer_id, channel, kind, allowed FROM preference"
    " WHERE customer_id = ANY(CAST(:ids AS bigint[])) AND NOT allowed"
)
# A hold counts once it is placed; a lift that came first waits for it.
_HOLDS = text(
    "SELECT customer_id, hold_id, kind, bill_id, from_at, least(until_at, lifted_at)"
    " FROM hold WHERE customer_id = ANY(CAST(:ids AS bigint[])) AND kind IS NOT NULL"
)
_VERSIONS = text(
    "SELECT customer_id, bill_id, version, effective_at, event_key, cancelled, currency,"
    " amount_due, minimum_due, due_on, product, revolving, supersedes, issued_at,"
    " trace_id FROM bill_version WHERE customer_id = ANY(CAST(:ids AS bigint[]))"
)
_PAYMENTS = text(
    "SELECT customer_id, payment_id, bill_id, amount, currency, paid_at, reversed_at, failed_at"
    " FROM payment WHERE customer_id = ANY(CAST(:ids AS bigint[]))"
    " AND (coalesce(paid_at, failed_at, 'infinity') >= CAST(:since AS date)"
    " OR bill_id = ANY(CAST(:bills AS text[])))"
)


def load(connection: Connection, customers: Collection[int], since: date) -> dict[int, Facts]:
    """The facts of these customers; bills that were never due after `since` are left out.

    A bill that is in has all of its versions and payments, however old: its epoch and its balance
    rest on them.

    Lock the customers first (`locks`): what is read here is then the newest that is committed.
    """
    ids = {"ids": list(customers), "since": since}
    contacts: dict[int, dict[str, ContactPoint]] = {}
    for customer, channel, mask, health in connection.execute(_CONTACTS, ids):
        point = ContactPoint(channel, mask, ContactHealth(health))
        contacts.setdefault(customer, {})[channel] = point
    preferences: dict[int, list[Preference]] = {}
    for customer, channel, kind, allowed in connection.execute(_PREFERENCES, ids):
        preferences.setdefault(customer, []).append(Preference(channel, kind, allowed))
    holds: dict[int, list[Hold]] = {}
    for customer, hold_id, kind, bill_id, from_at, until_at in connection.execute(_HOLDS, ids):
        hold = Hold(hold_id, HoldKind(kind), bill_id, from_at, until_at)
        holds.setdefault(customer, []).append(hold)
    versions, traces = _versions(connection, ids, since)
    bills = {version.bill_id for known in versions.values() for version in known}
    payments, failed = _payments(connection, {**ids, "bills": sorted(bills)})
    found = {}
    for customer, ref, language, zone, jurisdiction in connection.execute(_CUSTOMERS, ids):
        paid = payments.get(customer, [])
        found[customer] = Facts(
            customer=Customer(
                customer_id=customer,
                ref=ref,
                language=language,
                time_zone=zone,
                jurisdiction=jurisdiction,
                contacts=contacts.get(customer, {}),
                preferences=tuple(preferences.get(customer, ())),
                holds=tuple(holds.get(customer, ())),
            ),
            bills=positions(versions.get(customer, ()), paid),
            payments=tuple(paid),
            failed_at=tuple(failed.get(customer, ())),
            traces=traces.get(customer, {}),
        )
    return found


def _versions(
    connection: Connection, ids: dict[str, Any], since: date
) -> tuple[dict[int, list[BillVersion]], dict[int, dict[str, str]]]:
    """Versions per customer without bills that are history, and each bill's newest trace."""
    found: dict[int, list[BillVersion]] = {}
    present: set[tuple[int, str]] = set()
    newest: dict[tuple[int, str], int] = {}
    traces: dict[int, dict[str, str]] = {}
    for row in connection.execute(_VERSIONS, ids):
        customer, bill_id, version, at, key, cancelled, *snapshot, trace = row
        terms = None if cancelled else BillTerms(*snapshot)
        if terms is None or terms.due_on >= since:
            present.add((customer, bill_id))
        found.setdefault(customer, []).append(BillVersion(bill_id, version, (at, key), terms))
        if version >= newest.get((customer, bill_id), 0):
            newest[customer, bill_id] = version
            traces.setdefault(customer, {})[bill_id] = trace
    kept = {
        customer: [version for version in versions if (customer, version.bill_id) in present]
        for customer, versions in found.items()
    }
    return kept, traces


def _payments(
    connection: Connection, ids: dict[str, Any]
) -> tuple[dict[int, list[Payment]], dict[int, list[datetime]]]:
    payments: dict[int, list[Payment]] = {}
    failed: dict[int, list[datetime]] = {}
    for row in connection.execute(_PAYMENTS, ids):
        customer, payment_id, bill_id, amount, currency, paid_at, reversed_at, failed_at = row
        if failed_at is not None:
            failed.setdefault(customer, []).append(failed_at)
        if amount is not None:
            payment = Payment(payment_id, bill_id, amount, currency, paid_at, reversed_at)
            payments.setdefault(customer, []).append(payment)
    return payments, failed
