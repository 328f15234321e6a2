"""A customer's in-app messages, as their inbox shows them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from reminders.domain.identity import customer_id
from reminders.ledger import inbox
from reminders.ledger.cipher import KeyRing


@dataclass(frozen=True, slots=True)
class InboxMessage:
    """One message. `written_at` is the business instant at which its gate committed."""

    attempt_id: str
    written_at: datetime
    bill_id: str
    subject: str
    text: str
    read_at: datetime | None


def messages(connection: Connection, ring: KeyRing, customer: str) -> list[InboxMessage]:
    """Every in-app message of the customer whom billing calls `customer`, newest first."""
    found = []
    for row in inbox.written(connection, customer_id(customer)):
        shown = json.loads(ring.open(row.key_id, row.ciphertext))
        found.append(
            InboxMessage(
                str(row.attempt_id),
                row.written_at,
                row.bill_id,
                shown["subject"],
                shown["text"],
                row.read_at,
            )
        )
    return found
