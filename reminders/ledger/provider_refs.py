"""Whose a provider's own message id is, for receipts that quote nothing else; and those that came
before their message was recorded, parked until it is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import Connection, TextClause, text

from reminders.domain.identity import customer_in, month_in
from reminders.domain.outcome import Receipt, ReceiptStatus
from reminders.ledger.bulk import Bulk

# Message centres count their ids in few digits and begin anew.
REFS = Bulk(
    "provider_ref",
    {"provider": "text", "ref": "text", "attempt_id": "uuid", "at": "timestamptz"},
    conflict="DO NOTHING",
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
        "number_key": "bytea",
        "submitted_at": "timestamptz",
        "received_at": "timestamptz",
    },
    conflict="DO NOTHING",
)

_WHOSE = text(
    """
    SELECT r.provider, r.ref, r.attempt_id, r.at FROM provider_ref r
    JOIN unnest(CAST(:providers AS text[]), CAST(:refs AS text[])) AS v (provider, ref)
      ON r.provider = v.provider AND r.ref = v.ref
    """
)
# Whose number a message went to: a reminder's, or that of a confirmation.
_ADDRESSES = text(
    """
    SELECT v.id, s.key_id, s.ciphertext
    FROM unnest(CAST(:customers AS bigint[]), CAST(:ids AS uuid[])) AS v (customer_id, id)
    LEFT JOIN attempt a ON a.customer_id = v.customer_id AND a.month = :month
      AND a.attempt_id = v.id
    LEFT JOIN inbound_message m ON m.customer_id = v.customer_id AND m.month = :month
      AND m.inbound_no = v.id
    JOIN contact_secret s ON s.customer_id = v.customer_id
      AND s.secret_id = coalesce(a.secret_id, m.secret_id)
    """
)
# A message that is recorded after its receipt was parked, or was just about to be: what stood
# there before is not looked at again.
_PARKED = """
    SELECT p.provider, p.ref, p.receipt_no, p.status, p.reason, p.dead_contact, p.at, p.number_key,
        p.submitted_at, p.received_at
    FROM parked_receipt p
"""
_WAITING = text(
    f"""
    {_PARKED}
    WHERE (p.received_at, p.receipt_no) > (:since, CAST(:number AS uuid)) AND EXISTS (
        SELECT 1 FROM provider_ref r WHERE r.provider = p.provider AND r.ref = p.ref
          AND r.at >= p.received_at - CAST(:about AS interval))
    ORDER BY p.received_at, p.receipt_no LIMIT :most FOR UPDATE OF p SKIP LOCKED
    """  # noqa: S608  (our own text)
)
_STANDING = text(
    f"{_PARKED} WHERE p.received_at = :since AND p.receipt_no = CAST(:number AS uuid)"
    " FOR UPDATE OF p SKIP LOCKED"
)
_PRUNE = text(
    """
    DELETE FROM provider_ref WHERE (provider, ref, attempt_id) IN (
        SELECT provider, ref, attempt_id FROM provider_ref WHERE at < :before LIMIT :most
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


ABOUT = timedelta(hours=1)  # between the reading of a clock and its commit, however fast it runs


class Mark(NamedTuple):
    """Where a parked receipt stands in the order in which they are read."""

    received_at: datetime
    receipt_no: UUID


FIRST = Mark(datetime.min.replace(tzinfo=UTC), UUID(int=0))  # before all of them


@dataclass(frozen=True, slots=True)
class Parked:
    """A parked receipt; `number_key` is the keyed hash of the number that it names."""

    receipt_no: UUID
    provider: str
    receipt: Receipt
    number_key: bytes | None
    received_at: datetime

    @property
    def mark(self) -> Mark:
        return Mark(self.received_at, self.receipt_no)


class Candidate(NamedTuple):
    """A message that a provider's id may mean, and when it was recorded."""

    attempt_id: UUID
    at: datetime


def keep(connection: Connection, rows: Iterable[tuple[str, str, UUID, datetime]]) -> None:
    """Remember whose these ids are."""
    REFS.insert(connection, sorted(set(rows)))


def prune(connection: Connection, before: datetime, most: int) -> int:
    """Forget up to `most` ids recorded before `before`; how many."""
    return connection.execute(_PRUNE, {"before": before, "most": most}).rowcount


def candidates(
    connection: Connection, refs: Iterable[tuple[str, str]]
) -> dict[tuple[str, str], list[Candidate]]:
    """The messages behind (provider, ref) pairs, as far as they are recorded."""
    wanted = sorted(set(refs))
    found: dict[tuple[str, str], list[Candidate]] = {}
    if wanted:
        values = {"providers": [one for one, _ in wanted], "refs": [ref for _, ref in wanted]}
        for provider, ref, attempt_id, at in connection.execute(_WHOSE, values):
            found.setdefault((provider, ref), []).append(Candidate(attempt_id, at))
    return found


def addresses(connection: Connection, ids: Iterable[UUID]) -> dict[UUID, tuple[str, bytes]]:
    """(key id, ciphertext) of the addresses that these messages went to."""
    months: dict[int, list[UUID]] = {}
    for each in ids:
        months.setdefault(month_in(each), []).append(each)
    found: dict[UUID, tuple[str, bytes]] = {}
    for month, those in months.items():
        values = {"month": month, "customers": [customer_in(each) for each in those], "ids": those}
        for number, key_id, ciphertext in connection.execute(_ADDRESSES, values):
            found[number] = key_id, bytes(ciphertext)
    return found


def waiting(connection: Connection, most: int, after: Mark = FIRST) -> list[Parked]:
    """Parked receipts of whose id a message was recorded since, the oldest behind `after` first.

    They are locked. One that is not that message's after all stays, and must be read past.
    """
    values = {"most": most, "about": ABOUT, "since": after.received_at, "number": after.receipt_no}
    return _parked(connection, _WAITING, values)


def standing(connection: Connection, mark: Mark) -> list[Parked]:
    """The one that stands there, locked; none where somebody has it in hand, or it is gone."""
    values = {"since": mark.received_at, "number": mark.receipt_no}
    return _parked(connection, _STANDING, values)


def _parked(
    connection: Connection, statement: TextClause, values: Mapping[str, object]
) -> list[Parked]:
    return [
        Parked(
            number,
            provider,
            Receipt(
                "",
                ReceiptStatus(status),
                at,
                ref,
                reason,
                dead_contact,
                submitted_at=submitted_at,
            ),
            None if key is None else bytes(key),
            since,
        )
        for provider, ref, number, status, reason, dead_contact, at, key, submitted_at, since in (
            connection.execute(statement, values)
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
