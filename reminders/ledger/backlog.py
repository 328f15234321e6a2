"""How far behind the ledger is: what is due, what waits for evaluation, what wakes up next."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text

from reminders.domain.customer import ChannelName

_OPEN = "state IN ('planned', 'contacting')"
_CHANGED = "EXISTS (SELECT 1 FROM customer WHERE changed_at IS NOT NULL)"
_CHANGED_COUNT = text("SELECT count(*) FROM customer WHERE changed_at IS NOT NULL")
_NEXT = f"(SELECT min(next_at) FROM reminder WHERE {_OPEN} AND lane = '{{lane}}')"  # noqa: S608
_DUE = text(
    "SELECT count(*), min(due_at) FILTER (WHERE state = 'planned'),"  # noqa: S608
    " count(*) FILTER (WHERE state = 'planned') FROM reminder"
    f" WHERE {_OPEN} AND next_at <= :now"
)
_AHEAD = text(
    f"SELECT {_CHANGED}, " + ", ".join(_NEXT.format(lane=lane.value) for lane in ChannelName)
)
_FLAGGED = text("SELECT count(*) FROM reminder WHERE flag <> '' AND state = 'planned'")

_OPEN_BY_LANE = text(f"SELECT lane, count(*) FROM reminder WHERE {_OPEN} GROUP BY lane")  # noqa: S608
_PARKED = text("SELECT count(*) FROM parked_receipt")
_INBOUND = text("SELECT count(*) FROM inbound_message WHERE state = 'open'")


@dataclass(frozen=True, slots=True)
class Due:
    """Reminders due now, since when the oldest of those never sent has been, and how many these
    are."""

    count: int
    oldest_unsent_at: datetime | None
    unsent: int = 0


@dataclass(frozen=True, slots=True)
class Ahead:
    """Whether a customer waits for evaluation, and by lane the earliest wake-up of a reminder."""

    changed: bool
    wake_ups: dict[str, datetime]


def ahead(connection: Connection) -> Ahead:
    """What comes next, in one cheap statement."""
    changed, *instants = connection.execute(_AHEAD).one()
    pairs = zip(ChannelName, instants, strict=True)
    return Ahead(changed, {lane.value: at for lane, at in pairs if at is not None})


def changed(connection: Connection) -> int:
    return int(connection.execute(_CHANGED_COUNT).scalar() or 0)


def due(connection: Connection, now: datetime) -> Due:
    return Due(*connection.execute(_DUE, {"now": now}).one())


def flagged(connection: Connection) -> int:
    """Stages ahead for which no allowed hour was found when their bill arrived."""
    return int(connection.execute(_FLAGGED).scalar() or 0)


def open_by_lane(connection: Connection) -> dict[str, int]:
    """Reminders that have not ended, by lane: every entry of their partial index."""
    return {row[0]: row[1] for row in connection.execute(_OPEN_BY_LANE)}


def parked(connection: Connection) -> int:
    """Receipts that came before their message was recorded."""
    return int(connection.execute(_PARKED).scalar() or 0)


def inbound_open(connection: Connection) -> int:
    """What customers wrote and nobody has dealt with."""
    return int(connection.execute(_INBOUND).scalar() or 0)
