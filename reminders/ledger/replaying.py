"""What a running system was told and what it did, customer by customer, to be played again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, text

_BATCH = 200
_CUSTOMERS = text(
    "SELECT customer_id, ref FROM customer WHERE customer_id > :after"
    " ORDER BY customer_id LIMIT :size"
)
_EVENTS = text(
    "SELECT customer_id, received_at, body FROM billing_event"
    " WHERE customer_id = ANY(CAST(:ids AS bigint[])) AND received_at < :until"
    " ORDER BY customer_id, received_at, occurred_at, source, id"
)
_LINES = text(
    "SELECT a.customer_id, a.reminder_id, a.number, a.channel, a.submitted_at, a.leader_id IS NULL,"
    " e.state, e.at, EXISTS (SELECT 1 FROM contact_point c WHERE c.customer_id = a.customer_id"
    " AND c.channel = a.channel AND c.health = 'dead'"
    " AND c.died_at BETWEEN e.at - interval '1 second' AND e.at + interval '1 second')"
    " FROM attempt a LEFT JOIN attempt_event e ON e.customer_id = a.customer_id"
    " AND e.month = a.month AND e.attempt_id = a.attempt_id"
    " WHERE a.customer_id = ANY(CAST(:ids AS bigint[])) AND a.submitted_at < :until"
    " ORDER BY a.customer_id, a.submitted_at, a.reminder_id, a.number, e.event_no"
)


@dataclass(frozen=True, slots=True)
class Line:
    """One state that an attempt went to; `died`: its address was found dead at that instant."""

    state: str
    at: datetime
    died: bool


@dataclass(slots=True)
class Made:
    """One attempt that was made. `leads` is False where another bill's message carried it."""

    reminder_id: UUID
    number: int
    channel: str
    submitted_at: datetime
    leads: bool
    lines: list[Line]


@dataclass(slots=True)
class Past:
    """One customer: the events with the instant at which each was known, and the attempts."""

    ref: str
    events: list[tuple[datetime, bytes]]
    made: list[Made]


def each_past(connection: Connection, until: datetime) -> Iterator[Past]:
    """Every customer's past before `until`, in the order of their numbers, a few at a time."""
    after = 0
    while rows := connection.execute(_CUSTOMERS, {"after": after, "size": _BATCH}).all():
        pasts = {number: Past(ref, [], []) for number, ref in rows}
        values = {"ids": list(pasts), "until": until}
        for number, known_at, body in connection.execute(_EVENTS, values):
            pasts[number].events.append((known_at, bytes(body)))
        for number, *line in connection.execute(_LINES, values):
            _add(pasts[number].made, *line)
        yield from pasts.values()
        after = rows[-1][0]


def _add(
    made: list[Made],
    reminder_id: UUID,
    number: int,
    channel: str,
    submitted_at: datetime,
    leads: bool,
    state: str | None,
    at: datetime,
    died: bool,
) -> None:
    last = made[-1] if made else None
    if last is None or (last.reminder_id, last.number) != (reminder_id, number):
        last = Made(reminder_id, number, channel, submitted_at, leads, [])
        made.append(last)
    if state is not None:
        last.lines.append(Line(state, at, died))
