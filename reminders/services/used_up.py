"""Usage in a gate: read once under the locks, then folded message by message."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from uuid import UUID

from sqlalchemy import Connection

from reminders.domain.compliance import Cap, Scope
from reminders.domain.customer import Customer
from reminders.domain.kinds import MessageClass
from reminders.domain.policy import Policy
from reminders.domain.rules import rules_of
from reminders.domain.usage import PASSIVE, Contact, Usage
from reminders.ledger import usage

# A cap looks back 7 days at most, or over the life of a bill: three months of reminders.
LOOK_BACK = timedelta(days=92)
SHARED_BACK = timedelta(days=31)


@lru_cache(maxsize=4096)
def shared_caps(policy: Policy, jurisdiction: str, channel: str) -> tuple[Cap, ...]:
    """The caps that count what others than this customer use up, on this channel."""
    found: dict[str, Cap] = {}
    for message_class in MessageClass:
        for cap in rules_of(policy, jurisdiction, message_class).caps:
            shared = cap.scope & {Scope.CONTACT_POINT, Scope.LENDER}
            if shared and Scope.CUSTOMER not in cap.scope and cap.applies(channel, message_class):
                found[cap.cap_id] = cap
    return tuple(found.values())


def keys_of(policy: Policy, customer: Customer, channel: str) -> frozenset[bytes]:
    """The shared counters that a message to this customer on this channel moves."""
    if channel in PASSIVE:
        return frozenset()
    keys = set()
    point = customer.contacts.get(channel)
    for cap in shared_caps(policy, customer.jurisdiction, channel):
        if Scope.LENDER in cap.scope:
            keys.add(b"lender:" + cap.cap_id.encode())
        elif point is not None and point.key:
            keys.add(bytes.fromhex(point.key))
    return frozenset(keys)


@lru_cache(maxsize=4096)
def _sharing(policy: Policy, jurisdiction: str) -> tuple[str, ...]:
    """The channels of the policy's ladders that move a shared counter at all."""
    channels = {rung.channel for ladder in policy.ladders.values() for rung in ladder}
    shared = (each for each in channels - PASSIVE if shared_caps(policy, jurisdiction, each))
    return tuple(sorted(shared))


def every_key(policy: Policy, customer: Customer) -> frozenset[bytes]:
    """The shared counters of every channel that the policy's ladders name."""
    channels = _sharing(policy, customer.jurisdiction)
    return frozenset().union(*[keys_of(policy, customer, channel) for channel in channels])


class UsedUp:
    """What the customers of one gate have used up, and what they add to it."""

    def __init__(
        self,
        own: Mapping[int, Sequence[Contact]],
        outside: Mapping[int, Sequence[Contact]],
        shared: Iterable[usage.SharedContact] = (),
    ) -> None:
        self._usage: dict[str, Usage] = {}
        for customer in own.keys() | outside.keys():
            mine = [*own.get(customer, ()), *outside.get(customer, ())]
            mine.sort(key=lambda contact: contact.at)
            counted = tuple(each for each in mine if each.channel not in PASSIVE)
            self._usage[str(customer)] = Usage(
                counted,
                frozenset(each.bill for each in mine if each.tells),
                frozenset(
                    (each.bill, each.kind)
                    for each in mine
                    if each.channel in PASSIVE and not each.tells
                ),
            )
        self._shared: dict[bytes, dict[UUID, Contact]] = {}
        for each in shared:
            self._shared.setdefault(each.key, {})[each.attempt_id] = each.contact

    def of(self, customer: Customer, keys: Collection[bytes]) -> Usage:
        """What caps count for this customer, with what others did under these keys."""
        mine = self._usage.get(str(customer.customer_id), Usage())
        others = {
            attempt_id: contact
            for key in sorted(keys)
            for attempt_id, contact in self._shared.get(key, {}).items()
            if contact.customer != str(customer.customer_id)
        }
        if not others:
            return mine
        every = sorted((*mine.contacts, *others.values()), key=lambda contact: contact.at)
        return Usage(tuple(every), mine.told, mine.noted)

    def add(self, contact: Contact, attempt_id: UUID, keys: Collection[bytes]) -> None:
        """Count one more, so that the next decision sees it."""
        self._usage[contact.customer] = self._usage.get(contact.customer, Usage()).after(contact)
        for key in keys:
            self._shared.setdefault(key, {})[attempt_id] = contact


def read(
    connection: Connection,
    customers: Collection[int],
    outside: Mapping[int, Sequence[Contact]],
    keys: Collection[bytes],
    now: datetime,
) -> UsedUp:
    """Everything that counts, read after the customers are locked; locks the shared counters."""
    if keys:
        usage.lock_shared(connection, keys)
    shared = usage.shared(connection, keys, now - SHARED_BACK) if keys else []
    return UsedUp(usage.own(connection, customers, now - LOOK_BACK), outside, shared)
