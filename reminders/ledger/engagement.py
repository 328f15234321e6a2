"""When customers read, follow links, answer and pay: what their best hour is learned from."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Connection, text

from reminders.ledger.bulk import Bulk

ENGAGEMENT = Bulk(
    "engagement",
    {"customer_id": "bigint", "kind": "text", "at": "timestamptz", "channel": "text"},
    conflict="DO NOTHING",
)
_PRUNE = text(
    """
    DELETE FROM engagement WHERE (customer_id, kind, at) IN (
        SELECT customer_id, kind, at FROM engagement WHERE at < :before LIMIT :most
        FOR UPDATE SKIP LOCKED
    )
    """
)
_SINCE = text(
    """
    SELECT customer_id, kind, at FROM engagement
    WHERE customer_id = ANY(CAST(:customers AS bigint[])) AND at >= :since ORDER BY customer_id, at
    """
)


def since(
    connection: Connection, customers: Collection[int], at: datetime
) -> dict[int, list[tuple[str, datetime]]]:
    """(kind, instant) of each customer from `at` on, in order of time."""
    found: dict[int, list[tuple[str, datetime]]] = {}
    for customer, kind, moment in connection.execute(
        _SINCE, {"customers": list(customers), "since": at}
    ):
        found.setdefault(customer, []).append((kind, moment))
    return found


def prune(connection: Connection, before: datetime, most: int) -> int:
    """Forget up to `most` acts before `before`; how many."""
    return connection.execute(_PRUNE, {"before": before, "most": most}).rowcount
