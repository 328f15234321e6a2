"""Where customers are reached: the addresses in force, encrypted, and their health."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import Connection, text

from reminders.domain.customer import ContactHealth
from reminders.ledger.bulk import Bulk

DEAD_DEVICES = Bulk(
    "dead_device",
    {
        "customer_id": "bigint",
        "channel": "text",
        "device_hash": "bytea",
        "died_at": "timestamptz",
    },
    conflict="(customer_id, channel, device_hash) DO UPDATE SET died_at = EXCLUDED.died_at",
)
# A device that was registered anew after its death came with a newer contact event.
_DEVICES = text(
    """
    SELECT d.customer_id, d.device_hash FROM dead_device d
    JOIN contact_point c ON c.customer_id = d.customer_id AND c.channel = d.channel
    WHERE d.customer_id = ANY(CAST(:customers AS bigint[])) AND d.died_at > c.effective_at
    """
)
_TAKE_SIGNS = text(
    """
    UPDATE contact_point c SET
        health = CASE
            WHEN v.kind = 'dead' THEN 'dead'
            WHEN v.kind = 'reached' THEN 'valid'
            WHEN c.health = 'dead' THEN 'dead'
            WHEN c.channel = 'webhook'
                AND v.at - coalesce(c.failing_since, v.at) >= CAST(:disabled_after AS interval)
                THEN 'dead'
            WHEN c.failures + v.count >= :suspect_after THEN 'suspect'
            ELSE c.health END,
        died_at = CASE
            WHEN v.kind = 'reached' THEN NULL
            WHEN v.kind = 'dead' OR (c.health <> 'dead' AND c.channel = 'webhook'
                AND v.at - coalesce(c.failing_since, v.at) >= CAST(:disabled_after AS interval))
                THEN CAST(:now AS timestamptz)
            ELSE c.died_at END,
        failures = CASE WHEN v.kind = 'reached' THEN 0 ELSE least(c.failures + v.count, 1000) END,
        failed_at = CASE WHEN v.kind = 'reached' THEN c.failed_at ELSE v.at END,
        failing_since = CASE
            WHEN v.kind = 'reached' THEN NULL ELSE coalesce(c.failing_since, v.at) END,
        reached_at = CASE WHEN v.kind = 'reached' THEN v.at ELSE c.reached_at END
    FROM unnest(CAST(:customers AS bigint[]), CAST(:secrets AS uuid[]), CAST(:kinds AS text[]),
        CAST(:counts AS integer[]), CAST(:moments AS timestamptz[]))
        AS v (customer_id, secret_id, kind, count, at)
    WHERE c.customer_id = v.customer_id AND c.secret_id = v.secret_id
      AND CASE v.kind
        WHEN 'reached' THEN c.health <> 'valid' OR c.failures > 0
        WHEN 'dead' THEN c.health <> 'dead'
        ELSE v.at > coalesce(c.reached_at, '-infinity') END
    RETURNING c.customer_id, c.health
    """
)
_PROBE = text(
    """
    UPDATE contact_point SET health = 'unknown', failures = 1
    WHERE health = 'suspect' AND failed_at < :before
    """
)
_LANGUAGE = text("SELECT language FROM customer WHERE customer_id = :customer")
_ADDRESSES = text(
    """
    SELECT c.customer_id, c.channel, c.secret_id, s.key_id, s.ciphertext
    FROM contact_point c JOIN contact_secret s
      ON s.customer_id = c.customer_id AND s.secret_id = c.secret_id
    WHERE c.customer_id = ANY(CAST(:customers AS bigint[]))
    """
)


class SignKind(StrEnum):
    """What an outcome says of the address it was sent to."""

    REACHED = "reached"
    FAILED = "failed"
    DEAD = "dead"


class Sign(NamedTuple):
    """One outcome's word on one address, by reference; `at` is the outcome's instant."""

    customer_id: int
    secret_id: UUID
    kind: SignKind
    at: datetime


SUSPECT_AFTER = 2  # failures in a row
SUSPECT_FOR = timedelta(days=14)  # then it is probed again
DISABLED_AFTER = timedelta(days=5)  # of failure and nothing else: a webhook is switched off


def take_signs(connection: Connection, signs: Sequence[Sign], now: datetime) -> set[int]:
    """Fold outcomes into the health of their addresses; returns the customers who lost one.

    A changed address keeps its own health. Where one address is named twice the last word counts,
    and failures add up. A failure older than the last success says nothing.
    """
    newest: dict[tuple[int, UUID], Sign] = {}
    failures: Counter[tuple[int, UUID]] = Counter()
    for sign in signs:
        key = sign.customer_id, sign.secret_id
        failures[key] = failures[key] + 1 if sign.kind is SignKind.FAILED else 0
        newest[key] = sign
    if not newest:
        return set()
    keys = sorted(newest)
    values = {
        "customers": [customer for customer, _ in keys],
        "secrets": [secret for _, secret in keys],
        "kinds": [newest[key].kind for key in keys],
        "counts": [failures[key] for key in keys],
        "moments": [newest[key].at for key in keys],
        "suspect_after": SUSPECT_AFTER,
        "disabled_after": DISABLED_AFTER,
        "now": now,
    }
    rows = connection.execute(_TAKE_SIGNS, values)
    return {customer for customer, health in rows if health == ContactHealth.DEAD}


def dead_devices(connection: Connection, customers: Iterable[int]) -> dict[int, set[bytes]]:
    """The keyed hashes of devices that are no more."""
    found: dict[int, set[bytes]] = {}
    for customer, device in connection.execute(_DEVICES, {"customers": list(customers)}):
        found.setdefault(customer, set()).add(bytes(device))
    return found


def probe_again(connection: Connection, now: datetime) -> int:
    """Addresses in doubt for long enough are trusted once more; how many."""
    return connection.execute(_PROBE, {"before": now - SUSPECT_FOR}).rowcount


def addresses(
    connection: Connection, customers: Iterable[int]
) -> dict[tuple[int, str], tuple[UUID, str, bytes]]:
    """(customer, channel) → (secret id, key id, ciphertext) of the present addresses."""
    rows = connection.execute(_ADDRESSES, {"customers": list(customers)})
    return {(row[0], row[1]): (row[2], row[3], row[4]) for row in rows}


def language(connection: Connection, customer: int) -> str:
    """The customer's language, as billing says it."""
    return str(connection.execute(_LANGUAGE, {"customer": customer}).scalar() or "")
