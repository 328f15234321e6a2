"""Finds bills soon due, or overdue, whose customers can be reached by no channel of their policy.

It walks the partial index of open reminders (`reminder_due`: lane, next_at) over the days ahead
alone, and asks for each customer's contact points, preferences and tasks by their primary keys:
what it costs follows what is to be sent in those days, not the customers or the history.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, text

from reminders.domain.customer import ChannelName

_LABELS = text("SELECT name || '@' || version FROM policy_version")
# A person can be asked to reach anybody: that is no contact point. One task for a bill, whatever
# became of it.
_CANDIDATES = text(
    """
    SELECT DISTINCT r.customer_id, r.bill_id, r.policy FROM reminder r
    WHERE r.state IN ('planned', 'contacting') AND r.lane = ANY(CAST(:lanes AS text[]))
      AND r.next_at < :until
      AND (r.customer_id, r.bill_id) > (:customer, :bill)
      AND NOT EXISTS (
        SELECT 1 FROM contact_point c
        WHERE c.customer_id = r.customer_id AND c.secret_id IS NOT NULL AND c.health <> 'dead'
          AND r.policy || ' ' || c.channel = ANY(CAST(:pairs AS text[]))
          AND NOT EXISTS (
            SELECT 1 FROM preference p
            WHERE p.customer_id = c.customer_id AND p.channel = c.channel AND NOT p.allowed
              AND p.kind IN ('*', r.kind)))
      AND NOT EXISTS (
        SELECT 1 FROM human_task t WHERE t.customer_id = r.customer_id
          AND t.kind = 'unreachable' AND t.bill_id = r.bill_id)
    ORDER BY r.customer_id, r.bill_id LIMIT :most
    """
)
_CUSTOMERS = text(
    "SELECT count(DISTINCT customer_id) FROM human_task"
    " WHERE state IN ('open', 'taken') AND kind = 'unreachable'"
)


class Candidate(NamedTuple):
    """A bill of a customer whom no contact point seems to reach, with its frozen policy."""

    customer_id: int
    bill_id: str
    policy: str


def labels(connection: Connection) -> list[str]:
    """Every policy that a plan can be frozen with."""
    return [row[0] for row in connection.execute(_LABELS)]


def candidates(
    connection: Connection,
    channels: Mapping[str, Collection[str]],
    until: datetime,
    most: int,
    past: Candidate | None = None,
) -> list[Candidate]:
    """Bills with a reminder that wakes up before `until`. `channels`: by policy, those of its
    ladders; `past` is the last one of the page before."""
    values = {
        "lanes": [lane.value for lane in ChannelName],
        "until": until,
        "pairs": [f"{label} {name}" for label, names in channels.items() for name in names],
        "most": most,
        "customer": past.customer_id if past else -1,
        "bill": past.bill_id if past else "",
    }
    return [Candidate(*row) for row in connection.execute(_CANDIDATES, values)]


def customers(connection: Connection) -> int:
    """How many customers wait for a person because nothing else reaches them."""
    return int(connection.execute(_CUSTOMERS).scalar() or 0)
