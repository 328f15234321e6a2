"""Where customers are reached: the addresses in force, encrypted, and their health."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, text

_HEALTH = text(
    """
    UPDATE contact_point c SET health = v.health,
        died_at = CASE WHEN v.health = 'dead' THEN CAST(:now AS timestamptz) END
    FROM unnest(CAST(:customers AS bigint[]), CAST(:secrets AS uuid[]), CAST(:healths AS text[]))
        AS v (customer_id, secret_id, health)
    WHERE c.customer_id = v.customer_id AND c.secret_id = v.secret_id AND c.health <> v.health
    """
)
_ADDRESSES = text(
    """
    SELECT c.customer_id, c.channel, c.secret_id, s.key_id, s.ciphertext
    FROM contact_point c JOIN contact_secret s
      ON s.customer_id = c.customer_id AND s.secret_id = c.secret_id
    WHERE c.customer_id = ANY(CAST(:customers AS bigint[]))
    """
)


def set_health(
    connection: Connection, healths: Iterable[tuple[int, UUID, str]], now: datetime
) -> None:
    """Set the health of addresses given as (customer, secret id); a changed address keeps its own.

    When one address is named twice the last statement counts.
    """
    newest = {(customer, secret): health for customer, secret, health in healths}
    if newest:
        values = {
            "customers": [customer for customer, _ in newest],
            "secrets": [secret for _, secret in newest],
            "healths": list(newest.values()),
            "now": now,
        }
        connection.execute(_HEALTH, values)


def addresses(
    connection: Connection, customers: Iterable[int]
) -> dict[tuple[int, str], tuple[UUID, str, bytes]]:
    """(customer, channel) → (secret id, key id, ciphertext) of the present addresses."""
    rows = connection.execute(_ADDRESSES, {"customers": list(customers)})
    return {(row[0], row[1]): (row[2], row[3], row[4]) for row in rows}
