"""What switching a channel off means, as the customer is told it, and that they saw it (S1.14)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from reminders.domain.calendar import local_day
from reminders.domain.customer import ChannelName, Customer
from reminders.domain.identity import customer_id
from reminders.ledger import locks, preferences
from reminders.messages.facts import Facts, Kind, Urgency
from reminders.services.preferences.errors import PreferenceError
from reminders.services.resources import Resources

# The words are those of the in-app message of this kind: linted, stamped and versioned with it.
_VERSION = re.compile(rf"[A-Za-z-]{{2,35}}/{Kind.OPTOUT_DISCLOSURE}\.in_app@[0-9a-f]{{1,16}}")
_ANY_CURRENCY = "USD"  # no amount is shown


@dataclass(frozen=True, slots=True)
class Disclosure:
    """The text, and the version that names its words exactly: `en/optout_disclosure.in_app@1`."""

    version: str
    language: str
    text: str


def disclose(
    resources: Resources, customer: Customer, channel: str, remaining: Sequence[str]
) -> Disclosure:
    """What follows from `channel` being off while `remaining` are on. Raises `TemplateError`."""
    today = local_day(resources.clock.now(), customer.time_zone or "UTC")
    facts = Facts(
        kind=Kind.OPTOUT_DISCLOSURE,
        language=customer.language,
        lender=resources.lender,
        bill_id="",
        currency=_ANY_CURRENCY,
        amount_minor=0,
        minimum_minor=0,
        due_on=today,
        today=today,
        urgency=Urgency.NORMAL,
        pay_url="",
        unsubscribe_url="",
        about_channel=channel,
        remaining=tuple(remaining),
    )
    shown = resources.templates.render(ChannelName.IN_APP, facts)
    return Disclosure(shown.template, shown.language, shown.text)


def acknowledge(
    resources: Resources, ref: str, change_no: UUID, version: str, language: str, source: str
) -> bool:
    """Keep that the customer saw the disclosure of one of their changes, once.

    False if that is known already. Raises `PreferenceError` for a change that is not theirs, that
    switched nothing off, or for what is no version of a disclosure.
    """
    if not _VERSION.fullmatch(version) or not version.startswith(f"{language}/"):
        raise PreferenceError("that is no version of a disclosure")
    customer = customer_id(ref)
    now = resources.clock.now()
    with resources.engine.connect() as connection:
        change = preferences.one(connection, customer, change_no)
    if change is None or change.ref != ref or change.allowed:
        raise PreferenceError("there is no such change to acknowledge")
    shown = (version, language)
    return locks.in_transaction(
        resources.engine,
        lambda connection: preferences.keep_disclosure(connection, change, shown, now, source),
    )
