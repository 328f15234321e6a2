"""How far behind the ledger is: what is due, what waits for evaluation, what wakes up next."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text

_OPEN = "state IN ('planned', 'contacting')"
_CHANGED = text("SELECT EXISTS (SELECT 1 FROM customer WHERE changed_at IS NOT NULL)")
_CHANGED_COUNT = text("SELECT count(*) FROM customer WHERE changed_at IS NOT NULL")
_NEXT = text(f"SELECT min(next_at) FROM reminder WHERE {_OPEN} AND lane = :lane")  # noqa: S608
_DUE = text(
    "SELECT count(*), min(due_at) FILTER (WHERE state = 'planned') FROM reminder"  # noqa: S608
    f" WHERE {_OPEN} AND next_at <= :now"
)
_UNCERTAIN = text("SELECT count(*) FROM attempt WHERE state = 'uncertain'")


@dataclass(frozen=True, slots=True)
class Due:
    """Reminders due now, and since when the oldest of those never sent has been."""

    count: int
    oldest_unsent_at: datetime | None


def next_wake_up(connection: Connection, lanes: tuple[str, ...]) -> dict[str, datetime]:
    """lane → the earliest wake-up of an open reminder; lanes without one are left out."""
    found = {}
    for lane in lanes:
        at = connection.execute(_NEXT, {"lane": lane}).scalar()
        if at is not None:
            found[lane] = at
    return found


def any_changed(connection: Connection) -> bool:
    """True while a customer waits for evaluation."""
    return bool(connection.execute(_CHANGED).scalar())


def changed(connection: Connection) -> int:
    return int(connection.execute(_CHANGED_COUNT).scalar() or 0)


def due(connection: Connection, now: datetime) -> Due:
    count, oldest = connection.execute(_DUE, {"now": now}).one()
    return Due(count, oldest)


def uncertain(connection: Connection) -> int:
    """Attempts whose answer never came and is still missing."""
    return int(connection.execute(_UNCERTAIN).scalar() or 0)
