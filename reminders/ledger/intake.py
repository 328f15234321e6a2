"""Writes of intake: event identities, the append-only log, and each fact that an event states.

Every upsert keeps the newest statement by (effective time, event key), so that the order of
arrival leaves no trace.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, text

from reminders.domain.identity import bucket
from reminders.ledger.bulk import Bulk

CUSTOMERS = Bulk(
    "customer",
    {"customer_id": "bigint", "ref": "text", "bucket": "smallint"},
    conflict="DO NOTHING",
)
IDENTITIES = Bulk(
    "event_identity",
    {
        "source": "text",
        "id": "text",
        "content_hash": "bytea",
        "customer_id": "bigint",
        "month": "integer",
    },
    conflict="DO NOTHING",
    returning="source, id",
)
EVENTS = Bulk(
    "billing_event",
    {
        "customer_id": "bigint",
        "month": "integer",
        "event_no": "uuid",
        "source": "text",
        "id": "text",
        "type": "text",
        "occurred_at": "timestamptz",
        "received_at": "timestamptz",
        "trace_id": "text",
        "content_hash": "bytea",
        "body": "bytea",
    },
)
CONTACT_SECRETS = Bulk(
    "contact_secret",
    {"customer_id": "bigint", "secret_id": "uuid", "key_id": "text", "ciphertext": "bytea"},
    conflict="DO NOTHING",
)
_OUTCOMES = ("reached_at", "bounced_at", "failed_at", "failed_before", "failing_since")
CONTACTS = Bulk(
    "contact_point",
    {
        "customer_id": "bigint",
        "channel": "text",
        "mask": "text",
        "address_hash": "bytea",
        "secret_id": "uuid",
        "effective_at": "timestamptz",
        "event_key": "text",
    },
    conflict=(
        "(customer_id, channel) DO UPDATE SET mask = excluded.mask,"
        " address_hash = excluded.address_hash, secret_id = excluded.secret_id,"
        " effective_at = excluded.effective_at, event_key = excluded.event_key,"
        " health = CASE WHEN contact_point.address_hash = excluded.address_hash"
        " THEN contact_point.health ELSE 'unknown' END,"
        " died_at = CASE WHEN contact_point.address_hash = excluded.address_hash"
        " THEN contact_point.died_at END,"
        + ",".join(
            f" {column} = CASE WHEN contact_point.address_hash = excluded.address_hash"
            f" THEN contact_point.{column} END"
            for column in (
                "reached_at",
                "bounced_at",
                "failed_at",
                "failed_before",
                "failing_since",
            )
        )
        + ", why = CASE WHEN contact_point.address_hash = excluded.address_hash"
        " THEN contact_point.why ELSE '' END"
        " WHERE (excluded.effective_at, excluded.event_key)"
        " > (contact_point.effective_at, contact_point.event_key)"
    ),
)
PREFERENCES = Bulk(
    "preference",
    {
        "customer_id": "bigint",
        "channel": "text",
        "kind": "text",
        "origin": "text",
        "allowed": "boolean",
        "actor": "text",
        "source": "text",
        "effective_at": "timestamptz",
        "event_key": "text",
    },
    conflict=(
        "(customer_id, channel, kind, origin) DO UPDATE SET allowed = excluded.allowed,"
        " actor = excluded.actor, source = excluded.source,"
        " effective_at = excluded.effective_at, event_key = excluded.event_key"
        " WHERE (excluded.effective_at, excluded.event_key)"
        " > (preference.effective_at, preference.event_key)"
    ),
)
HOLDS_PLACED = Bulk(
    "hold",
    {
        "customer_id": "bigint",
        "hold_id": "text",
        "kind": "text",
        "bill_id": "text",
        "from_at": "timestamptz",
        "until_at": "timestamptz",
        "effective_at": "timestamptz",
        "event_key": "text",
    },
    conflict=(
        "(customer_id, hold_id) DO UPDATE SET kind = excluded.kind, bill_id = excluded.bill_id,"
        " from_at = excluded.from_at, until_at = excluded.until_at,"
        " effective_at = excluded.effective_at, event_key = excluded.event_key"
        " WHERE hold.effective_at IS NULL OR (excluded.effective_at, excluded.event_key)"
        " > (hold.effective_at, hold.event_key)"
    ),
)
HOLDS_LIFTED = Bulk(
    "hold",
    {"customer_id": "bigint", "hold_id": "text", "lifted_at": "timestamptz"},
    conflict=(
        "(customer_id, hold_id) DO UPDATE SET lifted_at = least(hold.lifted_at, excluded.lifted_at)"
    ),
)
BILL_VERSIONS = Bulk(
    "bill_version",
    {
        "customer_id": "bigint",
        "bill_id": "text",
        "version": "integer",
        "event_key": "text",
        "effective_at": "timestamptz",
        "cancelled": "boolean",
        "currency": "text",
        "amount_due": "bigint",
        "minimum_due": "bigint",
        "due_on": "date",
        "product": "text",
        "revolving": "boolean",
        "supersedes": "text",
        "issued_at": "timestamptz",
        "trace_id": "text",
    },
    conflict="DO NOTHING",
)
PAYMENTS = Bulk(
    "payment",
    {
        "customer_id": "bigint",
        "payment_id": "text",
        "bill_id": "text",
        "amount": "bigint",
        "currency": "text",
        "paid_at": "timestamptz",
        "received_key": "text",
    },
    conflict=(
        "(customer_id, payment_id) DO UPDATE SET bill_id = excluded.bill_id,"
        " amount = excluded.amount, currency = excluded.currency, paid_at = excluded.paid_at,"
        " received_key = excluded.received_key"
        " WHERE payment.received_key IS NULL OR excluded.received_key > payment.received_key"
    ),
)
REVERSALS = Bulk(
    "payment",
    {"customer_id": "bigint", "payment_id": "text", "reversed_at": "timestamptz"},
    conflict=(
        "(customer_id, payment_id) DO UPDATE"
        " SET reversed_at = least(payment.reversed_at, excluded.reversed_at)"
    ),
)
FAILURES = Bulk(
    "payment",
    {"customer_id": "bigint", "payment_id": "text", "failed_at": "timestamptz"},
    conflict=(
        "(customer_id, payment_id) DO UPDATE"
        " SET failed_at = greatest(payment.failed_at, excluded.failed_at)"
    ),
)

_PROFILE = text(
    """
    UPDATE customer c SET language = v.language, time_zone = v.time_zone,
        jurisdiction = v.jurisdiction, other_zones = CAST(v.others AS text[]),
        name_secret = v.name_secret, profile_at = v.at, profile_event = v.event_key
    FROM unnest(CAST(:ids AS bigint[]), CAST(:languages AS text[]), CAST(:zones AS text[]),
        CAST(:jurisdictions AS text[]), CAST(:others AS text[]), CAST(:names AS uuid[]),
        CAST(:ats AS timestamptz[]), CAST(:keys AS text[]))
        AS v (customer_id, language, time_zone, jurisdiction, others, name_secret, at, event_key)
    WHERE c.customer_id = v.customer_id AND (c.profile_at IS NULL
        OR (v.at, v.event_key) > (c.profile_at, c.profile_event))
    """
)
_CHANGED = text(
    "UPDATE customer SET changed_at = :now WHERE customer_id = ANY(CAST(:ids AS bigint[]))"
)
_REFS = text(
    "SELECT customer_id, ref FROM customer WHERE customer_id = ANY(CAST(:ids AS bigint[]))"
)
_HASHES = text(
    "SELECT i.source, i.id, i.content_hash FROM event_identity i"
    " JOIN unnest(CAST(:sources AS text[]), CAST(:ids AS text[])) AS v (source, id)"
    " ON i.source = v.source AND i.id = v.id"
)

# Customer, language, zone, jurisdiction, other zones (an array's literal), the secret that keeps
# the name, effective at, event key.
ProfileRow = tuple[int, str, str, str, str, UUID | None, datetime, str]


def add_customers(connection: Connection, refs: Mapping[int, str]) -> None:
    """Make sure that these customers exist, in the order in which locks are taken."""
    CUSTOMERS.insert(
        connection, [(number, refs[number], bucket(number)) for number in sorted(refs)]
    )


def refs_of(connection: Connection, customers: Collection[int]) -> dict[int, str]:
    """The billing system's references of these customers."""
    rows = connection.execute(_REFS, {"ids": list(customers)})
    return {row[0]: row[1] for row in rows.all()}


def hashes_of(
    connection: Connection, identities: Iterable[tuple[str, str]]
) -> dict[tuple[str, str], bytes]:
    """The content hashes under which these identities are known."""
    pairs = list(identities)
    if not pairs:
        return {}
    rows = connection.execute(
        _HASHES, {"sources": [pair[0] for pair in pairs], "ids": [pair[1] for pair in pairs]}
    )
    return {(source, event_id): bytes(digest) for source, event_id, digest in rows}


def set_profiles(connection: Connection, rows: Iterable[ProfileRow]) -> None:
    """Take over newer profiles: one row per customer."""
    listed = list(rows)
    if not listed:
        return
    ids, languages, zones, jurisdictions, others, names, ats, keys = zip(*listed, strict=True)
    connection.execute(
        _PROFILE,
        {
            "ids": list(ids),
            "languages": list(languages),
            "zones": list(zones),
            "jurisdictions": list(jurisdictions),
            "others": list(others),
            "names": list(names),
            "ats": list(ats),
            "keys": list(keys),
        },
    )


def mark_changed(connection: Connection, customers: Iterable[int], now: datetime) -> None:
    """Leave these (locked) customers for the next evaluation."""
    connection.execute(_CHANGED, {"ids": list(customers), "now": now})
