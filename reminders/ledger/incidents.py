"""Incidents: channels that were declared down, by whom and why, and whom it touched."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple
from zlib import crc32

from sqlalchemy import Connection, text

from reminders.ledger.bulk import Bulk

OPEN, CLOSE = "open", "close"
EFFECTS = Bulk(
    "incident_effect",
    {
        "customer_id": "bigint",
        "month": "integer",
        "reminder_id": "uuid",
        "incident_no": "bigint",
        "effect": "text",
        "channel": "text",
        "at": "timestamptz",
    },
    conflict="DO NOTHING",
)

_ACT = text(
    """
    INSERT INTO incident_act (incident_no, act, channel, actor, reason, business_at)
    VALUES (:number, :act, :channel, :actor, :reason, :at)
    """
)
_SELECT = """
    SELECT o.incident_no, o.channel, o.actor, o.reason, o.business_at,
        c.actor, c.reason, c.business_at
    FROM incident_act o LEFT JOIN incident_act c
      ON c.incident_no = o.incident_no AND c.act = 'close'
    WHERE o.act = 'open'
"""
_OPEN_NOW = text(f"{_SELECT} AND c.act_no IS NULL ORDER BY o.incident_no")
_ALL = text(f"{_SELECT} ORDER BY o.incident_no DESC LIMIT :most")
_ONE = text(f"{_SELECT} AND o.incident_no = :number")
_TOUCHED = text(
    """
    SELECT c.ref, r.bill_id, r.stage, e.effect, e.channel, e.at, r.state
    FROM incident_effect e
    JOIN reminder r ON r.customer_id = e.customer_id AND r.month = e.month
      AND r.reminder_id = e.reminder_id
    JOIN customer c ON c.customer_id = e.customer_id
    WHERE e.incident_no = :number ORDER BY e.at, c.ref, r.bill_id, r.stage, r.reminder_id,
        e.effect, e.channel
    LIMIT :most OFFSET :skip
    """
)
# Whom a channel touched that is down, before an incident of it opened, if one does.
_ADOPT = text(
    """
    WITH found AS (
        DELETE FROM incident_effect WHERE incident_no = :pending
        RETURNING customer_id, month, reminder_id, effect, channel, at
    )
    INSERT INTO incident_effect
        (customer_id, month, reminder_id, incident_no, effect, channel, at)
    SELECT customer_id, month, reminder_id, :number, effect, channel, at FROM found
    ON CONFLICT DO NOTHING
    """
)
_FORGET = text("DELETE FROM incident_effect WHERE incident_no = ANY(CAST(:pending AS bigint[]))")
_COUNTS = text(
    """
    SELECT effect, count(*), count(DISTINCT customer_id) FROM incident_effect
    WHERE incident_no = :number GROUP BY effect ORDER BY effect
    """
)
# The due date as the newest version that has one says it; expiry by the minute, for few groups.
_WAITS = """
    FROM reminder r JOIN customer c ON c.customer_id = r.customer_id
    LEFT JOIN LATERAL (
        SELECT v.due_on FROM bill_version v
        WHERE v.customer_id = r.customer_id AND v.bill_id = r.bill_id AND v.due_on IS NOT NULL
        ORDER BY v.version DESC, v.effective_at DESC, v.event_key DESC LIMIT 1
    ) b ON true
    WHERE r.state IN ('planned', 'contacting') AND r.reason = 'channel_down' AND r.next_at > :now
"""
_GROUP = (
    "r.lane, r.policy, r.kind, c.jurisdiction, c.time_zone, c.other_zones, b.due_on,"
    " date_trunc('minute', r.expires_at)"
)
_WAITING = text(f"SELECT {_GROUP}, count(*) {_WAITS} GROUP BY 1, 2, 3, 4, 5, 6, 7, 8")
_TAKE = text(
    f"SELECT {_GROUP}, r.customer_id, r.month, r.reminder_id {_WAITS}"
    " LIMIT :most FOR UPDATE OF r SKIP LOCKED"
)
_PLACE = text(
    """
    UPDATE reminder r SET reason = '', next_at = v.next_at
    FROM unnest(CAST(:customers AS bigint[]), CAST(:months AS integer[]), CAST(:ids AS uuid[]),
        CAST(:nexts AS timestamptz[])) AS v (customer_id, month, reminder_id, next_at)
    WHERE r.customer_id = v.customer_id AND r.month = v.month AND r.reminder_id = v.reminder_id
    """
)


class Waiting(NamedTuple):
    """What reminders that wait for a channel have in common: by it their time is known."""

    lane: str
    policy: str
    kind: str
    jurisdiction: str
    time_zone: str
    other_zones: tuple[str, ...]
    due_on: date | None
    expires_at: datetime  # without its seconds


@dataclass(frozen=True, slots=True)
class Incident:
    """One incident; `channel` is `*` where all sending is suspended. Instants of business."""

    number: int
    channel: str
    opened_by: str
    why: str
    opened_at: datetime
    closed_by: str = ""
    closed_why: str = ""
    closed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Touched:
    """A reminder that an incident sent another way, put off or let expire."""

    customer: str
    bill_id: str
    stage: str
    effect: str
    channel: str
    at: datetime
    state: str


def begin(connection: Connection, channel: str, actor: str, reason: str, at: datetime) -> int:
    """Open an incident; returns its number."""
    number = int(connection.execute(text("SELECT nextval('incident_number')")).scalar_one())
    _write(connection, number, OPEN, (channel, actor, reason, at))
    return number


def end(connection: Connection, incident: Incident, actor: str, reason: str, at: datetime) -> None:
    """Close an open incident."""
    _write(connection, incident.number, CLOSE, (incident.channel, actor, reason, at))


def pending(channel: str) -> int:
    """Stands in an effect for the number of an incident that may open yet."""
    return -1 - crc32(channel.encode())


def adopt(connection: Connection, incident: Incident) -> None:
    """List whom its channel touched before the incident opened."""
    connection.execute(_ADOPT, {"pending": pending(incident.channel), "number": incident.number})


def forget(connection: Connection, channels: Iterable[str]) -> None:
    """These are well: what their moment of weakness touched belongs to no incident."""
    connection.execute(_FORGET, {"pending": [pending(each) for each in channels]})


def waiting(connection: Connection, at: datetime) -> dict[Waiting, int]:
    """How many reminders wait for a channel, by what they have in common."""
    rows = connection.execute(_WAITING, {"now": at})
    return {_waiting(row[:8]): row[8] for row in rows}


def wake(
    connection: Connection, at: datetime, most: int, place: Callable[[Waiting], datetime]
) -> int:
    """Wake up to `most` of those that wait for a channel, each at its place; how many. What is
    locked is being decided on, and needs no waking."""
    rows = connection.execute(_TAKE, {"now": at, "most": most}).all()
    if rows:
        customers, months, ids = zip(*(row[8:] for row in rows), strict=True)
        nexts = [place(_waiting(row[:8])) for row in rows]
        keys = {"customers": list(customers), "months": list(months), "ids": list(ids)}
        connection.execute(_PLACE, {**keys, "nexts": nexts})
    return len(rows)


def lock(connection: Connection) -> None:
    """One at a time opens or closes incidents, until the end of the transaction."""
    connection.execute(text("SELECT pg_advisory_xact_lock(hashtext('incident_act'))"))


def open_now(connection: Connection) -> list[Incident]:
    """Incidents that are not closed, the oldest first."""
    return [_incident(row) for row in connection.execute(_OPEN_NOW)]


def newest(connection: Connection, most: int) -> list[Incident]:
    """Incidents, the newest first."""
    return [_incident(row) for row in connection.execute(_ALL, {"most": most})]


def one(connection: Connection, number: int) -> Incident | None:
    """The incident of this number."""
    row = connection.execute(_ONE, {"number": number}).one_or_none()
    return None if row is None else _incident(row)


def touched(connection: Connection, number: int, most: int, skip: int = 0) -> list[Touched]:
    """Whom an incident touched, in order of time, but for the first `skip`."""
    values = {"number": number, "most": most, "skip": skip}
    return [Touched(*row) for row in connection.execute(_TOUCHED, values)]


def counts(connection: Connection, number: int) -> Mapping[str, tuple[int, int]]:
    """(reminders, customers) by effect."""
    rows = connection.execute(_COUNTS, {"number": number})
    return {effect: (reminders, customers) for effect, reminders, customers in rows}


def _write(
    connection: Connection, number: int, act: str, said: tuple[str, str, str, datetime]
) -> None:
    channel, actor, reason, at = said
    values = {"number": number, "act": act, "channel": channel, "actor": actor}
    connection.execute(_ACT, values | {"reason": reason, "at": at})


def _waiting(row: Sequence[Any]) -> Waiting:  # Any: a row has the types of its SELECT
    lane, policy, kind, jurisdiction, zone, others, due_on, expires_at = row
    return Waiting(lane, policy, kind, jurisdiction, zone, tuple(others), due_on, expires_at)


def _incident(row: Any) -> Incident:  # Any: a row has the types of its SELECT
    number, channel, actor, why, at, closed_by, closed_why, closed_at = row
    return Incident(number, channel, actor, why, at, closed_by or "", closed_why or "", closed_at)
