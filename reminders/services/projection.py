"""What events say, as rows of facts: the newest statement of each fact in a batch."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from reminders.domain.address import mask
from reminders.domain.customer import ChannelName
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
from reminders.events.observed import ContactConfirmed
from reminders.ledger import arrays, intake, preferences
from reminders.ledger.bulk import Bulk
from reminders.ledger.cipher import KeyRing
from reminders.ledger.contact_points import Seen
from reminders.ledger.preferences import CHOSEN, CONSENT, PROFILE
from reminders.services.newest import Key, Newest
from reminders.services.observed import OBSERVED, Observed, Rank
from reminders.services.preferences.alarm import Asked
from reminders.services.preferences.held import to_hold

BILLING = "billing"  # who speaks in a customer's profile


class Projection:
    """Collects the facts of a batch of new events and writes them table by table."""

    def __init__(self, ring: KeyRing, now: datetime) -> None:
        self._ring = ring
        self._now = now
        self._asked: list[tuple[Asked, Rank]] = []
        self._consents: list[tuple[Asked, Rank]] = []
        self._observed = Observed(now)
        self._profiles = Newest()
        self._contacts = Newest()
        self._preferences = Newest()
        self._holds_placed = Newest()
        self._holds_lifted = Newest(lowest=True)
        self._versions = Newest()
        self._payments = Newest()
        self._reversals = Newest(lowest=True)
        self._failures = Newest()
        self._secrets: dict[Key, tuple[str, bytes]] = {}
        self.seen: list[Seen] = []  # addresses, by the customer's or billing's own word

    def add(self, customer: int, event: Event, trace: str) -> None:
        """Take over what `event` says of this customer."""
        source, event_id = event.identity
        rank = (event.time, f"{source} {event_id}")
        match event.data:
            case PreferenceChanged() as data:
                self._asked.append((_asked(customer, data, rank), rank))
            case data if type(data) in OBSERVED:
                self._observed.add(customer, data, rank)
                if isinstance(data, ContactConfirmed):
                    self.seen.append(Seen(customer, data.channel, data.confirmed_at, None))
            case data:
                _ADDERS[type(data)](self, customer, data, rank, trace)

    def write(self, connection: Connection) -> None:
        """Write every fact; the customers are locked by the caller."""
        self._choose(connection)
        secrets = [(*key, *sealed) for key, sealed in sorted(self._secrets.items())]
        intake.CONTACT_SECRETS.insert(connection, secrets)
        intake.set_profiles(connection, self._profiles.rows())
        tables: tuple[tuple[Bulk, Newest], ...] = (
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
        self._observed.write(connection)

    def _contact(self, customer: int, channel: str, address: str | None, rank: Rank) -> None:
        secret_id = digest = None
        if address is not None:
            digest = self._ring.hash(f"{channel}:{address}")
            secret_id = self._sealed(customer, digest, address)
        self._contacts.add(
            (customer, channel), rank, (mask(address or ""), digest, secret_id, *rank)
        )
        self._observed.add_address(customer, channel, digest, rank)

    def _sealed(self, customer: int, digest: bytes, clear: str) -> UUID:
        """Keep a personal field encrypted; by the hash of it that the same is kept once."""
        secret_id = UUID(bytes=digest[:16])
        if (customer, secret_id) not in self._secrets:
            sealed = self._ring.seal(clear)
            self._secrets[customer, secret_id] = (sealed.key_id, sealed.ciphertext)
        return secret_id

    def _customer(self, customer: int, data: CustomerUpdated, rank: Rank, trace: str) -> None:
        others = [zone for zone in data.other_time_zones or () if zone != data.time_zone]
        zones = arrays.literal(others)
        named = None
        if data.name is not None:
            named = self._sealed(customer, self._ring.hash(f"name:{data.name}"), data.name)
        profile = (data.language, data.time_zone, data.jurisdiction, zones, named, *rank)
        self._profiles.add((customer,), rank, profile)
        given = {str(point.channel): point.address or "" for point in data.contact_points}
        for channel in ChannelName:
            self._contact(customer, channel, given.get(channel.value), rank)
        for name, allowed in data.consent.items():
            key = f"{rank[1]} {name}"  # one event speaks of several channels
            said = Asked(customer, allowed, BILLING, PROFILE, key, name)
            self._consents.append((said, rank))

    def _contact_changed(self, customer: int, data: ContactChanged, rank: Rank, trace: str) -> None:
        self._contact(customer, data.channel, data.address, rank)
        if data.address is not None:
            digest = self._ring.hash(f"{data.channel}:{data.address}")
            self.seen.append(Seen(customer, data.channel, rank[0], digest))

    def _preference(self, asked: Asked, rank: Rank, origin: str) -> None:
        key = (asked.customer, asked.channel, asked.kind, origin)
        self._preferences.add(key, rank, (asked.allowed, asked.actor, asked.source, *rank))

    def _choose(self, connection: Connection) -> None:
        """What takes effect, and what waits for a person: only the whole batch shows a bulk.

        A profile that takes a consent back is a change like any other (S4.24: an upgrade silently
        switched reminders off); one that only repeats what was known is none.
        """
        off = {each.customer for each, _ in self._consents if not each.allowed}
        given = preferences.given(connection, off) if off else frozenset()
        changes = [(each, rank, CHOSEN) for each, rank in self._asked]
        for each, rank in self._consents:
            if not each.allowed and (each.customer, each.channel) in given:
                changes.append((each, rank, CONSENT))
            else:
                self._preference(each, rank, CONSENT)
        held = to_hold(connection, [each for each, _, _ in changes], self._now) if changes else {}
        for each, rank, origin in changes:
            held_for = held.get(each.event_key, "")
            self._observed.add_change(each, rank, held_for)
            if not held_for:
                self._preference(each, rank, origin)

    def _bill(self, customer: int, data: BillSnapshot, rank: Rank, trace: str) -> None:
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

    def _bill_cancelled(self, customer: int, data: BillCancelled, rank: Rank, trace: str) -> None:
        key = (customer, data.bill_id, data.version, rank[1])
        self._versions.add(key, rank, (rank[0], True, *(None,) * 8, trace))

    def _paid(self, customer: int, data: PaymentReceived, rank: Rank, trace: str) -> None:
        # Fixed width, so that the keys compare as text as (time, event id) would (%Y is not: it
        # leaves out the zeros of the years before 1000).
        key = f"{rank[0].astimezone(UTC).isoformat(timespec='microseconds')} {rank[1]}"
        row = (data.bill_id, data.amount_minor, data.currency, data.paid_at, key)
        self._payments.add((customer, data.payment_id), rank, row)

    def _failed(self, customer: int, data: PaymentFailed, rank: Rank, trace: str) -> None:
        self._failures.add((customer, data.payment_id), data.failed_at, (data.failed_at,))

    def _reversed(self, customer: int, data: PaymentReversed, rank: Rank, trace: str) -> None:
        self._reversals.add((customer, data.payment_id), data.reversed_at, (data.reversed_at,))

    def _hold_placed(self, customer: int, data: HoldPlaced, rank: Rank, trace: str) -> None:
        row = (data.kind, data.bill_id, data.from_at, data.until_at, *rank)
        self._holds_placed.add((customer, data.hold_id), rank, row)

    def _hold_lifted(self, customer: int, data: HoldLifted, rank: Rank, trace: str) -> None:
        self._holds_lifted.add((customer, data.hold_id), data.lifted_at, (data.lifted_at,))


def _asked(customer: int, data: PreferenceChanged, rank: Rank) -> Asked:
    said = (data.actor or "", data.source or "")
    return Asked(customer, data.allowed, *said, rank[1], data.channel, data.message_kind)


_Adder = Callable[[Projection, int, Any, Rank, str], None]  # Any: one data model

_ADDERS: dict[type, _Adder] = {
    CustomerUpdated: Projection._customer,
    ContactChanged: Projection._contact_changed,
    BillCancelled: Projection._bill_cancelled,
    PaymentReceived: Projection._paid,
    PaymentFailed: Projection._failed,
    PaymentReversed: Projection._reversed,
    HoldPlaced: Projection._hold_placed,
    HoldLifted: Projection._hold_lifted,
    **dict.fromkeys(BillSnapshot.__subclasses__(), Projection._bill),
}
