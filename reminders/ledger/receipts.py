"""Receipts as they were heard: append-only, each statement once however often it comes."""

from __future__ import annotations

from reminders.ledger.bulk import Bulk

RECEIPTS = Bulk(
    "receipt",
    {
        "customer_id": "bigint",
        "month": "integer",
        "attempt_id": "uuid",
        "receipt_no": "uuid",
        "provider": "text",
        "status": "text",
        "reason": "text",
        "at": "timestamptz",
        "received_at": "timestamptz",
        "late": "boolean",
    },
    conflict="DO NOTHING",
)
