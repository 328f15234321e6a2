"""No live contact point before a bill is due: a person is asked, once for each bill."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

import structlog
from sqlalchemy import Connection

from reminders.domain.calendar import local_day
from reminders.domain.customer import ChannelName, ContactHealth, Customer
from reminders.domain.human_task import Task, TaskKind, TaskState
from reminders.domain.kinds import DATED
from reminders.domain.policy import Policy
from reminders.ledger import facts, locks, tasks, unreachable
from reminders.ledger.facts import Facts
from reminders.ledger.unreachable import Candidate
from reminders.services.resources import Resources
from reminders.services.tasks.acts import expire

log = structlog.get_logger(__name__)
WITHIN = timedelta(days=7)  # before its due date a bill is looked at; overdue ones always are
DONE_WITHIN = timedelta(days=1)  # for the person who takes it
_BATCH = 500
_AGAIN = "a contact point works again"


def find(resources: Resources, within: timedelta = WITHIN) -> int:
    """Make a task for each bill that nobody can be told of; how many were made.

    Tasks of customers who have given a way to reach them meanwhile end by themselves.
    """
    now = resources.clock.now()
    _end(resources, now)
    with resources.engine.connect() as connection:
        labels = unreachable.labels(connection)
    channels = {label: channels_of(resources.book.get(label)) for label in labels}
    made = 0
    last: Candidate | None = None
    while True:
        with resources.engine.connect() as connection:
            page = unreachable.candidates(connection, channels, now + within, _BATCH, last)
        made += _make(resources, page, now, within)
        if len(page) < _BATCH:
            break
        last = page[-1]
    if made:
        log.warning("customers whom nothing reaches", bills=made)
    return made


def listed(resources: Resources, most: int = 200) -> list[Task]:
    """The tasks that were made and are still to do, what is due first at the head."""
    with resources.engine.connect() as connection:
        return tasks.pending(connection, most, TaskKind.UNREACHABLE)


def channels_of(policy: Policy) -> frozenset[str]:
    """The channels of a policy's ladders that need a contact point."""
    rungs = (rung for ladder in policy.ladders.values() for rung in ladder)
    return frozenset(rung.channel for rung in rungs) - {ChannelName.HUMAN_TASK.value}


def reachable(customer: Customer, channels: Iterable[str]) -> bool:
    """True if one of these channels has an address that lives, and may say of a bill that it is
    to be paid soon, today or since when."""
    points = (customer.contacts.get(channel) for channel in channels)
    return any(
        point is not None
        and point.health is not ContactHealth.DEAD
        and any(not customer.opted_out(point.channel, kind) for kind in DATED)
        for point in points
    )


def _make(
    resources: Resources, found: Sequence[Candidate], now: datetime, within: timedelta
) -> int:
    def work(connection: Connection) -> int:
        # Locked first: a contact point or a payment that is fenced before is seen.
        locked = locks.lock(connection, {each.customer_id for each in found})
        known = facts.load(connection, locked, resources.since(now))
        wanted = {
            (each.customer_id, each.bill_id)
            for each in found
            if (customer := known.get(each.customer_id)) is not None
            and _wanted(customer, each.bill_id, now, within)
            and not _reached(resources, customer, each.bill_id, now)
        }
        for customer_id, bill_id in sorted(wanted):
            tasks.make(
                connection,
                TaskKind.UNREACHABLE,
                customer_id,
                bill_id,
                now + DONE_WITHIN,
                now,
                bill_id,
            )
        return len(wanted)

    return locks.in_transaction(resources.engine, work)


def _wanted(known: Facts, bill_id: str, now: datetime, within: timedelta) -> bool:
    """The bill is soon due or overdue, still unpaid, and nothing forbids to speak of it."""
    bill, customer = known.bills.get(bill_id), known.customer
    if bill is None or bill.settled or bill.closed or customer.hold_on(bill_id, now):
        return False
    return bill.terms.due_on <= local_day(now + within, customer.time_zone or "UTC")


def _reached(resources: Resources, known: Facts, bill_id: str, now: datetime) -> bool:
    """Whether the policy that rules this bill now reaches its customer."""
    bill, customer = known.bills.get(bill_id), known.customer
    if bill is None:
        return False
    terms = bill.terms
    policy = resources.book.choose(now, terms.product, terms.currency, customer.jurisdiction)
    return reachable(customer, channels_of(policy))


def _end(resources: Resources, now: datetime) -> None:
    """End open tasks of customers who can be reached again. What a person has taken is theirs."""
    last: Task | None = None
    while True:
        with resources.engine.connect() as connection:
            page = tasks.pending(connection, _BATCH, TaskKind.UNREACHABLE, past=last)
            waiting = [task for task in page if task.state is TaskState.OPEN]
            ids = {task.customer_id for task in waiting}
            known = facts.load(connection, ids, resources.since(now)) if ids else {}
        for task in waiting:
            found = known.get(task.customer_id)
            if found is not None and _reached(resources, found, task.bill_id, now):
                _end_one(resources, task)
        if len(page) < _BATCH:
            return
        last = page[-1]


def _end_one(resources: Resources, task: Task) -> None:
    locks.in_transaction(
        resources.engine, lambda connection: expire(resources, connection, task, _AGAIN)
    )
