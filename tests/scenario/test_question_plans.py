"""What people look at is found by its own few rows, however many messages there are."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import Connection, TextClause, text

from reminders.domain.identity import month_of
from reminders.ledger import open_questions
from reminders.ledger.open_questions import LONGEST_STAGE
from tests.scenario.world import World

MESSAGES = 30_000  # of which one in five hundred is meant
_FILL = """
INSERT INTO attempt (customer_id, month, attempt_id, reminder_id, number, channel, provider, state,
    confirm, cause, amount, submitted_at, confirm_by)
SELECT n, :month, gen_random_uuid(), gen_random_uuid(), 1, 'sms', 'memory-sms', 'accepted',
    'delivered', CASE WHEN n % 500 = 0 THEN 'unconfirmed' ELSE 'first' END, 1, :now, :now
FROM generate_series(1, :messages) n;
INSERT INTO attempt_event (customer_id, month, attempt_id, state, reason, at)
SELECT customer_id, month, attempt_id,
    CASE WHEN customer_id % 500 = 0 THEN 'uncertain' ELSE 'accepted' END, '', :now FROM attempt;
"""


@pytest.mark.parametrize(
    ("query", "index"),
    [
        (open_questions._COUNT_UNCERTAIN, "attempt_event_uncertain"),
        (open_questions._LIST_UNCERTAIN, "attempt_event_uncertain"),
        (open_questions._COUNT_DOUBLE, "attempt_escalated"),
        (open_questions._LIST_DOUBLE, "attempt_escalated"),
    ],
)
def test_each_query_goes_by_its_index(world: World, query: TextClause, index: str) -> None:
    now = world.clock.now()
    values = {"month": month_of(now), "now": now, "messages": MESSAGES}
    with world.engine.connect() as connection:
        for statement in _FILL.split(";")[:2]:
            connection.execute(text(statement), values)
        connection.execute(text("ANALYZE attempt, attempt_event"))
        plan = _plan(connection, query, now - timedelta(days=1))
        names = _parts(connection, index)
        connection.rollback()
    assert any(f" {name} " in plan for name in names), plan


def _plan(connection: Connection, query: TextClause, since: datetime) -> str:
    values = {"since": since, "month": month_of(since - LONGEST_STAGE), "most": 100}
    wanted = {name: value for name, value in values.items() if f":{name}" in query.text}
    return "\n".join(row[0] for row in connection.execute(text(f"EXPLAIN {query.text}"), wanted))


def _parts(connection: Connection, index: str) -> list[str]:
    """The names that the index has in the tables' partitions."""
    found = connection.execute(
        text(
            "SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid"
            " WHERE i.inhparent = CAST(:index AS regclass)"
        ),
        {"index": index},
    )
    return [row[0] for row in found]
