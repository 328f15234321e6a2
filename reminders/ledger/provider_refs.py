"""Whose a provider's own message id is, for receipts that quote nothing else; and those that came
before their message was recorded, parked until it is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, text

from reminders.domain.outcome import Receipt, ReceiptStatus
from reminders.ledger.bulk import Bulk

# Message centres count their ids in few digits and begin anew: the newest message has the id.
REFS = Bulk(
    "provider_ref",
    {"provider": "text", "ref": "text", "attempt_id": "uuid", "at": "timestamptz"},
    conflict="(provider, ref) DO UPDATE SET attempt_id = excluded.attempt_id, at = excluded.at",
)
PARKED = Bulk(
    "parked_receipt",
    {
        "provider": "text",
        "ref": "text",
        "receipt_no": "uuid",
        "status": "text",
        "reason": "text",
        "dead_contact": "boolean",
        "at": "timestamptz",
        "received_at": "timestamptz",
    },
    conflict="DO NOTHING",
)

_WHOSE = text(
    """
    SELECT r.provider, r.ref, r.attempt_id FROM provider_ref r
    JOIN unnest(CAST(:providers AS text[]), CAST(:refs AS text[])) AS v (provider, ref)
      ON r.provider = v.provider AND r.ref = v.ref
    """
)
_MATCHED = text(
    """
    SELECT p.provider, p.ref, p.receipt_no, p.status, p.reason, p.dead_contact, p.at, r.attempt_id
    FROM parked_receipt p JOIN provider_ref r ON r.provider = p.provider AND r.ref = p.ref
    ORDER BY p.received_at LIMIT :most FOR UPDATE OF p SKIP LOCKED
    """
)
_PRUNE = text(
    """
    DELETE FROM provider_ref WHERE (provider, ref) IN (
        SELECT provider, ref FROM provider_ref WHERE at < :before LIMIT :most
        FOR UPDATE SKIP LOCKED
    )
    """
)
_DROP = text("DELETE FROM parked_receipt WHERE receipt_no = ANY(CAST(:numbers AS uuid[]))")
_OUTLIVED = text(
    """
    DELETE FROM parked_receipt WHERE ctid IN (
        SELECT ctid FROM parked_receipt WHERE received_at < :before
        ORDER BY received_at LIMIT :most FOR UPDATE SKIP LOCKED
    ) RETURNING provider, ref, status, reason, at
    """
)


@dataclass(frozen=True, slots=True)
class Parked:
    """A parked receipt whose message is known by now."""

    receipt_no: UUID
    provider: str
    receipt: Receipt


def keep(connection: Connection, rows: Iterable[tuple[str, str, UUID, datetime]]) -> None:
    """Remember whose these ids are; of one id given twice the last counts."""
    last = {(provider, ref): (provider, ref, *rest) for provider, ref, *rest in rows}
    REFS.insert(connection, [last[key] for key in sorted(last)])


def prune(connection: Connection, before: datetime, most: int) -> int:
    """Forget up to `most` ids recorded before `before`; how many."""
    return connection.execute(_PRUNE, {"before": before, "most": most}).rowcount


def whose(connection: Connection, refs: Iterable[tuple[str, str]]) -> dict[tuple[str, str], UUID]:
    """The attempts behind (provider, ref) pairs, as far as they are recorded."""
    wanted = sorted(set(refs))
    if not wanted:
        return {}
    values = {"providers": [one for one, _ in wanted], "refs": [ref for _, ref in wanted]}
    rows = connection.execute(_WHOSE, values)
    return {(provider, ref): attempt_id for provider, ref, attempt_id in rows}


def matched(connection: Connection, most: int) -> list[Parked]:
    """Parked receipts whose message has been recorded since, the oldest first."""
    return [
        Parked(
            number,
            provider,
            Receipt(str(attempt_id), ReceiptStatus(status), at, ref, reason, dead_contact),
        )
        for provider, ref, number, status, reason, dead_contact, at, attempt_id in (
            connection.execute(_MATCHED, {"most": most})
        )
    ]


def drop(connection: Connection, numbers: Sequence[UUID]) -> None:
    """Parked receipts that were applied."""
    if numbers:
        connection.execute(_DROP, {"numbers": list(numbers)})


def outlived(connection: Connection, before: datetime, most: int) -> list[str]:
    """Remove receipts parked before `before`; what each said, in a line."""
    rows = connection.execute(_OUTLIVED, {"before": before, "most": most})
    return [
        f"{provider} said {status} {reason} of {ref} at {at.isoformat()}"
        for provider, ref, status, reason, at in rows
    ]
