"""What the auditor looks for, and one thing found."""

from __future__ import annotations

from dataclasses import dataclass

LOST = "lost"
DUPLICATE = "duplicate_sends"
AFTER_PAYMENT = "sent_after_payment"
CROSSED = "crossed_payment"
OUTSIDE_HOURS = "outside_hours"
OPTED_OUT = "opted_out_sends"
OVER_CAP = "over_cap_sends"
STALE = "stale_contact_sends"
WRONG_AMOUNT = "wrong_amount"
ON_HOLD = "sent_on_hold"
UNACCOUNTED = "unaccounted_reminders"

CHECKS = (
    LOST,
    DUPLICATE,
    AFTER_PAYMENT,
    CROSSED,
    OUTSIDE_HOURS,
    OPTED_OUT,
    OVER_CAP,
    STALE,
    WRONG_AMOUNT,
    ON_HOLD,
    UNACCOUNTED,
)


@dataclass(frozen=True, slots=True)
class Finding:
    """One breach, or one crossing. `at` is business time in ISO 8601."""

    check: str
    customer: str
    bill: str
    stage: str
    detail: str
    at: str
