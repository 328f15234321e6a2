"""Writes of what others observed and of what customers chose, beside the facts of `intake`."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime

from sqlalchemy import Connection, text

from reminders.ledger.bulk import Bulk

_NEWER = "WHERE (excluded.effective_at, excluded.event_key) > ({0}.effective_at, {0}.event_key)"

RISK_INPUTS = Bulk(
    "risk_input",
    {
        "customer_id": "bigint",
        "name": "text",
        "observed_at": "timestamptz",
        "value": "double precision",
        "source": "text",
        "effective_at": "timestamptz",
        "event_key": "text",
    },
    conflict=(
        "(customer_id, name, observed_at) DO UPDATE SET value = excluded.value,"
        " source = excluded.source, effective_at = excluded.effective_at,"
        f" event_key = excluded.event_key {_NEWER.format('risk_input')}"
    ),
)
PROMISES = Bulk(
    "promise",
    {
        "customer_id": "bigint",
        "promise_id": "text",
        "bill_id": "text",
        "amount": "bigint",
        "currency": "text",
        "promised_on": "date",
        "made_at": "timestamptz",
        "effective_at": "timestamptz",
        "event_key": "text",
    },
    conflict=(
        "(customer_id, promise_id) DO UPDATE SET bill_id = excluded.bill_id,"
        " amount = excluded.amount, currency = excluded.currency,"
        " promised_on = excluded.promised_on, made_at = excluded.made_at,"
        " effective_at = excluded.effective_at, event_key = excluded.event_key"
        f" {_NEWER.format('promise')}"
    ),
)
OUTSIDE_CONTACTS = Bulk(
    "outside_contact",
    {
        "customer_id": "bigint",
        "contact_id": "text",
        "channel": "text",
        "class": "text",
        "bill_id": "text",
        "connected": "boolean",
        "conversation": "boolean",
        "excluded": "text[]",
        "at": "timestamptz",
        "effective_at": "timestamptz",
        "event_key": "text",
    },
    conflict=(
        "(customer_id, contact_id) DO UPDATE SET channel = excluded.channel,"
        " class = excluded.class, bill_id = excluded.bill_id, connected = excluded.connected,"
        " conversation = excluded.conversation, excluded = excluded.excluded,"
        " at = excluded.at, effective_at = excluded.effective_at,"
        f" event_key = excluded.event_key {_NEWER.format('outside_contact')}"
    ),
)
CONTACT_STATEMENTS = Bulk(
    "contact_statement",
    {
        "customer_id": "bigint",
        "channel": "text",
        "effective_at": "timestamptz",
        "event_key": "text",
        "address_hash": "bytea",
    },
    conflict="DO NOTHING",
)
CONFIRMATIONS = Bulk(
    "contact_confirmation",
    {"customer_id": "bigint", "channel": "text", "confirmed_at": "timestamptz"},
    conflict="DO NOTHING",
)
PREFERENCE_CHANGES = Bulk(
    "preference_change",
    {
        "customer_id": "bigint",
        "change_no": "uuid",
        "channel": "text",
        "kind": "text",
        "allowed": "boolean",
        "actor": "text",
        "source": "text",
        "effective_at": "timestamptz",
        "received_at": "timestamptz",
        "event_key": "text",
        "held_for": "text",
    },
    conflict="DO NOTHING",
)

_OFFSETS = text(
    """
    UPDATE customer c SET offsets = CAST(v.offsets AS integer[]),
        offsets_at = v.at, offsets_event = v.event_key
    FROM unnest(CAST(:ids AS bigint[]), CAST(:offsets AS text[]), CAST(:ats AS timestamptz[]),
        CAST(:keys AS text[])) AS v (customer_id, offsets, at, event_key)
    WHERE c.customer_id = v.customer_id AND (c.offsets_at IS NULL
        OR (v.at, v.event_key) > (c.offsets_at, c.offsets_event))
    """
)
# A confirmation is of the address that was in force at its instant; whether that is the present
# one does not depend on which of them was heard of first.
_CONFIRMED = text(
    """
    UPDATE contact_point p SET confirmed_at = n.at
    FROM (
        SELECT c.customer_id, c.channel, max(CASE WHEN o.address_hash = (
            SELECT s.address_hash FROM contact_statement s
            WHERE s.customer_id = c.customer_id AND s.channel = c.channel
                AND s.effective_at <= c.confirmed_at
            ORDER BY s.effective_at DESC, s.event_key DESC LIMIT 1
        ) THEN c.confirmed_at END) AS at
        FROM contact_confirmation c
        JOIN contact_point o ON o.customer_id = c.customer_id AND o.channel = c.channel
        WHERE c.customer_id = ANY(CAST(:ids AS bigint[]))
        GROUP BY c.customer_id, c.channel
    ) n
    WHERE p.customer_id = n.customer_id AND p.channel = n.channel
        AND p.confirmed_at IS DISTINCT FROM n.at
    """
)
# A change that waits for a person is no version yet; one that a person let through is.
_NUMBERED = text(
    """
    UPDATE preference p SET version = n.changes
    FROM (
        SELECT c.customer_id, c.channel, c.kind, count(*) AS changes
        FROM preference_change c
        LEFT JOIN preference_verdict v
            ON v.customer_id = c.customer_id AND v.change_no = c.change_no AND v.approved
        WHERE c.customer_id = ANY(CAST(:ids AS bigint[]))
            AND (c.held_for = '' OR v.change_no IS NOT NULL)
        GROUP BY c.customer_id, c.channel, c.kind
    ) n
    WHERE p.customer_id = n.customer_id AND p.channel = n.channel AND p.kind = n.kind
        AND p.origin = 'preference' AND p.version <> n.changes
    """
)

# Customer, offsets (an array's literal), effective at, event key.
OffsetsRow = tuple[int, str, datetime, str]


def set_offsets(connection: Connection, rows: Iterable[OffsetsRow]) -> None:
    """Take over newer choices of days: one row per customer."""
    listed = list(rows)
    if not listed:
        return
    ids, offsets, ats, keys = map(list, zip(*listed, strict=True))
    connection.execute(_OFFSETS, {"ids": ids, "offsets": offsets, "ats": ats, "keys": keys})


def confirm_points(connection: Connection, customers: Collection[int]) -> None:
    """Set when each present address of these (locked) customers was last seen in use."""
    if customers:
        connection.execute(_CONFIRMED, {"ids": sorted(customers)})


def number_preferences(connection: Connection, customers: Collection[int]) -> None:
    """Count the changes behind each choice of these (locked) customers: its version."""
    if customers:
        connection.execute(_NUMBERED, {"ids": sorted(customers)})
