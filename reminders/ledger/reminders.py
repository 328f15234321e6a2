"""Reminders: planned in bulk, claimed by lease and fencing token, moved from state to state."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, text

from reminders.domain.kinds import MessageKind
from reminders.domain.policy import Urgency
from reminders.domain.record import record
from reminders.domain.reminder import Reminder, ReminderState
from reminders.ledger.bulk import Bulk

PLAN = Bulk(
    "reminder",
    {
        "customer_id": "bigint",
        "month": "integer",
        "reminder_id": "uuid",
        "bucket": "smallint",
        "bill_id": "text",
        "stage": "text",
        "epoch": "integer",
        "kind": "text",
        "urgency": "text",
        "policy": "text",
        "trace_id": "text",
        "due_at": "timestamptz",
        "expires_at": "timestamptz",
        "state": "text",
        "lane": "text",
        "next_at": "timestamptz",
        "flag": "text",
    },
    conflict=(
        "(customer_id, month, reminder_id) DO UPDATE SET due_at = excluded.due_at,"
        " expires_at = excluded.expires_at, flag = excluded.flag,"
        " next_at = CASE WHEN reminder.due_at <> excluded.due_at THEN excluded.next_at"
        " ELSE reminder.next_at END"
        " WHERE reminder.state = 'planned' AND"
        " (reminder.due_at, reminder.expires_at, reminder.flag)"
        " <> (excluded.due_at, excluded.expires_at, excluded.flag)"
    ),
)

_COLUMNS = (
    "r.customer_id, r.month, r.reminder_id, r.bill_id, r.stage, r.epoch, r.kind, r.urgency,"
    " r.due_at, r.expires_at, r.state, r.reason, r.policy, r.lane, r.next_at, r.trace_id, r.token,"
    " r.flag"
)
_OPEN = "r.state IN ('planned', 'contacting')"
# The same, said so that it does not match the sweep's partial index: of a month that has just
# begun the planner knows nothing, and reads all open reminders to find a hundred by their key.
_NOT_ENDED = "r.state NOT IN ('satisfied', 'suppressed', 'cancelled', 'expired', 'exhausted')"

_CLAIM = text(
    f"""
    WITH due AS (
        SELECT customer_id, month, reminder_id FROM reminder r
        WHERE {_OPEN} AND r.lane = :lane AND r.next_at <= :now
          AND (r.lease_until IS NULL OR r.lease_until < clock_timestamp())
        ORDER BY r.next_at LIMIT :size FOR UPDATE SKIP LOCKED
    )
    UPDATE reminder r SET lease_until = clock_timestamp() + :lease, token = nextval('fencing')
    FROM due WHERE r.customer_id = due.customer_id AND r.month = due.month
      AND r.reminder_id = due.reminder_id
    RETURNING {_COLUMNS}
    """  # noqa: S608  (only our own column names)
)
# What another worker has only claimed is taken over; what is on its way is not.
_GATHER = text(
    f"""
    UPDATE reminder r SET lease_until = clock_timestamp() + :lease, token = nextval('fencing')
    WHERE r.customer_id = ANY(CAST(:customers AS bigint[])) AND {_OPEN} AND r.next_at <= :now
      AND (r.state = 'planned' OR r.lease_until IS NULL OR r.lease_until < clock_timestamp())
    RETURNING {_COLUMNS}
    """  # noqa: S608  (only our own column names)
)
_OPEN_OF = text(
    f"SELECT {_COLUMNS} FROM reminder r"  # noqa: S608  (only our own column names)
    f" WHERE r.customer_id = ANY(CAST(:ids AS bigint[])) AND {_NOT_ENDED}"
)
_HELD = text(
    f"""
    SELECT {_COLUMNS} FROM reminder r
    JOIN unnest(CAST(:customers AS bigint[]), CAST(:ids AS uuid[]), CAST(:tokens AS bigint[]))
        AS v (customer_id, reminder_id, token)
      ON r.customer_id = v.customer_id AND r.reminder_id = v.reminder_id AND r.token = v.token
    WHERE r.month = :month AND {_NOT_ENDED}
    ORDER BY r.customer_id, r.reminder_id FOR NO KEY UPDATE OF r
    """  # noqa: S608  (only our own column names)
)
_BY_ID = text(
    f"""
    SELECT {_COLUMNS} FROM reminder r
    JOIN unnest(CAST(:customers AS bigint[]), CAST(:ids AS uuid[])) AS v (customer_id, reminder_id)
      ON r.customer_id = v.customer_id AND r.reminder_id = v.reminder_id
    WHERE r.month = :month ORDER BY r.customer_id, r.reminder_id FOR NO KEY UPDATE OF r
    """  # noqa: S608  (only our own column names)
)
_MOVE = text(
    f"""
    UPDATE reminder r SET state = v.state, reason = v.reason, next_at = v.next_at, lane = v.lane,
        lease_until = CASE WHEN v.keep THEN r.lease_until END
    FROM unnest(CAST(:customers AS bigint[]), CAST(:ids AS uuid[]), CAST(:states AS text[]),
        CAST(:reasons AS text[]), CAST(:nexts AS timestamptz[]), CAST(:lanes AS text[]),
        CAST(:keeps AS boolean[]))
        AS v (customer_id, reminder_id, state, reason, next_at, lane, keep)
    WHERE r.month = :month AND r.customer_id = v.customer_id AND r.reminder_id = v.reminder_id
      AND {_NOT_ENDED}
    """  # noqa: S608  (only our own column names)
)
_GIVE_BACK = text(
    """
    UPDATE reminder r SET lease_until = NULL
    FROM unnest(CAST(:customers AS bigint[]), CAST(:ids AS uuid[]), CAST(:tokens AS bigint[]))
        AS v (customer_id, reminder_id, token)
    WHERE r.month = :month AND r.customer_id = v.customer_id AND r.reminder_id = v.reminder_id
      AND r.token = v.token
    """
)


@record
class Kept:
    """A reminder as the ledger keeps it: the plan, its state, and who may move it (`token`)."""

    reminder: Reminder
    state: ReminderState
    reason: str
    policy: str
    lane: str
    next_at: datetime
    trace_id: str
    token: int

    @property
    def key(self) -> tuple[int, int, UUID]:
        """(customer, month, id): how the ledger finds it."""
        return self.reminder.customer_id, self.reminder.month, self.reminder.reminder_id


@record
class Move:
    """A reminder's next state and wake-up. `keep_lease`: a call is on its way for it."""

    kept: Kept
    state: ReminderState
    reason: str
    next_at: datetime
    lane: str
    keep_lease: bool = False


def _kept(row: Any) -> Kept:  # Any: a row has the types of its SELECT
    (customer, month, reminder_id, bill_id, stage, epoch, kind, urgency, *rest) = row
    due_at, expires_at, state, reason, policy, lane, next_at, trace_id, token, flag = rest
    return Kept(
        Reminder(
            reminder_id,
            customer,
            month,
            bill_id,
            stage,
            epoch,
            MessageKind(kind),
            Urgency(urgency),
            due_at,
            expires_at,
            flag,
        ),
        ReminderState(state),
        reason,
        policy,
        lane,
        next_at,
        trace_id,
        token,
    )


def claim(
    connection: Connection, lane: str, now: datetime, size: int, lease: timedelta
) -> list[Kept]:
    """Take up to `size` due reminders of one lane: nobody else gets them before the lease ends."""
    rows = connection.execute(_CLAIM, {"lane": lane, "now": now, "size": size, "lease": lease})
    return [_kept(row) for row in rows.all()]


def gather(
    connection: Connection, customers: Iterable[int], now: datetime, lease: timedelta
) -> list[Kept]:
    """Claim whatever else is due of these locked customers, in order of their ids."""
    values = {"customers": list(customers), "now": now, "lease": lease}
    found = [_kept(row) for row in connection.execute(_GATHER, values).all()]
    return sorted(found, key=lambda each: each.key)


def by_month(kept: Iterable[Kept]) -> dict[int, list[Kept]]:
    """Grouped by partition, so that each statement names the one it works on."""
    months: dict[int, list[Kept]] = {}
    for each in kept:
        months.setdefault(each.reminder.month, []).append(each)
    return months


def still_held(connection: Connection, claimed: Iterable[Kept]) -> list[Kept]:
    """Lock and re-read those of `claimed` whose token is still ours and which are still open."""
    found: list[Kept] = []
    for month, group in by_month(claimed).items():
        values = {
            "month": month,
            "customers": [each.reminder.customer_id for each in group],
            "ids": [each.reminder.reminder_id for each in group],
            "tokens": [each.token for each in group],
        }
        found.extend(_kept(row) for row in connection.execute(_HELD, values).all())
    return found


def by_id(connection: Connection, wanted: Iterable[tuple[int, int, UUID]]) -> dict[UUID, Kept]:
    """Lock and read reminders by (customer, month, id), whatever their state."""
    months: dict[int, list[tuple[int, UUID]]] = {}
    for customer, month, reminder_id in wanted:
        months.setdefault(month, []).append((customer, reminder_id))
    found = {}
    for month, pairs in months.items():
        values = {
            "month": month,
            "customers": [customer for customer, _ in pairs],
            "ids": [reminder_id for _, reminder_id in pairs],
        }
        for row in connection.execute(_BY_ID, values).all():
            kept = _kept(row)
            found[kept.reminder.reminder_id] = kept
    return found


def open_of(connection: Connection, customers: Iterable[int]) -> list[Kept]:
    """Every open reminder of these (locked) customers."""
    return [_kept(row) for row in connection.execute(_OPEN_OF, {"ids": list(customers)}).all()]


def move_all(connection: Connection, moves: Iterable[Move]) -> None:
    """Write the moves; a reminder that has ended meanwhile stays as it ended."""
    months: dict[int, list[Move]] = {}
    for each in moves:
        months.setdefault(each.kept.reminder.month, []).append(each)
    for month, group in months.items():
        connection.execute(
            _MOVE,
            {
                "month": month,
                "customers": [each.kept.reminder.customer_id for each in group],
                "ids": [each.kept.reminder.reminder_id for each in group],
                "states": [each.state for each in group],
                "reasons": [each.reason for each in group],
                "nexts": [each.next_at for each in group],
                "lanes": [each.lane for each in group],
                "keeps": [each.keep_lease for each in group],
            },
        )


def give_back(connection: Connection, claimed: Iterable[Kept]) -> None:
    """End the lease of what was claimed and not worked on."""
    for month, group in by_month(claimed).items():
        connection.execute(
            _GIVE_BACK,
            {
                "month": month,
                "customers": [each.reminder.customer_id for each in group],
                "ids": [each.reminder.reminder_id for each in group],
                "tokens": [each.token for each in group],
            },
        )
