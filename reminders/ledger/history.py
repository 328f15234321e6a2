"""What happened about one bill, as rows: events, reminders, decisions, attempts, receipts."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, text

from reminders.domain.decision import Check
from reminders.domain.kinds import MessageKind
from reminders.domain.policy import Urgency
from reminders.domain.reminder import Reminder, ReminderState
from reminders.ledger import attempts
from reminders.ledger.attempts import KeptAttempt
from reminders.ledger.reminders import Kept

RETRIED_BY_HAND = "retried by hand"  # as the append-only line of an attempt says it
_CUSTOMERS = text(
    "SELECT DISTINCT customer_id FROM bill_version WHERE bill_id = :bill"
    " ORDER BY customer_id LIMIT 100"
)
_NEXT_AT = text(
    "SELECT min(due_at) FROM reminder WHERE customer_id = ANY(CAST(:customers AS bigint[]))"
    " AND bill_id = :bill AND state = 'planned' AND due_at > :now"
)
_EVENTS = text(
    "SELECT source, id, type, occurred_at, received_at, trace_id, body FROM billing_event"
    " WHERE customer_id = :customer ORDER BY received_at, occurred_at, source, id"
)
_REMINDERS = text(
    "SELECT reminder_id, customer_id, month, bill_id, stage, epoch, kind, urgency, due_at,"
    " expires_at, state, reason, policy, lane, next_at, trace_id, token, flag"
    " FROM reminder"
    " WHERE customer_id = :customer AND bill_id = :bill ORDER BY due_at, epoch, stage"
)
_DECISIONS = text(
    "SELECT reminder_id, at, outcome, reason, tier, checks, snapshot FROM decision"
    " WHERE customer_id = :customer AND reminder_id = ANY(CAST(:ids AS uuid[]))"
    " ORDER BY decision_no"
)
_LINES = text(
    "SELECT attempt_id, state, reason, at FROM attempt_event"
    " WHERE customer_id = :customer AND attempt_id = ANY(CAST(:ids AS uuid[])) ORDER BY event_no"
)
_RECEIPTS = text(
    "SELECT attempt_id, provider, status, reason, at, received_at, late FROM receipt"
    " WHERE customer_id = :customer AND attempt_id = ANY(CAST(:ids AS uuid[]))"
    " ORDER BY received_at, at"
)
_SECRETS = text(
    "SELECT secret_id, key_id, ciphertext FROM contact_secret"
    " WHERE customer_id = :customer AND secret_id = ANY(CAST(:ids AS uuid[]))"
)
_SHARING = text(
    "SELECT a.attempt_id, b.bill_id FROM attempt a JOIN attempt b ON b.customer_id = a.customer_id"
    " AND b.attempt_id <> a.attempt_id AND (b.leader_id = a.attempt_id"
    " OR b.attempt_id = a.leader_id OR b.leader_id = a.leader_id)"
    " WHERE a.customer_id = :customer AND a.attempt_id = ANY(CAST(:ids AS uuid[]))"
    " ORDER BY b.bill_id"
)


@dataclass(frozen=True, slots=True)
class Told:
    """One event of billing, its body as JSON without what is personal."""

    source: str
    id: str
    type: str
    occurred_at: datetime
    received_at: datetime
    trace_id: str
    data: dict[str, Any]  # Any: JSON


@dataclass(frozen=True, slots=True)
class Decided:
    """One decision that was kept, with the checks behind it and its packed inputs.

    `snapshot` is empty where a release before the inputs were kept decided.
    """

    reminder_id: UUID
    at: datetime
    outcome: str
    reason: str
    tier: str
    checks: tuple[Check, ...]
    snapshot: bytes = b""


@dataclass(frozen=True, slots=True)
class Line:
    """One append-only line of an attempt: the state it went to."""

    attempt_id: UUID
    state: str
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Heard:
    """One receipt as it was heard."""

    attempt_id: UUID
    provider: str
    status: str
    reason: str
    at: datetime
    received_at: datetime
    late: bool


def customers_of(connection: Connection, bill: str) -> list[int]:
    """The customers who have a bill of this id: it is the producer's, and may occur twice."""
    return [row[0] for row in connection.execute(_CUSTOMERS, {"bill": bill})]


def next_at(
    connection: Connection, customers: Collection[int], bill: str, now: datetime
) -> datetime | None:
    """When the next stage of a bill speaks that has not spoken yet."""
    values = {"customers": list(customers), "bill": bill, "now": now}
    found: datetime | None = connection.execute(_NEXT_AT, values).scalar()
    return found


def events(connection: Connection, customer: int) -> list[Told]:
    """Every event about a customer, in the order in which they came."""
    found = []
    for source, event_id, kind, occurred_at, received_at, trace, body in connection.execute(
        _EVENTS, {"customer": customer}
    ):
        data = json.loads(bytes(body))["data"]
        found.append(Told(source, event_id, kind, occurred_at, received_at, trace, data))
    return found


def reminders_of(connection: Connection, customer: int, bill: str) -> list[Kept]:
    """Every reminder of a bill, ended or not, in the order of their stages."""
    found = []
    for row in connection.execute(_REMINDERS, {"customer": customer, "bill": bill}):
        (reminder_id, holder, month, bill_id, stage, epoch, kind, urgency, *rest) = row
        due_at, expires_at, state, *kept, flag = rest
        planned = (MessageKind(kind), Urgency(urgency), due_at, expires_at, flag)
        reminder = Reminder(reminder_id, holder, month, bill_id, stage, epoch, *planned)
        found.append(Kept(reminder, ReminderState(state), *kept))
    return found


def decisions(connection: Connection, customer: int, ids: Iterable[UUID]) -> list[Decided]:
    """Decisions about these reminders in the order in which they were made."""
    rows = connection.execute(_DECISIONS, {"customer": customer, "ids": list(ids)})
    return [
        Decided(reminder_id, at, outcome, reason, tier, checks_of(bytes(body)), bytes(packed))
        for reminder_id, at, outcome, reason, tier, body, packed in rows
    ]


def checks_of(body: bytes) -> tuple[Check, ...]:
    """Checks as the ledger keeps them; an older row has no citation."""
    return tuple(Check(*row) for row in json.loads(body))


def attempts_of(connection: Connection, kept: Sequence[Kept]) -> dict[UUID, list[KeptAttempt]]:
    """Attempts by reminder, each list in order of number."""
    keys = [
        (each.reminder.customer_id, each.reminder.month, each.reminder.reminder_id) for each in kept
    ]
    return attempts.of_reminders(connection, keys)


def sharing(connection: Connection, customer: int, ids: Iterable[UUID]) -> dict[UUID, list[str]]:
    """By attempt, the other bills that its message spoke of."""
    found: dict[UUID, list[str]] = {}
    for attempt, bill in connection.execute(_SHARING, {"customer": customer, "ids": list(ids)}):
        found.setdefault(attempt, []).append(bill)
    return found


def lines(connection: Connection, customer: int, ids: Iterable[UUID]) -> list[Line]:
    """What these attempts went through, in order."""
    rows = connection.execute(_LINES, {"customer": customer, "ids": list(ids)})
    return [Line(*row) for row in rows]


def receipts(connection: Connection, customer: int, ids: Iterable[UUID]) -> list[Heard]:
    """Receipts of these attempts, in the order in which they came."""
    rows = connection.execute(_RECEIPTS, {"customer": customer, "ids": list(ids)})
    return [Heard(*row) for row in rows]


def addresses(
    connection: Connection, customer: int, ids: Iterable[UUID]
) -> dict[UUID, tuple[str, bytes]]:
    """secret id → (key id, ciphertext) of addresses, present or past; erased ones are missing."""
    rows = connection.execute(_SECRETS, {"customer": customer, "ids": list(ids)})
    return {row[0]: (row[1], bytes(row[2])) for row in rows}
