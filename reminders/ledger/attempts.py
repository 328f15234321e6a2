"""Decisions, attempts, what became of them, and the texts that were sent (encrypted, apart)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, text

from reminders.domain.identity import customer_in, month_in
from reminders.domain.outcome import AttemptState
from reminders.domain.policy import Confirm
from reminders.domain.record import record
from reminders.domain.reminder import Attempt, Cause
from reminders.ledger.bulk import Bulk

DECISIONS = Bulk(
    "decision",
    {
        "customer_id": "bigint",
        "month": "integer",
        "reminder_id": "uuid",
        "at": "timestamptz",
        "outcome": "text",
        "reason": "text",
        "tier": "text",
        "checks": "bytea",
        "snapshot": "bytea",
    },
)
ATTEMPTS = Bulk(
    "attempt",
    {
        "customer_id": "bigint",
        "month": "integer",
        "attempt_id": "uuid",
        "reminder_id": "uuid",
        "number": "smallint",
        "channel": "text",
        "provider": "text",
        "secret_id": "uuid",
        "state": "text",
        "confirm": "text",
        "cause": "text",
        "amount": "bigint",
        "submitted_at": "timestamptz",
        "confirm_by": "timestamptz",
        "class": "text",
        "bill_id": "text",
        "contact_key": "bytea",
        "leader_id": "uuid",
    },
)
EVENTS = Bulk(
    "attempt_event",
    {
        "customer_id": "bigint",
        "month": "integer",
        "attempt_id": "uuid",
        "state": "text",
        "reason": "text",
        "at": "timestamptz",
    },
)
SECRETS = Bulk(
    "message_secret",
    {
        "customer_id": "bigint",
        "month": "integer",
        "owner_id": "uuid",
        "key_id": "text",
        "ciphertext": "bytea",
    },
    conflict="DO NOTHING",
)

# What another attempt's message carries has no call of its own: it stands as its leader does.
_SELECT = """
    SELECT a.reminder_id, a.attempt_id, a.number, a.channel, a.provider,
        coalesce(l.state, a.state), a.confirm, a.cause, a.submitted_at,
        coalesce(l.confirm_by, a.confirm_by), coalesce(l.retry_at, a.retry_at),
        coalesce(l.reason, a.reason), a.amount, coalesce(l.was_uncertain, a.was_uncertain),
        a.secret_id, a.leader_id
    FROM attempt a LEFT JOIN attempt l ON a.leader_id IS NOT NULL
      AND l.customer_id = a.customer_id AND l.month = a.month AND l.attempt_id = a.leader_id
"""
_WAKE_LED = text(
    """
    UPDATE reminder r SET next_at = :now FROM attempt a
    WHERE a.customer_id = ANY(CAST(:customers AS bigint[]))
      AND a.leader_id = ANY(CAST(:leaders AS uuid[]))
      AND r.customer_id = a.customer_id AND r.month = a.month AND r.reminder_id = a.reminder_id
      AND r.state = 'contacting' AND r.next_at > :now
    """
)
_UNDER_WAY = text(
    """
    SELECT a.attempt_id FROM attempt a JOIN reminder r
      ON r.customer_id = a.customer_id AND r.month = a.month AND r.reminder_id = a.reminder_id
    WHERE a.customer_id = ANY(CAST(:customers AS bigint[]))
      AND a.attempt_id = ANY(CAST(:ids AS uuid[])) AND r.lease_until > clock_timestamp()
    """
)
_OF_REMINDERS = text(
    f"""
    {_SELECT}
    WHERE a.month = :month AND a.customer_id = ANY(CAST(:customers AS bigint[]))
      AND a.reminder_id = ANY(CAST(:ids AS uuid[]))
    ORDER BY a.number
    """
)
_BY_ID = text(
    f"""
    {_SELECT}
    JOIN unnest(CAST(:customers AS bigint[]), CAST(:ids AS uuid[])) AS v (customer_id, attempt_id)
      ON a.customer_id = v.customer_id AND a.attempt_id = v.attempt_id
    WHERE a.month = :month
    """
)
_CHANGE = text(
    """
    UPDATE attempt a SET state = v.state, reason = v.reason, retry_at = v.retry_at,
        confirm_by = v.confirm_by, was_uncertain = v.was_uncertain,
        provider_ref = CASE WHEN v.ref = '' THEN a.provider_ref ELSE v.ref END
    FROM unnest(CAST(:customers AS bigint[]), CAST(:ids AS uuid[]), CAST(:states AS text[]),
        CAST(:reasons AS text[]), CAST(:retries AS timestamptz[]),
        CAST(:confirms AS timestamptz[]), CAST(:uncertains AS boolean[]), CAST(:refs AS text[]))
        AS v (customer_id, attempt_id, state, reason, retry_at, confirm_by, was_uncertain, ref)
    WHERE a.month = :month AND a.customer_id = v.customer_id AND a.attempt_id = v.attempt_id
    """
)


@record
class KeptAttempt:
    """An attempt as the ledger keeps it, with its reminder and the amount it named."""

    attempt: Attempt
    reminder_id: UUID
    amount: int
    was_uncertain: bool
    secret_id: UUID | None  # the address that was used, by reference
    leader_id: UUID | None = None  # the attempt whose message carries this one's bill

    @property
    def customer_id(self) -> int:
        return customer_in(self.attempt.attempt_id)

    @property
    def month(self) -> int:
        return month_in(self.attempt.attempt_id)

    def moved(self, state: AttemptState, reason: str) -> KeptAttempt:
        """This attempt in another state; `uncertain` is remembered (S4.15: it is evidence)."""
        uncertain = self.was_uncertain or state is AttemptState.UNCERTAIN
        attempt = replace(self.attempt, state=state, reason=reason)
        return replace(self, attempt=attempt, was_uncertain=uncertain)


@record
class Change:
    """An attempt's new projection, and the provider's own id for it where it gave one."""

    kept: KeptAttempt
    ref: str = ""


def _kept(row: Any) -> KeptAttempt:  # Any: a row has the types of its SELECT
    (reminder_id, attempt_id, number, channel, provider, state, confirm, cause, *rest) = row
    submitted_at, confirm_by, retry_at, reason, amount, was_uncertain, secret_id, leader_id = rest
    return KeptAttempt(
        Attempt(
            attempt_id,
            number,
            channel,
            provider,
            AttemptState(state),
            Confirm(confirm),
            Cause(cause),
            submitted_at,
            confirm_by,
            retry_at,
            reason,
        ),
        reminder_id,
        amount,
        was_uncertain,
        secret_id,
        leader_id,
    )


def of_reminders(
    connection: Connection, reminders: Iterable[tuple[int, int, UUID]]
) -> dict[UUID, list[KeptAttempt]]:
    """Attempts of reminders given as (customer, month, id), each list in order of number."""
    months: dict[int, list[tuple[int, UUID]]] = {}
    for customer, month, reminder_id in reminders:
        months.setdefault(month, []).append((customer, reminder_id))
    found: dict[UUID, list[KeptAttempt]] = {}
    for month, pairs in months.items():
        values = {
            "month": month,
            "customers": list({customer for customer, _ in pairs}),
            "ids": [reminder_id for _, reminder_id in pairs],
        }
        for row in connection.execute(_OF_REMINDERS, values).all():
            found.setdefault(row[0], []).append(_kept(row))
    return found


def by_id(connection: Connection, attempts: Iterable[UUID]) -> dict[UUID, KeptAttempt]:
    """Read attempts of locked customers; the id itself says whose and of which month they are.

    They are not locked here: their reminders come first in the order of locks, and who holds the
    customer is the only one to change them.
    """
    months: dict[int, list[UUID]] = {}
    for attempt_id in attempts:
        months.setdefault(month_in(attempt_id), []).append(attempt_id)
    found = {}
    for month, ids in months.items():
        values = {"month": month, "customers": [customer_in(each) for each in ids], "ids": ids}
        for row in connection.execute(_BY_ID, values).all():
            found[row[1]] = _kept(row)
    return found


def change_all(connection: Connection, changes: Iterable[Change]) -> None:
    """Write new projections of attempts whose customers are locked."""
    months: dict[int, list[Change]] = {}
    for each in changes:
        months.setdefault(each.kept.month, []).append(each)
    for month, group in months.items():
        attempts = [each.kept.attempt for each in group]
        connection.execute(
            _CHANGE,
            {
                "month": month,
                "customers": [each.kept.customer_id for each in group],
                "ids": [attempt.attempt_id for attempt in attempts],
                "states": [attempt.state for attempt in attempts],
                "reasons": [attempt.reason for attempt in attempts],
                "retries": [attempt.retry_at for attempt in attempts],
                "confirms": [attempt.confirm_by for attempt in attempts],
                "uncertains": [each.kept.was_uncertain for each in group],
                "refs": [each.ref for each in group],
            },
        )


def wake_led(connection: Connection, leaders: Iterable[KeptAttempt], now: datetime) -> None:
    """Make due at once whatever is carried by these attempts, whose customers are locked."""
    led_by = list(leaders)
    if led_by:
        values = {
            "customers": [each.customer_id for each in led_by],
            "leaders": [each.attempt.attempt_id for each in led_by],
            "now": now,
        }
        connection.execute(_WAKE_LED, values)


def under_way(connection: Connection, attempts: Iterable[UUID]) -> set[UUID]:
    """Those of these attempts whose reminder is still leased to the worker that sends them."""
    ids = list(attempts)
    values = {"customers": list({customer_in(each) for each in ids}), "ids": ids}
    return {row[0] for row in connection.execute(_UNDER_WAY, values)} if ids else set()


def event_row(kept: KeptAttempt, at: datetime) -> tuple[object, ...]:
    """The append-only line of an attempt's present state."""
    attempt = kept.attempt
    return (kept.customer_id, kept.month, attempt.attempt_id, attempt.state, attempt.reason, at)
