"""Puts rows, people and happenings together into one portfolio."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from reminders.services.demo.card_rows import (
    FIRST_DAY,
    MONTHS,
    CardRow,
    bill_id,
    due_day,
    moment,
)
from reminders.services.demo.chance import Chance
from reminders.services.demo.happenings import HAPPENINGS
from reminders.services.demo.instalments import instalment_events
from reminders.services.demo.life import Life
from reminders.services.demo.more_channels import Receivers
from reminders.services.demo.people import invent
from reminders.services.demo.portfolio import (
    DemoCustomer,
    Portfolio,
    TimedEvent,
    Totals,
    WrittenEvent,
    cloud_event,
    written,
)
from reminders.services.demo.profile import profile
from reminders.services.demo.statements import own_events, snapshot

_TOLD_AGAIN_SHARE = 0.05
_LAST_VERSION = 3
_PRODUCTS = frozenset({"instalment", "lowered", "cancelled"})


def portfolio_of(
    source: str,
    rows: Sequence[CardRow],
    seed: int,
    currencies: Mapping[str, str] | None = None,
    receivers: Receivers | None = None,
) -> Portfolio:
    """Every row's bills and payments, and a life around each.

    `currencies`: jurisdiction → that of the bills there; without it the rows' own everywhere.
    """
    chance = Chance(seed)
    customers = [
        replace(person, currency=(currencies or {}).get(person.jurisdiction, person.currency))
        for person in invent(rows, chance, receivers)
    ]
    events: list[WrittenEvent] = []
    own: dict[str, Totals] = {}
    extra = Totals()
    for row, person in zip(rows, customers, strict=True):
        theirs, totals, others = life_events(row, person, chance)
        events += map(written, theirs)
        own[person.currency] = own.get(person.currency, Totals()) + totals
        extra += others
    events.sort(key=lambda event: event.at)
    return Portfolio(source, customers, events, sum(own.values(), Totals()), extra, own)


def life_events(
    row: CardRow, person: DemoCustomer, chance: Chance
) -> tuple[list[TimedEvent], Totals, Totals]:
    """All that happens to one person, with the counts of the row's own and of the added bills."""
    life = Life(person, row)
    # Known from the first instant: a bill of somebody unknown could not be told to anyone.
    known_at = moment(FIRST_DAY, 0)
    identity = f"known-{row.client}"
    events = [cloud_event("customer.updated", identity, known_at, profile(person))]
    mine, own = own_events(row, person.currency)
    events += mine
    events += _happenings(life)
    events += _told_again(life, chance)
    extra = Totals()
    for role in _PRODUCTS.intersection(person.roles):
        instalments, totals = instalment_events(person, row.client, role, chance)
        events += instalments
        extra += totals
    return events, own, extra


def _happenings(life: Life) -> Iterable[TimedEvent]:
    for role in life.person.roles:
        happening = HAPPENINGS.get(role)
        if happening is not None:
            yield from happening(life)


def _told_again(life: Life, chance: Chance) -> Iterable[TimedEvent]:
    """Some billing systems send the whole bill again on its due date."""
    if "moved_due" in life.person.roles:
        return
    client = life.row.client
    for index, month in enumerate(MONTHS):
        if life.row.bills[index] > 0 and chance.share("due", client, month) < _TOLD_AGAIN_SHARE:
            data = snapshot(life.row, index, version=_LAST_VERSION, currency=life.person.currency)
            at = moment(due_day(month), client)
            yield cloud_event("bill.due", f"due-{bill_id(client, index)}", at, data)
