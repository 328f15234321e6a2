"""What could not be taken in, kept whole (encrypted) with the exact reason, for a person."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, text

from reminders.domain.identity import customer_in, month_in
from reminders.ledger.attempts import SECRETS
from reminders.ledger.bulk import Bulk
from reminders.ledger.cipher import KeyRing


class Fault(StrEnum):
    MALFORMED = "malformed"
    CONFLICT = "conflict"  # the same identity with other content
    REFUSED = "refused"  # the database would not have it
    RECEIPT = "receipt"  # a callback that cannot be read or names no attempt


class Origin(StrEnum):
    EVENTS = "events"
    RECEIPTS = "receipts"


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """One thing that was refused. `source` and `id` are what could be read of its identity."""

    dead_id: UUID
    origin: str
    fault: str
    reason: str
    source: str
    id: str
    received_at: datetime
    state: str = "open"


_LETTERS = Bulk(
    "dead_letter",
    {
        "customer_id": "bigint",
        "month": "integer",
        "dead_id": "uuid",
        "origin": "text",
        "fault": "text",
        "reason": "text",
        "source": "text",
        "id": "text",
        "received_at": "timestamptz",
    },
    conflict="DO NOTHING",
)
_LIST = text(
    "SELECT dead_id, origin, fault, reason, source, id, received_at, state FROM dead_letter"
    " WHERE (:state = '' OR state = :state) ORDER BY received_at, dead_id LIMIT :size"
)
_COUNT = text("SELECT fault, count(*) FROM dead_letter WHERE state = 'open' GROUP BY fault")
_ONE = text(
    "SELECT dead_id, origin, fault, reason, source, id, received_at, state FROM dead_letter"
    " WHERE customer_id = :customer AND month = :month AND dead_id = :id"
)
_BODY = text(
    "SELECT key_id, ciphertext FROM message_secret"
    " WHERE customer_id = :customer AND month = :month AND owner_id = :id"
)
_CLOSE = text(
    "UPDATE dead_letter SET state = :state"
    " WHERE customer_id = :customer AND month = :month AND dead_id = :id"
)


def _key(dead_id: UUID) -> dict[str, Any]:  # Any: bind values
    return {"customer": customer_in(dead_id), "month": month_in(dead_id), "id": dead_id}


def keep(connection: Connection, ring: KeyRing, dead: Iterable[tuple[DeadLetter, bytes]]) -> None:
    """Keep refused bodies whole; the same body refused twice is kept once."""
    pairs = list(dead)
    _LETTERS.insert(connection, [_row(letter) for letter, _ in pairs])
    secrets = []
    for letter, body in pairs:
        sealed = ring.seal(body)
        key = _key(letter.dead_id)
        secrets.append(
            (key["customer"], key["month"], letter.dead_id, sealed.key_id, sealed.ciphertext)
        )
    SECRETS.insert(connection, secrets)


def _row(letter: DeadLetter) -> tuple[object, ...]:
    return (
        customer_in(letter.dead_id),
        month_in(letter.dead_id),
        letter.dead_id,
        letter.origin,
        letter.fault,
        letter.reason,
        letter.source,
        letter.id,
        letter.received_at,
    )


def listed(connection: Connection, state: str, size: int) -> list[DeadLetter]:
    """Dead letters in order of arrival; `state` '' means every one."""
    rows = connection.execute(_LIST, {"state": state, "size": size})
    return [DeadLetter(*row) for row in rows]


def open_counts(connection: Connection) -> dict[str, int]:
    """How many wait for a person, by fault."""
    return {row[0]: row[1] for row in connection.execute(_COUNT)}


def one(connection: Connection, dead_id: UUID) -> DeadLetter | None:
    row: Sequence[Any] | None = connection.execute(_ONE, _key(dead_id)).first()
    return None if row is None else DeadLetter(*row)


def body_of(connection: Connection, ring: KeyRing, dead_id: UUID) -> bytes | None:
    """The refused bytes as they came; None once they are erased."""
    row = connection.execute(_BODY, _key(dead_id)).first()
    return None if row is None else ring.open(row[0], row[1])


def close(connection: Connection, dead_id: UUID, state: str) -> None:
    """Mark one as dealt with."""
    connection.execute(_CLOSE, {**_key(dead_id), "state": state})
