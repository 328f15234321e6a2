"""The tier of a customer, folded anew from everything that is known."""

from __future__ import annotations

from datetime import datetime

from reminders.domain.calendar import local_day
from reminders.domain.policy import Policy
from reminders.domain.risk import Assessment, assess
from reminders.ledger.facts import Facts


def judge(known: Facts, policy: Policy, now: datetime) -> Assessment:
    """The tier of a customer at `now`, folded anew from the facts."""
    customer = known.customer
    zone = customer.time_zone or "UTC"
    return assess(
        known.bills.values(),
        [local_day(at, zone) for at in known.failed_at],
        policy.risk,
        local_day(now, zone),
        zone,
        customer.risk_inputs,
        customer.promises,
        now,
    )
