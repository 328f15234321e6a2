"""Counts over the whole ledger, for a closing table and for operations."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Connection, text

from reminders.ledger import open_questions

_ENDED = "SELECT reason, count(*) FROM reminder WHERE state = '{state}' GROUP BY reason"
_BY = {
    "states": "SELECT state, count(*) FROM reminder GROUP BY state",
    "suppressed": _ENDED.format(state="suppressed"),
    "cancelled": _ENDED.format(state="cancelled"),
    "attempts": "SELECT channel, count(*) FROM attempt GROUP BY channel",
    "causes": "SELECT cause, count(*) FROM attempt GROUP BY cause",
    "tiers": "SELECT tier, count(*) FROM customer WHERE profile_at IS NOT NULL GROUP BY tier",
    "messages": "SELECT c.tier, count(*) FROM attempt a JOIN customer c USING (customer_id)"
    " GROUP BY c.tier",
    "flagged": "SELECT flag, count(*) FROM reminder WHERE flag <> '' GROUP BY flag",
    "dead": "SELECT fault, count(*) FROM dead_letter GROUP BY fault",
}
# The first cap that a channel failed at stands at the head of what its check saw; a decision may
# have asked of several channels. Read as text: PostgreSQL's JSON refuses NUL, a check may hold it.
_PAIRS = {
    "decisions": "SELECT outcome, reason, count(*) FROM decision GROUP BY outcome, reason",
    "caps": "SELECT m[1], d.outcome, count(DISTINCT d.decision_no) FROM decision d,"
    " regexp_matches(convert_from(d.checks, 'UTF8'),"
    r""" '\["caps[.][a-z_]+", "([^":]+): [^"]*", false', 'g') m"""
    " GROUP BY m[1], d.outcome",
    "providers": "SELECT channel, provider, count(*) FROM attempt GROUP BY channel, provider",
}
# Attempts and decisions whose reminder is gone, and ends that the reminder did not keep: a second
# end, or one that was taken back, disagrees with the state.
_UNACCOUNTED = """
SELECT
  (SELECT count(*) FROM attempt a LEFT JOIN reminder r USING (customer_id, month, reminder_id)
    WHERE r.state IS NULL)
  + (SELECT count(*) FROM decision d LEFT JOIN reminder r USING (customer_id, month, reminder_id)
    WHERE r.state IS NULL OR (r.state <> CASE d.outcome WHEN 'satisfy' THEN 'satisfied'
      WHEN 'suppress' THEN 'suppressed' WHEN 'cancel' THEN 'cancelled'
      WHEN 'expire' THEN 'expired' WHEN 'exhaust' THEN 'exhausted' ELSE r.state END))
"""
_ONE = {
    "customers": "SELECT count(*) FROM customer WHERE profile_at IS NOT NULL",
    "ingested": "SELECT count(*) FROM billing_event",
    "uncertain": "SELECT count(*) FROM attempt WHERE was_uncertain",
    "unaccounted": _UNACCOUNTED,
}
# A bill counts with the amount it was issued with, under the product that issued it.
_BILLS = text(
    "SELECT product, count(*), sum(amount_due) FROM ("
    " SELECT DISTINCT ON (customer_id, bill_id) product, amount_due FROM bill_version"
    " WHERE NOT cancelled ORDER BY customer_id, bill_id, version, effective_at) first"
    " GROUP BY product"
)
_BILLS_OF_ATTEMPTS = text("SELECT attempt_id, bill_id FROM attempt WHERE bill_id <> ''")
_PAYMENTS = text(
    "SELECT coalesce(b.product, ''), count(*), sum(p.amount) FROM payment p LEFT JOIN ("
    " SELECT DISTINCT customer_id, bill_id, product FROM bill_version WHERE NOT cancelled) b"
    " ON b.customer_id = p.customer_id AND b.bill_id = p.bill_id"
    " WHERE p.amount IS NOT NULL GROUP BY 1"
)


@dataclass(frozen=True, slots=True)
class Tally:
    """Counts by word and by pair of words, and (count, sum in minor units) of bills and payments
    by product. `caps` counts decisions by the cap that barred a channel, and their outcome."""

    by: dict[str, dict[str, int]]
    pairs: dict[str, dict[str, dict[str, int]]]
    one: dict[str, int]
    bills: dict[str, tuple[int, int]]
    payments: dict[str, tuple[int, int]]


def tally(connection: Connection) -> Tally:
    """Count everything; reads whole tables, so it is for the end of a run."""
    return Tally(
        by={
            name: {row[0]: row[1] for row in connection.execute(text(statement))}
            for name, statement in _BY.items()
        },
        pairs={name: _nested(connection, statement) for name, statement in _PAIRS.items()},
        one={
            name: int(connection.execute(text(statement)).scalar() or 0)
            for name, statement in _ONE.items()
        }
        | {"double_contacts": open_questions.count_all_doubles(connection)},
        bills={row[0]: (row[1], int(row[2])) for row in connection.execute(_BILLS)},
        payments={row[0]: (row[1], int(row[2])) for row in connection.execute(_PAYMENTS)},
    )


def _nested(connection: Connection, statement: str) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {}
    # The driver's own way in: a colon in the statement's pattern is no parameter.
    for first, second, count in connection.exec_driver_sql(statement):
        found.setdefault(first, {})[second] = count
    return found


def bills_of_attempts(connection: Connection) -> Iterator[tuple[UUID, str]]:
    """Every attempt with its bill, a few at a time."""
    rows = connection.execution_options(yield_per=5_000).execute(_BILLS_OF_ATTEMPTS)
    yield from ((attempt_id, bill) for attempt_id, bill in rows)
