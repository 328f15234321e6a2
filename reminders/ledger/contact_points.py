"""Where customers are reached: the addresses in force, encrypted, and their health."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import Connection, text

# Health follows from a few instants, each the latest or earliest of its sort: outcomes of different
# attempts may come in any order. `greatest` and `least` pass over what is not known.
_TAKE_SIGNS = text(
    """
    UPDATE contact_point c SET
        health = n.after, why = n.why, reached_at = n.reached, bounced_at = n.bounced,
        failed_at = n.failed, failed_before = n.before_that, failing_since = n.since,
        died_at = CASE WHEN n.after <> 'dead' THEN NULL
            WHEN n.before <> 'dead' THEN CAST(:now AS timestamptz) ELSE c.died_at END
    FROM (
        SELECT m.*, CASE
            WHEN m.why = 'complaint' OR m.bounced > coalesce(m.reached, '-infinity') THEN 'dead'
            WHEN m.channel = 'webhook' AND m.failed > coalesce(m.reached, '-infinity')
                AND m.failed - m.since >= CAST(:disabled_after AS interval) THEN 'dead'
            WHEN m.before_that > coalesce(m.reached, '-infinity') THEN 'suspect'
            WHEN m.reached IS NOT NULL THEN 'valid'
            ELSE 'unknown' END AS after
        FROM (
            SELECT o.customer_id, o.channel, o.health AS before,
                CASE WHEN v.barred THEN 'complaint' ELSE o.why END AS why,
                r.reached,
                greatest(o.bounced_at, v.bounced) AS bounced,
                greatest(o.failed_at, v.failed) AS failed,
                CASE WHEN o.failed_at IS NULL OR v.failed IS NULL
                    THEN coalesce(o.failed_before, v.before_that)
                    ELSE greatest(least(o.failed_at, v.failed), o.failed_before, v.before_that)
                    END AS before_that,
                (SELECT min(one) FROM unnest(ARRAY[o.failing_since, v.since, v.before_that,
                    v.failed, o.failed_before, o.failed_at]) AS one
                    WHERE one > coalesce(r.reached, '-infinity')) AS since
            FROM unnest(CAST(:customers AS bigint[]), CAST(:secrets AS uuid[]),
                CAST(:barred AS boolean[]), CAST(:reached AS timestamptz[]),
                CAST(:bounced AS timestamptz[]), CAST(:failed AS timestamptz[]),
                CAST(:before_that AS timestamptz[]), CAST(:since AS timestamptz[]))
                AS v (customer_id, secret_id, barred, reached, bounced, failed, before_that, since)
            JOIN contact_point o ON o.customer_id = v.customer_id AND o.secret_id = v.secret_id
            CROSS JOIN LATERAL (SELECT greatest(o.reached_at, v.reached,
                CASE WHEN o.confirmed_at <= :now THEN o.confirmed_at END) AS reached) r
        ) m
    ) n
    WHERE c.customer_id = n.customer_id AND c.channel = n.channel
    RETURNING c.customer_id, c.channel, c.secret_id, c.mask, n.before, n.after, n.since
    """
)
# An address in force that had stopped to work, and was given once more or is seen in use.
_SEEN = text(
    """
    SELECT c.customer_id, c.secret_id, v.at
    FROM unnest(CAST(:customers AS bigint[]), CAST(:channels AS text[]),
        CAST(:ats AS timestamptz[]), CAST(:hashes AS bytea[]))
        AS v (customer_id, channel, at, address_hash)
    JOIN contact_point c ON c.customer_id = v.customer_id AND c.channel = v.channel
    WHERE c.health IN ('dead', 'suspect') AND (c.address_hash = v.address_hash
        OR v.address_hash IS NULL AND c.confirmed_at = v.at)
    """
)
_IN_DOUBT = text(
    """
    SELECT customer_id FROM contact_point WHERE health = 'suspect' AND failed_at < :before
    ORDER BY failed_at LIMIT :most
    """
)
_PROBE = text(
    """
    UPDATE contact_point SET health = 'unknown', failed_before = NULL
    WHERE customer_id = ANY(CAST(:customers AS bigint[])) AND health = 'suspect'
      AND failed_at < :before
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
NAME = "name"  # beside the channels, where a name is asked for too
_ADDRESSES_AND_NAMES = text(
    """
    SELECT c.customer_id, c.channel, c.secret_id, s.key_id, s.ciphertext
    FROM contact_point c JOIN contact_secret s
      ON s.customer_id = c.customer_id AND s.secret_id = c.secret_id
    WHERE c.customer_id = ANY(CAST(:customers AS bigint[]))
    UNION ALL
    SELECT c.customer_id, CAST(:name AS text), c.name_secret, s.key_id, s.ciphertext
    FROM customer c JOIN contact_secret s
      ON s.customer_id = c.customer_id AND s.secret_id = c.name_secret
    WHERE c.customer_id = ANY(CAST(:customers AS bigint[]))
    """
)
_BY_SECRET = text(
    """
    SELECT s.customer_id, s.secret_id, s.key_id, s.ciphertext
    FROM unnest(CAST(:customers AS bigint[]), CAST(:secrets AS uuid[]))
        AS v (customer_id, secret_id)
    JOIN contact_secret s ON s.customer_id = v.customer_id AND s.secret_id = v.secret_id
    """
)


class SignKind(StrEnum):
    """What an outcome says of the address it was sent to."""

    REACHED = "reached"
    FAILED = "failed"
    DEAD = "dead"
    BARRED = "barred"  # a complaint: whatever arrives there later, no more is wanted


class Sign(NamedTuple):
    """One outcome's word on one address, by reference; `at` is the outcome's instant."""

    customer_id: int
    secret_id: UUID
    kind: SignKind
    at: datetime


SUSPECT_FOR = timedelta(days=14)  # after two failures in a row; then it is probed again
DISABLED_AFTER = timedelta(days=5)  # of failure and nothing else: a webhook is switched off


class Turned(NamedTuple):
    """An address that was lost, or is one again; `failing_since`: it did nothing but fail."""

    customer_id: int
    channel: str
    secret_id: UUID
    mask: str
    dead: bool
    failing_since: datetime | None


class Seen(NamedTuple):
    """An address that was given once more at this instant, or (no hash) seen in use."""

    customer_id: int
    channel: str
    at: datetime
    address_hash: bytes | None


def signs_of(connection: Connection, seen: Sequence[Seen], now: datetime) -> list[Sign]:
    """What these say of addresses that are thought not to work: they are worth another try."""
    if not seen:
        return []
    customers, channels, ats, hashes = map(list, zip(*seen, strict=True))
    values = {"customers": customers, "channels": channels, "ats": ats, "hashes": hashes}
    rows = connection.execute(_SEEN, values)
    return [Sign(customer, secret, SignKind.REACHED, min(at, now)) for customer, secret, at in rows]


def take_signs(connection: Connection, signs: Sequence[Sign], now: datetime) -> list[Turned]:
    """Fold outcomes into the health of their addresses; returns those that were lost, or are
    alive again.

    A changed address keeps its own health. What counts is when each outcome was, not when it is
    heard of: dead if the last word is that, suspect after two failures since it was last reached.
    """
    found: dict[tuple[int, UUID], list[Sign]] = {}
    for sign in signs:
        found.setdefault((sign.customer_id, sign.secret_id), []).append(sign)
    if not found:
        return []
    keys = sorted(found)
    moments = [_moments(found[key]) for key in keys]
    values = {
        "customers": [customer for customer, _ in keys],
        "secrets": [secret for _, secret in keys],
        "barred": [any(each.kind is SignKind.BARRED for each in found[key]) for key in keys],
        "reached": [each.reached for each in moments],
        "bounced": [each.bounced for each in moments],
        "failed": [each.failed for each in moments],
        "before_that": [each.before_that for each in moments],
        "since": [each.since for each in moments],
        "disabled_after": DISABLED_AFTER,
        "now": now,
    }
    rows = connection.execute(_TAKE_SIGNS, values)
    return [
        Turned(customer, channel, secret, mask, after == "dead", since)
        for customer, channel, secret, mask, before, after, since in rows.all()
        if (before == "dead") != (after == "dead")
    ]


class _Moments(NamedTuple):
    """The instants of some outcomes on one address that its health follows from."""

    reached: datetime | None
    bounced: datetime | None
    failed: datetime | None
    before_that: datetime | None
    since: datetime | None


def _moments(signs: Sequence[Sign]) -> _Moments:
    def of(kind: SignKind) -> list[datetime]:
        return sorted(each.at for each in signs if each.kind is kind)

    failed = of(SignKind.FAILED)
    reached = max(of(SignKind.REACHED), default=None)
    return _Moments(
        reached=reached,
        bounced=max(of(SignKind.DEAD), default=None),
        failed=failed[-1] if failed else None,
        before_that=failed[-2] if len(failed) > 1 else None,
        since=next((at for at in failed if reached is None or at > reached), None),
    )


def in_doubt(connection: Connection, now: datetime, most: int) -> set[int]:
    """Customers with an address that has been in doubt for long enough, the longest first."""
    rows = connection.execute(_IN_DOUBT, {"before": now - SUSPECT_FOR, "most": most})
    return {row[0] for row in rows}


def probe_again(connection: Connection, customers: Iterable[int], now: datetime) -> int:
    """These customers' addresses that were in doubt for long enough are trusted for one try more;
    how many."""
    values = {"customers": sorted(set(customers)), "before": now - SUSPECT_FOR}
    return connection.execute(_PROBE, values).rowcount


def addresses(
    connection: Connection, customers: Iterable[int]
) -> dict[tuple[int, str], tuple[UUID, str, bytes]]:
    """(customer, channel) → (secret id, key id, ciphertext) of the present addresses."""
    rows = connection.execute(_ADDRESSES, {"customers": list(customers)})
    return {(row[0], row[1]): (row[2], row[3], row[4]) for row in rows.all()}


def addresses_and_names(
    connection: Connection, customers: Iterable[int]
) -> dict[tuple[int, str], tuple[UUID, str, bytes]]:
    """The same, and under `NAME` what the customer is called, where billing said so."""
    rows = connection.execute(_ADDRESSES_AND_NAMES, {"customers": list(customers), "name": NAME})
    return {(row[0], row[1]): (row[2], row[3], row[4]) for row in rows.all()}


def by_secret(
    connection: Connection, keys: Iterable[tuple[int, UUID]]
) -> dict[tuple[int, UUID | None], tuple[str, bytes]]:
    """(customer, secret id) → (key id, ciphertext) of addresses, present or former ones."""
    wanted = set(keys)
    if not wanted:
        return {}
    customers, secrets = zip(*wanted, strict=True)
    rows = connection.execute(_BY_SECRET, {"customers": list(customers), "secrets": list(secrets)})
    return {(row[0], row[1]): (row[2], row[3]) for row in rows.all()}


def language(connection: Connection, customer: int) -> str:
    """The customer's language, as billing says it."""
    return str(connection.execute(_LANGUAGE, {"customer": customer}).scalar() or "")
