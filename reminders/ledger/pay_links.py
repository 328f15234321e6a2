"""The bill that an attempt was about."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import Connection, text

from reminders.domain.identity import customer_in, month_in

_BILL = text(
    """
    SELECT r.bill_id FROM attempt a
    JOIN reminder r ON r.customer_id = a.customer_id AND r.month = a.month
      AND r.reminder_id = a.reminder_id
    WHERE a.customer_id = :customer AND a.month = :month AND a.attempt_id = :attempt
    """
)


def bill_of(connection: Connection, attempt_id: UUID) -> str:
    """The bill, as billing calls it; "" where there is no such attempt."""
    try:
        month = month_in(attempt_id)
    except ValueError:
        return ""
    keys = {"customer": customer_in(attempt_id), "month": month, "attempt": attempt_id}
    return str(connection.execute(_BILL, keys).scalar() or "")
