"""Writes the message of a reminder: the facts of its bill today, in the customer's language."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from reminders.domain.bill import BillPosition
from reminders.domain.calendar import local_day
from reminders.domain.customer import ChannelName, ContactHealth, Customer
from reminders.domain.kinds import MessageClass, MessageKind, class_of
from reminders.domain.policy import Policy
from reminders.domain.reminder import Reminder
from reminders.messages.errors import TemplateError
from reminders.messages.facts import MAX_ENDING, NOTICES, Facts, OtherBill, Rendered, kind_for
from reminders.messages.law import NO_LAW, Law
from reminders.services.pack_words import law_for
from reminders.services.resources import Resources

# Where a customer may be named: what they alone read. See `messages.names`.
NAMED = frozenset({ChannelName.EMAIL.value})


def compose(
    resources: Resources,
    channel: str,
    reminder: Reminder,
    customer: Customer,
    bill: BillPosition,
    now: datetime,
    others: Sequence[BillPosition] = (),
    attempt_id: UUID | None = None,
    policy: Policy | None = None,
    called: str = "",
) -> Rendered:
    """The text of `reminder` as the bill stands at `now`. Raises `TemplateError`, also for a
    notice whose words no second person has approved.

    The kind follows today, not the stage: what waited overnight for its hour may have become due.
    `others` are further bills that the message speaks of, `attempt_id` is whose link it carries,
    `policy` is whose packs say what must and must not be in it, `called` the customer's name.
    """
    rendered = draft(
        resources, channel, reminder, customer, bill, now, others, attempt_id, policy, called
    )
    if rendered.kind in NOTICES:
        approvals = resources.approvals
        missing = approvals.missing(rendered) if approvals else f"nobody approves {rendered.kind}"
        if missing:
            raise TemplateError(missing)
    return rendered


def draft(
    resources: Resources,
    channel: str,
    reminder: Reminder,
    customer: Customer,
    bill: BillPosition,
    now: datetime,
    others: Sequence[BillPosition] = (),
    attempt_id: UUID | None = None,
    policy: Policy | None = None,
    called: str = "",
) -> Rendered:
    """The same, to be looked at: approved or not."""
    today = local_day(now, customer.time_zone)
    about, ending = _about(customer, reminder.kind)
    kind = kind_for(reminder.kind, bill.terms.due_on, today)
    law = _law(resources, policy, customer, kind)
    return resources.templates.render(
        channel,
        Facts(
            kind=kind,
            language=customer.language,
            lender=resources.lender,
            bill_id=bill.bill_id,
            currency=bill.terms.currency,
            amount_minor=bill.balance,
            minimum_minor=bill.minimum_left,
            due_on=bill.terms.due_on,
            today=today,
            urgency=reminder.urgency,
            pay_url=_pay_url(resources, bill, attempt_id, now),
            unsubscribe_url=preference_page(resources, channel, customer),
            others=tuple(_other(each) for each in others),
            paid_minor=bill.paid if reminder.kind is MessageKind.PAYMENT_RECEIVED else 0,
            promised_on=max(
                (each.promised_on for each in customer.promises if each.bill_id == bill.bill_id),
                default=None,
            ),
            name=called,
            about_channel=about,
            ending=ending,
            remaining=tuple(
                name for name in sorted(customer.contacts) if not customer.opted_out(name, "*")
            ),
        ),
        brand=resources.brands.get(bill.terms.product, ""),
        law=law,
    )


def _law(resources: Resources, policy: Policy | None, customer: Customer, kind: str) -> Law:
    if policy is None:
        return NO_LAW
    return law_for(policy, customer.jurisdiction, kind, collector=resources.collects_for_others)


def _pay_url(
    resources: Resources, bill: BillPosition, attempt_id: UUID | None, now: datetime
) -> str:
    """Where the bill is paid: by a short link where those are on, which needs an attempt."""
    if resources.pay_links is not None and attempt_id is not None:
        return resources.pay_links.of(attempt_id, now)
    return f"{resources.pay_url}/{bill.bill_id}"


def _other(bill: BillPosition) -> OtherBill:
    return OtherBill(bill.bill_id, bill.terms.currency, bill.balance, bill.terms.due_on)


def _about(customer: Customer, kind: MessageKind) -> tuple[str, str]:
    """The channel that a message is about, and the end of the address there; else nothing."""
    if kind is MessageKind.OPTOUT_DISCLOSURE:
        barred = [each for each in customer.preferences if not each.allowed]
        newest = max(barred, key=lambda each: (str(each.changed_at), each.channel), default=None)
        return (newest.channel if newest is not None else ""), ""
    if kind is MessageKind.CONTACT_UPDATE_REQUEST:
        dead = [each for each in customer.contacts.values() if each.health is ContactHealth.DEAD]
        point = max(dead, key=lambda each: (str(each.died_at), each.channel), default=None)
        if point is None:
            return "", ""
        return point.channel, point.mask[-2:] if len(point.mask) > MAX_ENDING else ""
    return "", ""


def headers(
    resources: Resources, channel: str, customer: Customer, kind: MessageKind
) -> dict[str, str]:
    """What a mail says about itself; other channels have no headers.

    What the law orders cannot be switched off and offers no way to. One click is offered (RFC
    8058) where the page is the customer's own and behind HTTPS.
    """
    if channel != ChannelName.EMAIL or class_of(kind) is MessageClass.MANDATED:
        return {}
    page = preference_page(resources, channel, customer)
    found = {"List-Unsubscribe": f"<{page}>"}
    if resources.preference_links is not None and page.startswith("https://"):
        found["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    return found


def preference_page(resources: Resources, channel: str, customer: Customer) -> str:
    """Where this customer switches channels off: in a mail their own page, signed."""
    if resources.preference_links is None or channel != ChannelName.EMAIL:
        return f"{resources.pay_url}/preferences"
    return resources.preference_links.of(customer.ref)
