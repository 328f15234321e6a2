"""Reads in-app messages: attempts of that channel, with their sealed texts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, text

_WRITTEN = text(
    """
    SELECT a.attempt_id, a.submitted_at, r.bill_id, s.key_id, s.ciphertext,
        (SELECT min(h.at) FROM receipt h
          WHERE h.customer_id = a.customer_id AND h.month = a.month
            AND h.attempt_id = a.attempt_id AND h.status = 'read')
    FROM attempt a
    JOIN reminder r ON r.customer_id = a.customer_id AND r.month = a.month
      AND r.reminder_id = a.reminder_id
    JOIN message_secret s ON s.customer_id = a.customer_id AND s.month = a.month
      AND s.owner_id = a.attempt_id
    WHERE a.customer_id = :customer AND a.channel = 'in_app'
    ORDER BY a.submitted_at DESC, a.attempt_id LIMIT 200
    """
)


@dataclass(frozen=True, slots=True)
class Written:
    """One in-app message, its text still sealed."""

    attempt_id: UUID
    written_at: datetime
    bill_id: str
    key_id: str
    ciphertext: bytes
    read_at: datetime | None


def written(connection: Connection, customer: int) -> list[Written]:
    """The newest 200 in-app messages of a customer."""
    return [Written(*row) for row in connection.execute(_WRITTEN, {"customer": customer})]
