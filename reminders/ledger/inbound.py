"""What customers write to us: whose it is, what it meant, and whether a person must read it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import Connection, text

from reminders.domain.identity import customer_in, month_in
from reminders.ledger.bulk import Bulk

INBOUND = Bulk(
    "inbound_message",
    {
        "customer_id": "bigint",
        "month": "integer",
        "inbound_no": "uuid",
        "provider": "text",
        "channel": "text",
        "meaning": "text",
        "attempt_id": "uuid",
        "at": "timestamptz",
        "received_at": "timestamptz",
        "state": "text",
        "secret_id": "uuid",
        "answer_at": "timestamptz",
    },
    conflict="DO NOTHING",
)
_OWNERS = text(
    """
    SELECT p.address_hash, c.customer_id, c.ref, c.jurisdiction, p.secret_id
    FROM contact_point p JOIN customer c ON c.customer_id = p.customer_id
    WHERE p.channel = :channel AND p.address_hash = ANY(CAST(:hashes AS bytea[]))
      AND p.secret_id IS NOT NULL ORDER BY c.customer_id
    """
)
# A provider that names a message it carried may spell the address its own way: it is whose it was
# sent to.
_OWNER_BY = text(
    """
    SELECT p.address_hash, c.customer_id, c.ref, c.jurisdiction, p.secret_id
    FROM attempt a JOIN contact_point p ON p.customer_id = a.customer_id
      AND p.channel = a.channel AND p.secret_id = a.secret_id
    JOIN customer c ON c.customer_id = a.customer_id
    WHERE a.customer_id = :customer AND a.month = :month AND a.attempt_id = :attempt
      AND a.channel = :channel AND a.provider = :provider
    """
)
_CARRIED = text(
    "SELECT 1 FROM attempt WHERE customer_id = :customer AND month = :month"
    " AND attempt_id = :attempt AND provider = :provider"
)
_KNOWN = text(
    """
    SELECT inbound_no, state FROM inbound_message
    WHERE customer_id = ANY(CAST(:customers AS bigint[]))
      AND inbound_no = ANY(CAST(:numbers AS uuid[]))
    """
)
_LAST = text(
    """
    SELECT attempt_id FROM attempt WHERE customer_id = :customer AND channel = :channel
      AND submitted_at BETWEEN :since AND :at AND leader_id IS NULL
    ORDER BY submitted_at DESC LIMIT 1
    """
)
_OBEYED = text(
    "UPDATE inbound_message SET state = :state WHERE customer_id = :customer AND month = :month"
    " AND inbound_no = :number AND state = 'obeying'"
)
# Copies that are taken in at once stand in line here; a lock of the customers would be two locks.
_ALONE = text("SELECT pg_advisory_xact_lock(hashtextextended('inbound ' || :address, 0))")
_TOLD = text(
    """
    SELECT 1 FROM inbound_message
    WHERE customer_id = ANY(CAST(:customers AS bigint[]))
      AND inbound_no = ANY(CAST(:numbers AS uuid[]))
      AND (state IN ('confirm', 'sending') OR state = 'done' AND handled_by <> '') LIMIT 1
    """
)
_NEWEST = text(
    """
    SELECT max(at) FROM inbound_message
    WHERE customer_id = :customer AND channel = :channel AND meaning = :meaning
    """
)


class ReplyState(StrEnum):
    OBEYING = "obeying"  # what it asks for is being done, and was news: it is to be confirmed
    OPEN = "open"  # a person is to read it
    CONFIRM = "confirm"  # its confirmation is owed (`reminders.ledger.confirmations`)
    SENDING = "sending"  # a call with its confirmation began, and is not known to be over
    DONE = "done"


class Owner(NamedTuple):
    """A customer who is reached at an address."""

    address_hash: bytes
    customer_id: int
    ref: str
    jurisdiction: str
    secret_id: UUID | None  # of the address


def owners(connection: Connection, channel: str, hashes: Iterable[bytes]) -> list[Owner]:
    """Every customer who has one of these addresses on this channel: they may share it."""
    rows = connection.execute(_OWNERS, {"channel": channel, "hashes": list(hashes)})
    return [Owner(bytes(digest), *rest) for digest, *rest in rows]


def owners_by(connection: Connection, channel: str, attempt_id: UUID, provider: str) -> list[Owner]:
    """The customer to whose present address this attempt of that provider was sent."""
    values = _of(attempt_id, provider) | {"channel": channel}
    rows = connection.execute(_OWNER_BY, values)
    return [Owner(bytes(digest), *rest) for digest, *rest in rows]


def carried(connection: Connection, attempt_id: UUID, provider: str) -> bool:
    """Whether this is an attempt of that provider."""
    return connection.execute(_CARRIED, _of(attempt_id, provider)).scalar() is not None


def _of(attempt_id: UUID, provider: str) -> dict[str, object]:
    where = {"customer": customer_in(attempt_id), "month": month_in(attempt_id)}
    return {**where, "attempt": attempt_id, "provider": provider}


def known(connection: Connection, messages: Sequence[tuple[int, UUID]]) -> dict[UUID, ReplyState]:
    """Those of these (customer, message) that were taken in before. `OBEYING`: whoever took it in
    died before it was done."""
    values = {"customers": [one for one, _ in messages], "numbers": [no for _, no in messages]}
    return {row[0]: ReplyState(row[1]) for row in connection.execute(_KNOWN, values)}


def told(connection: Connection, address: bytes, messages: Sequence[tuple[int, UUID]]) -> bool:
    """Whether one of these (customer, message) is confirmed at this address already; whoever asks
    for the same address waits until this transaction is over."""
    connection.execute(_ALONE, {"address": address.hex()})
    values = {"customers": [one for one, _ in messages], "numbers": [no for _, no in messages]}
    return connection.execute(_TOLD, values).scalar() is not None


def obeyed(connection: Connection, number: UUID, state: ReplyState) -> None:
    """What this message asked for is done; what is left."""
    where = {"customer": customer_in(number), "month": month_in(number)}
    connection.execute(_OBEYED, {**where, "number": number, "state": state})


def answered(
    connection: Connection, customer: int, channel: str, since: datetime, at: datetime
) -> UUID | None:
    """The newest message to this customer on this channel: what an answer answers."""
    values = {"customer": customer, "channel": channel, "since": since, "at": at}
    return connection.execute(_LAST, values).scalar()


def newest(connection: Connection, customer: int, channel: str, meaning: str) -> datetime | None:
    """When this customer last said this on this channel."""
    values = {"customer": customer, "channel": channel, "meaning": meaning}
    found: datetime | None = connection.execute(_NEWEST, values).scalar()
    return found
