"""The history of preferences: changes, those that wait for a person, verdicts, disclosures."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, TextClause, text

from reminders.ledger import intake
from reminders.ledger.bulk import Bulk

# The origins of a preference: what was chosen, and the consent that billing keeps.
CHOSEN, CONSENT = "preference", "consent"
PROFILE = "customer.updated"  # the source of a consent


@dataclass(frozen=True, slots=True)
class Change:
    """One change of a preference; it waits while `held_for` says why and `approved` is None."""

    customer_id: int
    ref: str
    change_no: UUID
    channel: str
    kind: str
    allowed: bool
    actor: str
    source: str
    effective_at: datetime
    received_at: datetime
    event_key: str
    held_for: str
    approved: bool | None

    @property
    def waiting(self) -> bool:
        return bool(self.held_for) and self.approved is None


@dataclass(frozen=True, slots=True)
class Open:
    """An open reminder: what it is about and when it is next looked at."""

    bill_id: str
    stage: str
    kind: str
    next_at: datetime


_CHANGE = (
    "SELECT c.customer_id, k.ref, c.change_no, c.channel, c.kind, c.allowed, c.actor, c.source,"
    " c.effective_at, c.received_at, c.event_key, c.held_for, v.approved"
    " FROM preference_change c JOIN customer k ON k.customer_id = c.customer_id"
    " LEFT JOIN preference_verdict v ON v.customer_id = c.customer_id"
    " AND v.change_no = c.change_no"
)
_OF_EVENT = text(f"{_CHANGE} WHERE c.customer_id = :customer AND c.event_key = :event_key")
_ONE = text(f"{_CHANGE} WHERE c.customer_id = :customer AND c.change_no = :change_no")
_OF_CUSTOMER = text(
    f"{_CHANGE} WHERE c.customer_id = :customer"
    " ORDER BY c.effective_at DESC, c.event_key DESC LIMIT :size"
)
_HELD = text(
    f"{_CHANGE} WHERE c.held_for <> '' AND v.change_no IS NULL"
    " AND (CAST(:actor AS text) IS NULL OR c.actor = :actor)"
    " ORDER BY c.received_at, c.event_key LIMIT :size"
)
_COUNT_HELD = text(
    "SELECT count(*) FROM preference_change c LEFT JOIN preference_verdict v"
    " ON v.customer_id = c.customer_id AND v.change_no = c.change_no"
    " WHERE c.held_for <> '' AND v.change_no IS NULL"
)
_RECENT = text(
    "SELECT actor, source, count(DISTINCT customer_id) FROM preference_change"
    " WHERE NOT allowed AND received_at > :since"
    " AND (actor = ANY(CAST(:actors AS text[])) OR source = ANY(CAST(:sources AS text[])))"
    " GROUP BY actor, source"
)
_GIVEN = text(
    "SELECT customer_id, channel FROM preference"
    " WHERE customer_id = ANY(CAST(:ids AS bigint[])) AND origin = 'consent' AND allowed"
)
_AHEAD = text(
    "SELECT bill_id, stage, kind, greatest(due_at, next_at) FROM reminder"
    " WHERE customer_id = :customer AND state IN ('planned', 'contacting')"
    " ORDER BY 4, bill_id, stage LIMIT :size"
)
_TIER = text("SELECT tier FROM customer WHERE customer_id = :customer")
_VERDICTS = Bulk(
    "preference_verdict",
    {
        "customer_id": "bigint",
        "change_no": "uuid",
        "approved": "boolean",
        "actor": "text",
        "reason": "text",
    },
    conflict="DO NOTHING",
    returning="change_no",
)
_DISCLOSURES = Bulk(
    "disclosure",
    {
        "customer_id": "bigint",
        "change_no": "uuid",
        "version": "text",
        "language": "text",
        "acknowledged_at": "timestamptz",
        "source": "text",
    },
    conflict="DO NOTHING",
    returning="change_no",
)


def of_event(connection: Connection, customer: int, event_key: str) -> Change | None:
    """The change that an event made."""
    return _first(connection, _OF_EVENT, customer=customer, event_key=event_key)


def one(connection: Connection, customer: int, change_no: UUID) -> Change | None:
    """The change of this number."""
    return _first(connection, _ONE, customer=customer, change_no=change_no)


def of_customer(connection: Connection, customer: int, size: int) -> list[Change]:
    """The newest changes of a customer, newest first."""
    return _all(connection, _OF_CUSTOMER, customer=customer, size=size)


def held(connection: Connection, size: int, actor: str | None = None) -> list[Change]:
    """Changes that wait for a person, oldest first; of one actor ('' = nobody) where named."""
    return _all(connection, _HELD, actor=actor, size=size)


def count_held(connection: Connection) -> int:
    """How many changes wait for a person."""
    return int(connection.execute(_COUNT_HELD).scalar_one())


def recent(
    connection: Connection, actors: Collection[str], sources: Collection[str], since: datetime
) -> list[tuple[str, str, int]]:
    """(actor, source, customers) switched off after `since`, by these actors or sources."""
    values = {"actors": sorted(actors), "sources": sorted(sources), "since": since}
    return [tuple(row) for row in connection.execute(_RECENT, values)]


def ahead(connection: Connection, customer: int, size: int) -> list[Open]:
    """The next open reminders of a customer, in order of time."""
    rows = connection.execute(_AHEAD, {"customer": customer, "size": size})
    return [Open(*row) for row in rows]


def tier_of(connection: Connection, customer: int) -> str:
    """The tier at the last evaluation; "" before the first."""
    return str(connection.execute(_TIER, {"customer": customer}).scalar() or "")


def given(connection: Connection, customers: Collection[int]) -> frozenset[tuple[int, str]]:
    """(customer, channel) of the consents that stand, of these (locked) customers."""
    rows = connection.execute(_GIVEN, {"ids": sorted(customers)})
    return frozenset((row[0], row[1]) for row in rows)


def keep_verdicts(
    connection: Connection, changes: Sequence[Change], *, approved: bool, actor: str, reason: str
) -> set[UUID]:
    """Write what a person decided; returns those that nobody had decided on before."""
    rows = [
        (each.customer_id, each.change_no, approved, actor, reason)
        for each in sorted(changes, key=lambda each: (each.customer_id, each.change_no))
    ]
    return {row[0] for row in _VERDICTS.insert(connection, rows)}


def apply(connection: Connection, changes: Sequence[Change]) -> None:
    """Let changes take effect as of their own time: a newer choice that stands already wins."""
    newest: dict[tuple[int, str, str, str], Change] = {}
    for each in sorted(changes, key=lambda each: (each.effective_at, each.event_key)):
        origin = CONSENT if each.source == PROFILE else CHOSEN
        newest[each.customer_id, each.channel, each.kind, origin] = each
    intake.PREFERENCES.insert(
        connection,
        [
            (*key, c.allowed, c.actor, c.source, c.effective_at, c.event_key)
            for key, c in sorted(newest.items())
        ],
    )


def keep_disclosure(
    connection: Connection,
    change: Change,
    shown: tuple[str, str],
    acknowledged_at: datetime,
    source: str,
) -> bool:
    """Keep that the customer saw a disclosure (version, language); False if it is known already."""
    row = (change.customer_id, change.change_no, *shown, acknowledged_at, source)
    return bool(_DISCLOSURES.insert(connection, [row]))


def _first(
    connection: Connection, statement: TextClause, **values: Any
) -> Change | None:  # Any: SQL
    return next(iter(_all(connection, statement, **values)), None)


def _all(connection: Connection, statement: TextClause, **values: Any) -> list[Change]:  # Any: SQL
    return [Change(*row) for row in connection.execute(statement, values)]
