"""What caps count: a customer's own attempts, and what several customers share, locked by key.

An attempt counts unless its carrier surely took nothing. Shared counters are locked last of all
(customers → reminders → attempts → shared counters), in the order of their keys.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, text

from reminders.domain.identity import month_of
from reminders.domain.kinds import MessageClass
from reminders.domain.usage import Contact
from reminders.ledger.bulk import Bulk

SHARED_USE = Bulk(
    "shared_use",
    {
        "key": "bytea",
        "at": "timestamptz",
        "customer_id": "bigint",
        "month": "integer",
        "attempt_id": "uuid",
    },
)

# What another attempt's message carries stands as that one does: where it surely never left, this
# one did not either.
_LEADER = (
    "LEFT JOIN attempt l ON a.leader_id IS NOT NULL AND l.customer_id = a.customer_id"
    " AND l.month = a.month AND l.attempt_id = a.leader_id"
)
_KIND = (
    "LEFT JOIN reminder r ON r.customer_id = a.customer_id AND r.month = a.month"
    " AND r.reminder_id = a.reminder_id"
)
_COUNTS = "a.class <> '' AND coalesce(l.state, a.state) NOT IN ('failed', 'released')"
_COLUMNS = (
    "a.customer_id, a.submitted_at, a.channel, a.class, a.bill_id,"
    " coalesce(encode(a.contact_key, 'hex'), ''), a.leader_id IS NULL, coalesce(r.kind, '')"
)
_OWN = text(
    f"SELECT {_COLUMNS} FROM attempt a {_LEADER} {_KIND}"  # noqa: S608  (only our own column names)
    " WHERE a.customer_id = ANY(CAST(:ids AS bigint[]))"
    f" AND a.month >= :month AND {_COUNTS} ORDER BY a.submitted_at, a.attempt_id"
)
_COUNTERS = text(
    "INSERT INTO shared_counter (key) SELECT unnest(CAST(:keys AS bytea[])) ON CONFLICT DO NOTHING"
)
_LOCK = text(
    "SELECT key FROM shared_counter WHERE key = ANY(CAST(:keys AS bytea[])) ORDER BY key FOR UPDATE"
)
_SHARED = text(
    f"SELECT u.key, u.attempt_id, {_COLUMNS} FROM shared_use u JOIN attempt a"  # noqa: S608  (only our own column names)
    " ON a.customer_id = u.customer_id AND a.month = u.month AND a.attempt_id = u.attempt_id"
    f" {_LEADER} {_KIND} WHERE u.key = ANY(CAST(:keys AS bytea[])) AND u.at >= :since AND {_COUNTS}"
    " ORDER BY u.at, u.attempt_id"
)


@dataclass(frozen=True, slots=True)
class SharedContact:
    """A contact that counts under a key which several customers share."""

    key: bytes
    attempt_id: UUID
    contact: Contact


def _contact(customer: int, *rest: object) -> Contact:
    at, channel, message_class, bill, point, leads, kind = rest
    return Contact(
        at=at,  # type: ignore[arg-type]  # a row has the types of its SELECT
        channel=str(channel),
        message_class=MessageClass(str(message_class)),
        customer=str(customer),
        bill=str(bill),
        contact_point=str(point),
        leads=bool(leads),
        kind=str(kind),
    )


def own(
    connection: Connection, customers: Collection[int], since: datetime
) -> dict[int, list[Contact]]:
    """The contacts of these locked customers from the month of `since` on, in order of time."""
    found: dict[int, list[Contact]] = {}
    values = {"ids": list(customers), "month": month_of(since.date())}
    for row in connection.execute(_OWN, values).all():
        found.setdefault(row[0], []).append(_contact(*row))
    return found


def lock_shared(connection: Connection, keys: Collection[bytes]) -> None:
    """Lock these counters, making them where they are new. Nothing may be locked after."""
    values = {"keys": sorted(keys)}
    connection.execute(_COUNTERS, values)
    connection.execute(_LOCK, values)


def shared(connection: Connection, keys: Collection[bytes], since: datetime) -> list[SharedContact]:
    """Whatever counts under these (locked) keys since then, in order of time."""
    rows = connection.execute(_SHARED, {"keys": sorted(keys), "since": since})
    return [SharedContact(bytes(row[0]), row[1], _contact(*row[2:])) for row in rows.all()]
