"""Whether a message whose answer never came may go once more under its own key."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from reminders.domain.bill import BillPosition
from reminders.domain.calendar import local_day
from reminders.domain.case import Case
from reminders.domain.channel_choice import still_open
from reminders.domain.customer import Customer
from reminders.domain.kinds import kind_on
from reminders.domain.policy import Policy
from reminders.domain.reminder import Attempt, Reminder
from reminders.domain.tier import Tier
from reminders.domain.usage import Usage


def may_repeat(
    now: datetime,
    reminder: Reminder,
    bill: BillPosition | None,
    customer: Customer,
    policy: Policy,
    tier: Tier,
    history: Sequence[Attempt],
    usage: Usage,
    *,
    down: Mapping[str, str],
) -> bool:
    """True if the newest attempt's channel is open to us now.

    The first copy may never have arrived: the second is asked what a first is asked. `decide` has
    found its bill open and no hold; opt-out, consent, health, incidents and hours are asked here.
    Caps count it already.
    """
    if bill is None or not history:
        return False
    today = local_day(now, customer.time_zone or "UTC")
    kind = kind_on(reminder.kind, bill.terms.due_on, today)
    case = Case(
        now, today, reminder, bill, customer, policy, tier, history, usage, kind, True, down
    )
    return still_open(case, history[-1].channel)
