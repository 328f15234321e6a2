"""What holds for one customer: each channel, what it may carry, and what comes next by it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache

from sqlalchemy import Connection

from reminders.domain.customer import EVERY_KIND, ChannelName, ContactHealth, Customer
from reminders.domain.identity import customer_id
from reminders.domain.kinds import MessageKind
from reminders.domain.policy import Policy
from reminders.domain.tier import Tier
from reminders.ledger import facts, preferences
from reminders.ledger.preferences import Change, Open
from reminders.services.preferences.errors import UnknownCustomer
from reminders.services.resources import Resources

# The kinds that a customer may choose by; what the law orders is not among them.
CHOOSABLE = (
    MessageKind.PRE_DUE,
    MessageKind.DUE_TODAY,
    MessageKind.OVERDUE,
    MessageKind.PAYMENT_RECEIVED,
)
_NOTICES = 5
_HISTORY = 50


@dataclass(frozen=True, slots=True)
class Setting:
    """One channel: where it leads, whether it is on at all, and which kinds it carries."""

    channel: str
    mask: str
    reachable: bool
    on: bool
    kinds: Mapping[str, bool]


@dataclass(frozen=True, slots=True)
class Notice:
    """A reminder that is planned, and by which channel it would go as things stand ("" = none)."""

    bill_id: str
    stage: str
    kind: str
    at: datetime
    channel: str


@dataclass(frozen=True, slots=True)
class Standing:
    """All that a customer chose and may choose. `offsets` and `choices` are days from due."""

    ref: str
    language: str
    time_zone: str
    settings: tuple[Setting, ...]
    offsets: tuple[int, ...]
    choices: tuple[int, ...]
    notices: tuple[Notice, ...]
    changes: tuple[Change, ...]


_EVERYBODYS = frozenset({ChannelName.SMS, ChannelName.EMAIL, ChannelName.IN_APP})


def show(resources: Resources, ref: str) -> Standing:
    """What holds for the customer whom billing calls `ref`. Raises `UnknownCustomer`."""
    with resources.engine.connect() as connection:
        customer = known(resources, connection, ref)
        changes = preferences.of_customer(connection, customer.customer_id, _HISTORY)
        notices = planned(resources, connection, customer)
    return Standing(
        ref=ref,
        language=customer.language,
        time_zone=customer.time_zone,
        settings=tuple(_setting(customer, channel) for channel in _shown(customer)),
        offsets=tuple(sorted(customer.offsets)),
        choices=tuple(sorted(policy_of(resources, customer).choices)),
        notices=notices,
        changes=tuple(changes),
    )


def _shown(customer: Customer) -> list[ChannelName]:
    """The channels to choose from: everybody's, and those that this customer is reached by."""
    asked = {each.channel for each in customer.preferences}
    return [
        channel
        for channel in ChannelName
        if channel in _EVERYBODYS or channel in customer.contacts or channel in asked
    ]


def known(resources: Resources, connection: Connection, ref: str) -> Customer:
    """The customer as the ledger knows them now, with the addresses on channels that the policy
    uses: one that nobody will ever write to is no channel that is left. Raises `UnknownCustomer`.
    """
    number = customer_id(ref)
    found = facts.load(connection, [number], resources.since(resources.clock.now())).get(number)
    if found is None or found.customer.ref != ref:
        raise UnknownCustomer(f"no customer is called {ref}")
    customer = found.customer
    used = _used(policy_of(resources, customer))
    kept = {channel: each for channel, each in customer.contacts.items() if channel in used}
    return replace(customer, contacts=kept)


@lru_cache(maxsize=64)
def _used(policy: Policy) -> frozenset[str]:
    return frozenset(rung.channel for ladder in policy.ladders.values() for rung in ladder)


def policy_of(resources: Resources, customer: Customer) -> Policy:
    """The policy by which a customer chooses: the one for any bill where they live."""
    return resources.book.choose(resources.clock.now(), "", "", customer.jurisdiction)


def open_channels(customer: Customer, kind: str) -> tuple[str, ...]:
    """The channels by which a message of `kind` reaches this customer."""
    return tuple(
        channel.value
        for channel in ChannelName
        if reachable(customer, channel) and not customer.opted_out(channel, kind)
    )


def reachable(customer: Customer, channel: str) -> bool:
    """True if there is an address that is not known to be dead."""
    contact = customer.contacts.get(channel)
    return contact is not None and contact.health is not ContactHealth.DEAD


def planned(resources: Resources, connection: Connection, customer: Customer) -> tuple[Notice, ...]:
    """The next open reminders, each with the channel that it would take as things stand."""
    tier = preferences.tier_of(connection, customer.customer_id)
    ladders = policy_of(resources, customer).ladders
    rungs = [rung.channel for rung in ladders.get(Tier(tier), ())] if tier else []
    ahead = preferences.ahead(connection, customer.customer_id, _NOTICES)
    return tuple(_notice(each, customer, rungs) for each in ahead)


def _notice(ahead: Open, customer: Customer, rungs: Sequence[str]) -> Notice:
    usable = open_channels(customer, ahead.kind)
    order = [channel for channel in rungs if channel in usable] if rungs else list(usable)
    channel = order[0] if order else ""
    return Notice(ahead.bill_id, ahead.stage, ahead.kind, ahead.next_at, channel)


def _setting(customer: Customer, channel: str) -> Setting:
    contact = customer.contacts.get(channel)
    return Setting(
        channel=channel,
        mask=contact.mask if contact else "",
        reachable=reachable(customer, channel),
        on=not customer.opted_out(channel, EVERY_KIND),
        kinds={kind.value: not customer.opted_out(channel, kind) for kind in CHOOSABLE},
    )
