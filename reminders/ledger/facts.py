"""Reads every fact that decisions rest on, for a batch of customers, after they are locked.

Rows are taken from the driver all at once (`all`): one by one each costs several calls more.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, text

from reminders.domain.bill import BillPosition, BillTerms, BillVersion, Payment, positions
from reminders.domain.customer import (
    ChannelName,
    ContactHealth,
    ContactPoint,
    Customer,
    Hold,
    HoldKind,
    Preference,
    Promise,
    RiskInput,
)
from reminders.domain.kinds import MessageClass
from reminders.domain.record import record
from reminders.domain.scorecard import Feature
from reminders.domain.usage import Contact


@record
class Facts:
    """One customer with every bill as it stands, the days on which payments failed and the
    contacts that others than us made."""

    customer: Customer
    bills: Mapping[str, BillPosition]
    payments: tuple[Payment, ...]
    failed_at: tuple[datetime, ...]
    traces: Mapping[str, str]  # bill → the trace of the newest event about it
    contacts: tuple[Contact, ...] = ()


_CUSTOMERS = text(
    "SELECT customer_id, ref, language, time_zone, jurisdiction, other_zones, offsets"
    " FROM customer WHERE customer_id = ANY(CAST(:ids AS bigint[]))"
)
_CONTACTS = text(
    "SELECT customer_id, channel, mask, health, address_hash, confirmed_at, died_at"
    " FROM contact_point"
    " WHERE customer_id = ANY(CAST(:ids AS bigint[])) AND secret_id IS NOT NULL"
)
_PREFERENCES = text(
    "SELECT customer_id, channel, kind, allowed, actor, effective_at, version FROM preference"
    " WHERE customer_id = ANY(CAST(:ids AS bigint[])) ORDER BY channel, kind, origin"
)
# A hold counts once it is placed; a lift that came first waits for it.
_HOLDS = text(
    "SELECT customer_id, hold_id, kind, bill_id, from_at, least(until_at, lifted_at)"
    " FROM hold WHERE customer_id = ANY(CAST(:ids AS bigint[])) AND kind IS NOT NULL"
    " ORDER BY hold_id"
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
# One statement for three tables: most customers have no row in any of them. In order of time, and
# of the event where two have the same.
_OBSERVED = text(
    "SELECT customer_id, 'risk', name, source, observed_at, value,"
    " CAST(NULL AS bigint), CAST(NULL AS date), NULL, NULL,"
    " CAST(NULL AS boolean), CAST(NULL AS boolean), CAST(NULL AS text[]), event_key"
    " FROM risk_input WHERE customer_id = ANY(CAST(:ids AS bigint[]))"
    " UNION ALL SELECT customer_id, 'promise', promise_id, bill_id, made_at, NULL,"
    " amount, promised_on, NULL, NULL, NULL, NULL, NULL, event_key"
    " FROM promise WHERE customer_id = ANY(CAST(:ids AS bigint[]))"
    " AND promised_on >= CAST(:since AS date)"
    " UNION ALL SELECT customer_id, 'contact', contact_id, bill_id, at, NULL,"
    " NULL, NULL, channel, class, connected, conversation, excluded, event_key"
    " FROM outside_contact WHERE customer_id = ANY(CAST(:ids AS bigint[]))"
    " AND at >= CAST(:since AS date) ORDER BY 5, 14, 3"
)


def load(connection: Connection, customers: Collection[int], since: date) -> dict[int, Facts]:
    """The facts of these customers; bills that were never due after `since` are left out.

    A bill that is in has all of its versions and payments, however old: its epoch and its balance
    rest on them.

    Lock the customers first (`locks`): what is read here is then the newest that is committed.
    """
    ids = {"ids": list(customers), "since": since}
    contacts = _points(connection, ids)
    preferences: dict[int, list[Preference]] = {}
    for customer, *said in connection.execute(_PREFERENCES, ids).all():
        preferences.setdefault(customer, []).append(Preference(*said))
    holds: dict[int, list[Hold]] = {}
    for customer, hold_id, kind, bill_id, from_at, until_at in connection.execute(
        _HOLDS, ids
    ).all():
        hold = Hold(hold_id, HoldKind(kind), bill_id, from_at, until_at)
        holds.setdefault(customer, []).append(hold)
    versions, traces = _versions(connection, ids, since)
    bills = {version.bill_id for known in versions.values() for version in known}
    payments, failed = _payments(connection, {**ids, "bills": sorted(bills)})
    observed = _observed(connection, ids, contacts)
    found = {}
    for row in connection.execute(_CUSTOMERS, ids).all():
        customer, ref, language, zone, jurisdiction, others, offsets = row
        seen = observed.get(customer) or _Seen()
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
                other_zones=tuple(others),
                offsets=frozenset(offsets),
                promises=tuple(seen.promises),
                risk_inputs=seen.risk_inputs(since),
            ),
            bills=positions(versions.get(customer, ()), paid),
            payments=tuple(paid),
            failed_at=tuple(failed.get(customer, ())),
            traces=traces.get(customer, {}),
            contacts=tuple(seen.contacts),
        )
    return found


def _points(connection: Connection, ids: dict[str, Any]) -> dict[int, dict[str, ContactPoint]]:
    found: dict[int, dict[str, ContactPoint]] = {}
    for row in connection.execute(_CONTACTS, ids).all():
        customer, channel, mask, health, digest, confirmed_at, died_at = row
        # Nobody shares an inbox, and its address is the same for all.
        key = "" if channel == ChannelName.IN_APP else digest.hex()
        point = ContactPoint(channel, mask, ContactHealth(health), key, confirmed_at, died_at)
        found.setdefault(customer, {})[channel] = point
    return found


@dataclass(slots=True)
class _Seen:
    """What others observed of one customer, in the order of its time."""

    risk: list[RiskInput] = field(default_factory=list)
    promises: list[Promise] = field(default_factory=list)
    contacts: list[Contact] = field(default_factory=list)

    def risk_inputs(self, since: date) -> tuple[RiskInput, ...]:
        """Every input since then, and of those before it the newest of each: it held until then."""
        before = {each.feature: each for each in self.risk if each.observed_at.date() < since}
        return (*before.values(), *(each for each in self.risk if each.observed_at.date() >= since))


def _observed(
    connection: Connection,
    ids: dict[str, Any],
    points: Mapping[int, Mapping[str, ContactPoint]],
) -> dict[int, _Seen]:
    found: dict[int, _Seen] = {}
    for customer, what, name, other, at, *rest in connection.execute(_OBSERVED, ids).all():
        number, amount, on, channel, kind, connected, conversation, excluded, _ = rest
        seen = found.setdefault(customer, _Seen())
        match what:
            case "risk":
                seen.risk.append(RiskInput(Feature(name), number, other, at))
            case "promise":
                seen.promises.append(Promise(name, other, amount, on, at))
            case _:
                point = points.get(customer, {}).get(channel)
                seen.contacts.append(
                    Contact(
                        at=at,
                        channel=channel,
                        message_class=MessageClass(kind),
                        customer=str(customer),
                        bill=other,
                        contact_point=point.key if point else "",
                        connected=connected,
                        conversation=conversation,
                        excluded=frozenset(excluded),
                    )
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
    for row in connection.execute(_VERSIONS, ids).all():
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
    for row in connection.execute(_PAYMENTS, ids).all():
        customer, payment_id, bill_id, amount, currency, paid_at, reversed_at, failed_at = row
        if failed_at is not None:
            failed.setdefault(customer, []).append(failed_at)
        if amount is not None:
            payment = Payment(payment_id, bill_id, amount, currency, paid_at, reversed_at)
            payments.setdefault(customer, []).append(payment)
    return payments, failed
