"""What was sent and is not answered, and what was answered too late: for people to look at.

Both are found by the append-only columns of the few rows that can be meant (events `uncertain`,
attempts that follow silence or a failure) and a partial index over them, never by an attempt's
state, which changes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy import Connection, text

from reminders.domain.identity import month_of

LONGEST_STAGE = timedelta(days=62)  # no reminder is of use for longer: nothing older is open
MOST = 10_000  # rows of a list

# An attempt may have become uncertain more than once; what carries no call of its own never does.
_UNCERTAIN = """
    FROM (SELECT DISTINCT customer_id, month, attempt_id FROM attempt_event
          WHERE state = 'uncertain' AND month >= :month AND at >= :since) e
    JOIN attempt a ON a.customer_id = e.customer_id AND a.month = e.month
      AND a.attempt_id = e.attempt_id AND a.state = 'uncertain'
    JOIN reminder r ON r.customer_id = a.customer_id AND r.month = a.month
      AND r.reminder_id = a.reminder_id AND r.state IN ('planned', 'contacting')
"""
_LIST_UNCERTAIN = text(
    f"""
    SELECT a.attempt_id, c.ref, r.bill_id, r.stage, a.channel, a.provider, a.submitted_at,
        a.confirm_by, a.reason,
        EXISTS (SELECT 1 FROM attempt n WHERE n.customer_id = a.customer_id
          AND n.month = a.month AND n.reminder_id = a.reminder_id AND n.number > a.number)
    {_UNCERTAIN} JOIN customer c ON c.customer_id = a.customer_id
    ORDER BY a.submitted_at, a.attempt_id LIMIT :most
    """  # noqa: S608  (our own text)
)
_COUNT_UNCERTAIN = text(f"SELECT count(*) {_UNCERTAIN}")

# The first word that a message arrived came after the next channel had been used because of its
# silence, or because it was said not to arrive. A note in the inbox waits for its reader and
# reaches out to nobody. What another's message carried is told of by that one's receipts.
_DOUBLE = """
    FROM attempt b
    JOIN reminder r ON r.customer_id = b.customer_id AND r.month = b.month
      AND r.reminder_id = b.reminder_id
    JOIN customer c ON c.customer_id = b.customer_id
    JOIN attempt a ON a.customer_id = b.customer_id AND a.month = b.month
      AND a.reminder_id = b.reminder_id AND a.number < b.number
      AND a.channel NOT IN ('in_app', 'human_task')
    JOIN LATERAL (SELECT min(h.received_at) AS heard_at FROM receipt h
      WHERE h.customer_id = a.customer_id AND h.month = a.month
        AND h.attempt_id = coalesce(a.leader_id, a.attempt_id)
        AND h.status IN ('delivered', 'read', 'acted')) h ON h.heard_at > b.submitted_at
    WHERE b.cause IN ('unconfirmed', 'failed') AND b.month >= :month AND b.submitted_at >= :since
      AND b.state NOT IN ('failed', 'released') AND b.channel <> 'in_app'
"""
_LIST_DOUBLE = text(
    f"""
    SELECT * FROM (
        SELECT DISTINCT ON (a.attempt_id) a.attempt_id, c.ref, r.bill_id, r.stage, a.channel,
            a.provider, b.channel, b.submitted_at, h.heard_at
        {_DOUBLE}
        ORDER BY a.attempt_id, b.number
    ) found ORDER BY heard_at DESC, attempt_id LIMIT :most
    """  # noqa: S608  (our own text)
)
_COUNT_DOUBLE = text(f"SELECT count(DISTINCT a.attempt_id) {_DOUBLE}")


@dataclass(frozen=True, slots=True)
class UncertainAttempt:
    """An attempt of which nobody knows whether it arrived, while its reminder is open."""

    attempt_id: UUID
    customer: str
    bill_id: str
    stage: str
    channel: str
    provider: str
    since: datetime
    confirm_by: datetime
    reason: str
    overtaken: bool  # the next channel was used already


@dataclass(frozen=True, slots=True)
class DoubleContact:
    """A message that was thought lost, and arrived after the next channel was used."""

    attempt_id: UUID
    customer: str
    bill_id: str
    stage: str
    channel: str
    provider: str
    then_by: str
    then_at: datetime
    heard_at: datetime


def uncertain(
    connection: Connection, now: datetime, most: int = MOST
) -> Sequence[UncertainAttempt]:
    """Open uncertain attempts, the oldest first."""
    rows = connection.execute(_LIST_UNCERTAIN, {**_since(now, LONGEST_STAGE), "most": most})
    return [UncertainAttempt(*row) for row in rows]


def count_uncertain(connection: Connection, now: datetime) -> int:
    """How many attempts are open and uncertain."""
    return int(connection.execute(_COUNT_UNCERTAIN, _since(now, LONGEST_STAGE)).scalar() or 0)


def doubles(
    connection: Connection, now: datetime, within: timedelta, most: int = MOST
) -> Sequence[DoubleContact]:
    """Double contacts whose second message left within this time, the newest first."""
    rows = connection.execute(_LIST_DOUBLE, {**_since(now, within), "most": most})
    return [DoubleContact(*row) for row in rows]


def count_doubles(connection: Connection, now: datetime, within: timedelta) -> int:
    """How many customers' reminders were said twice within this time, message by message."""
    return int(connection.execute(_COUNT_DOUBLE, _since(now, within)).scalar() or 0)


def count_all_doubles(connection: Connection) -> int:
    """How many there ever were; reads every attempt that followed another channel's."""
    values = {"since": datetime.min.replace(tzinfo=UTC), "month": 0}
    return int(connection.execute(_COUNT_DOUBLE, values).scalar() or 0)


def _since(now: datetime, within: timedelta) -> dict[str, object]:
    # A reminder's month is that of its stage's day; its messages may leave in the month after.
    first = month_of(now - within - LONGEST_STAGE)
    return {"since": now - within, "month": first}
