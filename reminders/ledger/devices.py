"""Devices of push that are no more. A customer's others are still sent to."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import Connection, text

from reminders.ledger.bulk import Bulk
from reminders.ledger.contact_points import Seen

PUSH = "push"
DEAD = Bulk(
    "dead_device",
    {
        "customer_id": "bigint",
        "channel": "text",
        "device_hash": "bytea",
        "died_at": "timestamptz",
    },
    conflict="(customer_id, channel, device_hash) DO UPDATE SET died_at = EXCLUDED.died_at",
)
_DEAD_OF = text(
    "SELECT customer_id, device_hash FROM dead_device"
    " WHERE customer_id = ANY(CAST(:customers AS bigint[]))"
)
_GIVEN = text(
    "DELETE FROM dead_device d USING unnest(CAST(:customers AS bigint[]),"
    " CAST(:ats AS timestamptz[])) AS v (customer_id, at)"
    " WHERE d.customer_id = v.customer_id AND d.channel = :channel AND d.died_at < v.at"
)


def dead_of(connection: Connection, customers: Iterable[int]) -> dict[int, set[bytes]]:
    """The keyed hashes of these customers' devices that are no more."""
    found: dict[int, set[bytes]] = {}
    for customer, device in connection.execute(_DEAD_OF, {"customers": list(customers)}):
        found.setdefault(customer, set()).add(bytes(device))
    return found


def given(connection: Connection, seen: Sequence[Seen]) -> None:
    """Trust devices that were given once more by an event of its own: an app that is installed
    again may register the same token. A profile that repeats it every night says nothing."""
    named = [each for each in seen if each.channel == PUSH and each.address_hash is not None]
    if named:
        values = {
            "customers": [each.customer_id for each in named],
            "ats": [each.at for each in named],
            "channel": PUSH,
        }
        connection.execute(_GIVEN, values)
