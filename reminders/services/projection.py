"""What events say, as rows of facts: the newest statement of each fact in a batch."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from reminders.domain.address import mask
from reminders.domain.customer import EVERY_KIND, ChannelName
from reminders.events.envelope import Event
from reminders.events.models import (
    BillCancelled,
    BillSnapshot,
    ContactChanged,
    CustomerUpdated,
    HoldLifted,
    HoldPlaced,
    PaymentFailed,
    PaymentReceived,
    PaymentReversed,
    PreferenceChanged,
)
from reminders.ledger import intake
from reminders.ledger.bulk import Bulk
from reminders.ledger.cipher import KeyRing

Key = tuple[Any, ...]  # Any: a table's key has the types of its columns
_CHOSEN = "preference"
_CONSENT = "consent"


class _Newest:
    """Rows of one table, one per key: the one with the highest (or lowest) rank."""

    def __init__(self, *, lowest: bool = False) -> None:
        self._rows: dict[Key, tuple[Any, tuple[Any, ...]]] = {}
        self._lowest = lowest

    def add(self, key: Key, rank: Any, rest: tuple[Any, ...]) -> None:  # Any: see Key
        held = self._rows.get(key)
        if held is None or (rank < held[0] if self._lowest else rank > held[0]):
            self._rows[key] = (rank, rest)

    def rows(self) -> list[Key]:
        """Full rows in order of their key: the order in which they are locked."""
        return [(*key, *rest) for key, (_, rest) in sorted(self._rows.items())]


class Projection:
    """Collects the facts of a batch of new events and writes them table by table."""

    def __init__(self, ring: KeyRing) -> None:
        self._ring = ring
        self._profiles = _Newest()
        self._contacts = _Newest()
        self._preferences = _Newest()
        self._holds_placed = _Newest()
        self._holds_lifted = _Newest(lowest=True)
        self._versions = _Newest()
        self._payments = _Newest()
        self._reversals = _Newest(lowest=True)
        self._failures = _Newest()
        self._secrets: dict[Key, tuple[str, bytes]] = {}

    def add(self, customer: int, event: Event, trace: str) -> None:
        """Take over what `event` says of this customer."""
        source, event_id = event.identity
        rank = (event.time, f"{source} {event_id}")
        _ADDERS[type(event.data)](self, customer, event.data, rank, trace)

    def write(self, connection: Connection) -> None:
        """Write every fact; the customers are locked by the caller."""
        secrets = [(*key, *sealed) for key, sealed in sorted(self._secrets.items())]
        intake.CONTACT_SECRETS.insert(connection, secrets)
        intake.set_profiles(connection, self._profiles.rows())
        tables: tuple[tuple[Bulk, _Newest], ...] = (
            (intake.CONTACTS, self._contacts),
            (intake.PREFERENCES, self._preferences),
            (intake.HOLDS_PLACED, self._holds_placed),
            (intake.HOLDS_LIFTED, self._holds_lifted),
            (intake.BILL_VERSIONS, self._versions),
            (intake.PAYMENTS, self._payments),
            (intake.REVERSALS, self._reversals),
            (intake.FAILURES, self._failures),
        )
        for table, facts in tables:
            table.insert(connection, facts.rows())

    def _contact(
        self, customer: int, channel: str, address: str | None, rank: tuple[datetime, str]
    ) -> None:
        secret_id = digest = None
        if address is not None:
            digest = self._ring.hash(f"{channel}:{address}")
            secret_id = UUID(bytes=digest[:16])
            if (customer, secret_id) not in self._secrets:
                sealed = self._ring.seal(address)
                self._secrets[customer, secret_id] = (sealed.key_id, sealed.ciphertext)
        self._contacts.add(
            (customer, channel), rank, (mask(address or ""), digest, secret_id, *rank)
        )

    def _customer(
        self, customer: int, data: CustomerUpdated, rank: tuple[datetime, str], trace: str
    ) -> None:
        profile = (data.language, data.time_zone, data.jurisdiction, *rank)
        self._profiles.add((customer,), rank, profile)
        given = {point.channel: point.address or "" for point in data.contact_points}
        for channel in ChannelName:
            self._contact(customer, channel, given.get(channel.value), rank)
        for name, allowed in data.consent.items():
            self._preference(customer, (name, EVERY_KIND, _CONSENT), allowed, "billing", rank)

    def _contact_changed(
        self, customer: int, data: ContactChanged, rank: tuple[datetime, str], trace: str
    ) -> None:
        self._contact(customer, data.channel, data.address, rank)

    def _preference(
        self,
        customer: int,
        key: tuple[str, str, str],
        allowed: bool,
        actor: str,
        rank: tuple[datetime, str],
    ) -> None:
        self._preferences.add((customer, *key), rank, (allowed, actor, *rank))

    def _preference_changed(
        self, customer: int, data: PreferenceChanged, rank: tuple[datetime, str], trace: str
    ) -> None:
        key = (data.channel, data.message_kind, _CHOSEN)
        self._preference(customer, key, data.allowed, data.actor, rank)

    def _bill(
        self, customer: int, data: BillSnapshot, rank: tuple[datetime, str], trace: str
    ) -> None:
        key = (customer, data.bill_id, data.version, rank[1])
        terms = (
            data.currency,
            data.amount_due_minor,
            data.minimum_due_minor,
            data.due_on,
            data.product,
            data.revolving,
            data.supersedes,
            data.issued_at,
        )
        self._versions.add(key, rank, (rank[0], False, *terms, trace))

    def _bill_cancelled(
        self, customer: int, data: BillCancelled, rank: tuple[datetime, str], trace: str
    ) -> None:
        key = (customer, data.bill_id, data.version, rank[1])
        self._versions.add(key, rank, (rank[0], True, *(None,) * 8, trace))

    def _paid(
        self, customer: int, data: PaymentReceived, rank: tuple[datetime, str], trace: str
    ) -> None:
        # Fixed width, so that the keys compare as text as (time, event id) would (%Y is not: it
        # leaves out the zeros of the years before 1000).
        key = f"{rank[0].astimezone(UTC).isoformat(timespec='microseconds')} {rank[1]}"
        row = (data.bill_id, data.amount_minor, data.currency, data.paid_at, key)
        self._payments.add((customer, data.payment_id), rank, row)

    def _failed(
        self, customer: int, data: PaymentFailed, rank: tuple[datetime, str], trace: str
    ) -> None:
        self._failures.add((customer, data.payment_id), data.failed_at, (data.failed_at,))

    def _reversed(
        self, customer: int, data: PaymentReversed, rank: tuple[datetime, str], trace: str
    ) -> None:
        self._reversals.add((customer, data.payment_id), data.reversed_at, (data.reversed_at,))

    def _hold_placed(
        self, customer: int, data: HoldPlaced, rank: tuple[datetime, str], trace: str
    ) -> None:
        row = (data.kind, data.bill_id, data.from_at, data.until_at, *rank)
        self._holds_placed.add((customer, data.hold_id), rank, row)

    def _hold_lifted(
        self, customer: int, data: HoldLifted, rank: tuple[datetime, str], trace: str
    ) -> None:
        self._holds_lifted.add((customer, data.hold_id), data.lifted_at, (data.lifted_at,))


_Adder = Callable[[Projection, int, Any, tuple[datetime, str], str], None]  # Any: one data model

_ADDERS: dict[type, _Adder] = {
    CustomerUpdated: Projection._customer,
    ContactChanged: Projection._contact_changed,
    PreferenceChanged: Projection._preference_changed,
    BillCancelled: Projection._bill_cancelled,
    PaymentReceived: Projection._paid,
    PaymentFailed: Projection._failed,
    PaymentReversed: Projection._reversed,
    HoldPlaced: Projection._hold_placed,
    HoldLifted: Projection._hold_lifted,
    **dict.fromkeys(BillSnapshot.__subclasses__(), Projection._bill),
}
