"""What operations put in motion again: dead letters, and reminders that wait for a retry."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, text

from reminders.domain.identity import customer_in, month_in
from reminders.ledger.dead_letters import DeadLetter

_LETTER = "dead_id, origin, fault, reason, source, id, received_at, state"
_LETTERS = text(
    f"SELECT {_LETTER} FROM dead_letter"  # noqa: S608  (only our own column names)
    " WHERE (:state = '' OR state = :state) AND (:fault = '' OR fault = :fault)"
    " ORDER BY received_at, dead_id LIMIT :size"
)
_REFUSED_SINCE = text(
    f"SELECT {_LETTER} FROM dead_letter"  # noqa: S608  (only our own column names)
    " WHERE state = 'open' AND origin = :origin AND received_at >= :since AND dead_id <> :id"
    " AND month >= :month"
)
_KEY = "customer_id = :customer AND month = :month AND dead_id = :id"
_SETTLE = text(
    "UPDATE dead_letter SET state = :state,"  # noqa: S608  (only our own column names)
    " reason = CASE WHEN :note = '' THEN reason ELSE reason || ' (closed: ' || :note || ')' END"
    f" WHERE {_KEY}"
)
_REPLACE = text(
    "UPDATE dead_letter SET fault = :fault, reason = :reason, source = :source, id = :named"  # noqa: S608
    f" WHERE {_KEY}"
)
_FORGET = text(f"DELETE FROM dead_letter WHERE {_KEY}")  # noqa: S608  (only our own column names)
_FORGET_BODY = text(
    "DELETE FROM message_secret WHERE customer_id = :customer AND month = :month AND owner_id = :id"
)


def letters(connection: Connection, state: str, fault: str, size: int) -> list[DeadLetter]:
    """Dead letters in order of arrival; '' means every state, every fault."""
    values = {"state": state, "fault": fault, "size": size}
    return [DeadLetter(*row) for row in connection.execute(_LETTERS, values)]


def refused_since(
    connection: Connection, letter: DeadLetter, since: datetime, month: int
) -> list[DeadLetter]:
    """Other open letters of the same origin, received at or after `since`."""
    values = {"origin": letter.origin, "since": since, "id": letter.dead_id, "month": month}
    return [DeadLetter(*row) for row in connection.execute(_REFUSED_SINCE, values)]


def settle(connection: Connection, dead_id: UUID, state: str, note: str = "") -> None:
    """Mark a letter as dealt with; a person's note stands behind its reason."""
    connection.execute(_SETTLE, {**_letter_key(dead_id), "state": state, "note": note})


def replace_by(connection: Connection, letter: DeadLetter, newer: DeadLetter) -> None:
    """The same body was refused again for another reason: one letter with the newer reason."""
    connection.execute(
        _REPLACE,
        {
            **_letter_key(letter.dead_id),
            "fault": newer.fault,
            "reason": newer.reason,
            "source": newer.source,
            "named": newer.id,
        },
    )
    connection.execute(_FORGET_BODY, _letter_key(newer.dead_id))
    connection.execute(_FORGET, _letter_key(newer.dead_id))


def _letter_key(dead_id: UUID) -> dict[str, Any]:  # Any: bind values
    return {"customer": customer_in(dead_id), "month": month_in(dead_id), "id": dead_id}


_LAST = """
    JOIN LATERAL (
        SELECT attempt_id, channel, provider, state, reason, submitted_at, retry_at FROM attempt
        WHERE customer_id = r.customer_id AND month = r.month AND reminder_id = r.reminder_id
        ORDER BY number DESC LIMIT 1
    ) a ON true
"""
_WANTED = """
    (CAST(:customers AS bigint[]) IS NULL OR r.customer_id = ANY(CAST(:customers AS bigint[])))
    AND (:bill = '' OR r.bill_id = :bill) AND (:channel = '' OR a.channel = :channel)
    AND (:provider = '' OR a.provider = :provider) AND (:reason = '' OR a.reason = :reason)
    AND (CAST(:since AS timestamptz) IS NULL OR a.submitted_at >= :since)
    AND (CAST(:until AS timestamptz) IS NULL OR a.submitted_at < :until)
"""
_WAITING = f"""
    SELECT r.customer_id, r.month, r.reminder_id, r.bill_id, r.stage, r.lane, a.attempt_id,
        a.channel, a.provider, a.state, a.reason
    FROM reminder r {_LAST}
    WHERE r.state IN ('planned', 'contacting') AND r.next_at > :now
      AND a.state IN ('failed', 'released', 'uncertain') AND {_WANTED}
"""  # noqa: S608  (only our own column names)
_SELECT_WAITING = text(f"{_WAITING} ORDER BY r.customer_id, r.reminder_id")
_LOCK_WAITING = text(
    f"{_WAITING} AND r.customer_id = ANY(CAST(:locked AS bigint[]))"
    " ORDER BY r.customer_id, r.reminder_id FOR NO KEY UPDATE OF r"
)
_ENDED = text(
    f"""
    SELECT r.state, r.reason, count(*) FROM reminder r {_LAST}
    WHERE r.month >= :month AND r.expires_at > :now AND r.state IN ('exhausted', 'expired')
      AND a.state IN ('failed', 'released', 'uncertain', 'undelivered') AND {_WANTED}
    GROUP BY r.state, r.reason ORDER BY r.state, r.reason
    """  # noqa: S608  (only our own column names)
)
_DUE_NOW = text(
    """
    UPDATE reminder r SET next_at = :now
    FROM unnest(CAST(:customers AS bigint[]), CAST(:ids AS uuid[])) AS v (customer_id, reminder_id)
    WHERE r.month = :month AND r.customer_id = v.customer_id AND r.reminder_id = v.reminder_id
      AND r.state IN ('planned', 'contacting')
    """
)
# An answer that is missing stays awaited: only a refused try may begin again.
_RETRY_NOW = text(
    """
    UPDATE attempt a SET retry_at = :now
    FROM unnest(CAST(:customers AS bigint[]), CAST(:attempts AS uuid[]))
        AS v (customer_id, attempt_id)
    WHERE a.month = :month AND a.customer_id = v.customer_id AND a.attempt_id = v.attempt_id
      AND a.state IN ('failed', 'released') AND a.retry_at > :now
    """
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which reminders are meant; '' and None mean any. Instants are of the last attempt."""

    bill: str = ""
    channel: str = ""
    provider: str = ""
    reason: str = ""
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Waiting:
    """An open reminder whose last attempt was refused or never answered."""

    customer_id: int
    month: int
    reminder_id: UUID
    bill_id: str
    stage: str
    lane: str
    attempt_id: UUID
    channel: str
    provider: str
    state: str
    reason: str


def waiting(
    connection: Connection, wanted: Wanted, customers: Collection[int] | None, now: datetime
) -> list[Waiting]:
    """Look, without a lock. `customers` None means everybody's."""
    rows = connection.execute(_SELECT_WAITING, _values(wanted, customers, now))
    return [Waiting(*row) for row in rows]


def waiting_of(
    connection: Connection, wanted: Wanted, locked: Collection[int], now: datetime
) -> list[Waiting]:
    """The same of customers that the caller has locked, each row locked too."""
    values = {**_values(wanted, locked, now), "locked": list(locked)}
    return [Waiting(*row) for row in connection.execute(_LOCK_WAITING, values)]


def ended(
    connection: Connection,
    wanted: Wanted,
    customers: Collection[int] | None,
    now: datetime,
    month: int,
) -> dict[tuple[str, str], int]:
    """(state, reason) → reminders that ended without success while their stage is of use.

    `month` is the first whose reminders may still be of use.
    """
    rows = connection.execute(_ENDED, {**_values(wanted, customers, now), "month": month})
    return {(row[0], row[1]): row[2] for row in rows}


def make_due(connection: Connection, found: Iterable[Waiting], now: datetime) -> None:
    """Wake these (locked) reminders at `now`, and end the wait of a refused attempt."""
    months: dict[int, list[Waiting]] = {}
    for each in found:
        months.setdefault(each.month, []).append(each)
    for month, group in months.items():
        values = {
            "now": now,
            "month": month,
            "customers": [each.customer_id for each in group],
            "ids": [each.reminder_id for each in group],
            "attempts": [each.attempt_id for each in group],
        }
        connection.execute(_DUE_NOW, values)
        connection.execute(_RETRY_NOW, values)


def _values(
    wanted: Wanted, customers: Collection[int] | None, now: datetime
) -> dict[str, Any]:  # Any: bind values
    return {
        "customers": None if customers is None else list(customers),
        "bill": wanted.bill,
        "channel": wanted.channel,
        "provider": wanted.provider,
        "reason": wanted.reason,
        "since": wanted.since,
        "until": wanted.until,
        "now": now,
    }
