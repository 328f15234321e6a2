"""Writes the message of a reminder: the facts of its bill today, in the customer's language."""

from __future__ import annotations

from datetime import datetime

from reminders.domain.bill import BillPosition
from reminders.domain.calendar import local_day
from reminders.domain.customer import ChannelName, Customer
from reminders.domain.reminder import Reminder
from reminders.messages.facts import Facts, Rendered, kind_on
from reminders.services.resources import Resources


def compose(
    resources: Resources,
    channel: str,
    reminder: Reminder,
    customer: Customer,
    bill: BillPosition,
    now: datetime,
) -> Rendered:
    """The text of `reminder` as the bill stands at `now`. Raises `TemplateError`.

    The kind follows today, not the stage: what waited overnight for its hour may have become due.
    """
    today = local_day(now, customer.time_zone)
    return resources.templates.render(
        channel,
        Facts(
            kind=kind_on(bill.terms.due_on, today),
            language=customer.language,
            lender=resources.lender,
            bill_id=bill.bill_id,
            currency=bill.terms.currency,
            amount_minor=bill.balance,
            minimum_minor=bill.minimum_left,
            due_on=bill.terms.due_on,
            today=today,
            urgency=reminder.urgency,
            pay_url=f"{resources.pay_url}/{bill.bill_id}",
            unsubscribe_url=_preferences(resources),
        ),
    )


def headers(resources: Resources, channel: str) -> dict[str, str]:
    """What a mail says about itself; other channels have no headers."""
    if channel != ChannelName.EMAIL:
        return {}
    return {"List-Unsubscribe": f"<{_preferences(resources)}>"}


def _preferences(resources: Resources) -> str:
    return f"{resources.pay_url}/preferences"
