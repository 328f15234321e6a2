"""The queue of changed customers, kept in the customers themselves."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, text

_TAKE = text(
    """
    WITH changed AS MATERIALIZED (
        SELECT customer_id FROM customer WHERE changed_at IS NOT NULL
        ORDER BY changed_at, customer_id LIMIT :size FOR NO KEY UPDATE SKIP LOCKED
    )
    UPDATE customer c SET changed_at = NULL FROM changed
    WHERE c.customer_id = changed.customer_id RETURNING c.customer_id
    """
)
_TIERS = text(
    """
    UPDATE customer c SET tier = v.tier
    FROM unnest(CAST(:ids AS bigint[]), CAST(:tiers AS text[])) AS v (customer_id, tier)
    WHERE c.customer_id = v.customer_id AND c.tier <> v.tier
    """
)


def take_changed(connection: Connection, size: int) -> list[int]:
    """Lock up to `size` changed customers that nobody else holds, and take them off the queue.

    If the transaction fails they are on it again. Read their facts in later statements only.
    """
    return sorted(row[0] for row in connection.execute(_TAKE, {"size": size}).all())


def set_tiers(connection: Connection, tiers: Sequence[tuple[int, str]]) -> None:
    """Show each customer's tier of today; nothing decides by it."""
    ids = [customer for customer, _ in tiers]
    connection.execute(_TIERS, {"ids": ids, "tiers": [tier for _, tier in tiers]})
