"""Reads in-app messages: attempts of that channel, with their sealed texts."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, text

MOST = 200  # messages of one customer that are looked at
# Whoever followed a message's link has read it, even if the app never said so. Unread ones come
# before read ones: what is counted as unread below can be opened, however old it is.
_WRITTEN = text(
    """
    SELECT * FROM (
        SELECT a.attempt_id, a.submitted_at, r.bill_id, r.kind, r.urgency, s.key_id, s.ciphertext,
            (SELECT min(h.at) FROM receipt h
              WHERE h.customer_id = a.customer_id AND h.month = a.month
                AND h.attempt_id = a.attempt_id AND h.status IN ('read', 'acted')) AS read_at,
            ARRAY(SELECT l.bill_id FROM attempt l
              WHERE l.customer_id = a.customer_id AND l.leader_id = a.attempt_id)
        FROM attempt a
        JOIN reminder r ON r.customer_id = a.customer_id AND r.month = a.month
          AND r.reminder_id = a.reminder_id
        JOIN message_secret s ON s.customer_id = a.customer_id AND s.month = a.month
          AND s.owner_id = a.attempt_id
        WHERE a.customer_id = :customer AND a.channel = 'in_app'
    ) found
    ORDER BY read_at IS NOT NULL, submitted_at DESC, attempt_id DESC LIMIT :most
    """
)
# What is carried by another's message is no message of its own: only a leader is counted.
_UNREAD = text(
    """
    SELECT c.ref, u.customer_id, u.attempt_id, u.submitted_at, u.bill_id, u.kind, u.urgency, u.led
    FROM unnest(CAST(:customers AS bigint[])) AS w (customer_id)
    JOIN customer c ON c.customer_id = w.customer_id
    CROSS JOIN LATERAL (
        SELECT a.customer_id, a.attempt_id, a.submitted_at, r.bill_id, r.kind, r.urgency,
            ARRAY(SELECT l.bill_id FROM attempt l
              WHERE l.customer_id = a.customer_id AND l.leader_id = a.attempt_id) AS led
        FROM attempt a
        JOIN reminder r ON r.customer_id = a.customer_id AND r.month = a.month
          AND r.reminder_id = a.reminder_id
        WHERE a.customer_id = w.customer_id AND a.channel = 'in_app' AND a.leader_id IS NULL
          AND NOT EXISTS (SELECT 1 FROM receipt h
            WHERE h.customer_id = a.customer_id AND h.month = a.month
              AND h.attempt_id = a.attempt_id AND h.status IN ('read', 'acted'))
        ORDER BY a.submitted_at DESC, a.attempt_id DESC LIMIT :most
    ) u
    """
)


@dataclass(frozen=True, slots=True)
class Written:
    """One in-app message, its text still sealed. `also`: further bills that it is about."""

    attempt_id: UUID
    written_at: datetime
    bill_id: str
    kind: str
    urgency: str
    key_id: str
    ciphertext: bytes
    read_at: datetime | None
    also: Sequence[str]


@dataclass(frozen=True, slots=True)
class Unread:
    """One message that its customer has not read."""

    ref: str
    customer_id: int
    attempt_id: UUID
    written_at: datetime
    bill_id: str
    kind: str
    urgency: str
    also: Sequence[str]


def written(connection: Connection, customer: int) -> list[Written]:
    """A customer's in-app messages, newest first: of more than 200 the unread ones, then the
    newest others."""
    rows = connection.execute(_WRITTEN, {"customer": customer, "most": MOST})
    found = [Written(*row) for row in rows]
    return sorted(found, key=lambda each: (each.written_at, each.attempt_id), reverse=True)


def unread(connection: Connection, customers: Collection[int]) -> list[Unread]:
    """The newest 200 unread messages of each of these customers, by key of the customer."""
    rows = connection.execute(_UNREAD, {"customers": list(customers), "most": MOST})
    return [Unread(*row) for row in rows]
