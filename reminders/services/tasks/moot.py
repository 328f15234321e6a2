"""Whether a task may be worked on now: what was paid meanwhile, or put on hold, is no task."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlalchemy import Connection

from reminders.domain.customer import ChannelName, ContactHealth
from reminders.domain.human_task import Task, TaskKind, TaskState
from reminders.domain.kinds import MessageClass, MessageKind, class_of
from reminders.ledger import facts, locks
from reminders.ledger import tasks as tasks_kept
from reminders.services.resources import Resources

# Those that end with their bill. A reply is answered and an incident dealt with in any case.
_TO_TELL = frozenset({TaskKind.REMINDER, TaskKind.MESSAGE_REFUSED})  # the customer, by a person
_ABOUT_A_BILL = _TO_TELL | {TaskKind.UNREACHABLE}


def over(resources: Resources, connection: Connection, tasks: Sequence[Task]) -> dict[UUID, str]:
    """The tasks of which nothing is left to do, and why: the bill is paid, cancelled, replaced, a
    later stage has a task of its own, the customer wants no calls by people, or the webhook that
    was switched off is back."""
    about = [task for task in tasks if task.bill_id and task.kind in _ABOUT_A_BILL]
    webhooks = [task for task in tasks if task.kind is TaskKind.WEBHOOK_OFF]
    since = resources.since(resources.clock.now())
    concerned = {task.customer_id for task in (*about, *webhooks)}
    known = facts.load(connection, concerned, since)
    # A later stage speaks of the bill as it is now, and one call is enough. Whoever has taken the
    # earlier one may be on the telephone.
    open_ = [task for task in about if task.state is TaskState.OPEN and task.reminder_id]
    later = tasks_kept.replaced(connection, open_) if open_ else ()
    found = dict.fromkeys(later, "a later task is about the same bill")
    found |= _unwanted(connection, about, known)
    for task in webhooks:
        customer = known.get(task.customer_id)
        point = customer.customer.contacts.get(ChannelName.WEBHOOK) if customer else None
        if point is not None and point.health is not ContactHealth.DEAD:
            found[task.task_id] = "the webhook is on again"
    for task in about:
        customer = known.get(task.customer_id)
        bill = customer.bills.get(task.bill_id) if customer is not None else None
        if bill is not None and (bill.settled or bill.closed):
            found[task.task_id] = _why(settled=bill.settled, cancelled=bill.cancelled)
    return found


def _unwanted(
    connection: Connection, tasks: Sequence[Task], known: Mapping[int, facts.Facts]
) -> dict[UUID, str]:
    """Those that a customer has switched off: what is queued for a person is not yet said. A
    mandated notice (`MessageClass`) is given whatever they want."""
    off = [
        task
        for task in tasks
        if task.reminder_id is not None and _switched_off(known.get(task.customer_id))
    ]
    kinds = tasks_kept.kinds_of(connection, off) if off else {}
    found = {}
    for task in off:
        kind = kinds.get(task.reminder_id) if task.reminder_id is not None else None
        customer = known[task.customer_id].customer
        if kind is None or class_of(MessageKind(kind)) is MessageClass.MANDATED:
            continue
        if customer.opted_out(ChannelName.HUMAN_TASK, kind):
            found[task.task_id] = "the customer wants no calls by people"
    return found


def _switched_off(known: facts.Facts | None) -> bool:
    return known is not None and any(
        each.channel == ChannelName.HUMAN_TASK and not each.allowed
        for each in known.customer.preferences
    )


def _why(*, settled: bool, cancelled: bool) -> str:
    if settled:
        return "the bill is paid"
    return "the bill was cancelled" if cancelled else "a newer bill has taken its place"


def held(resources: Resources, connection: Connection, task: Task) -> str:
    """Why the customer must not be spoken to of this now; "" where nothing stands against it.

    The customer's lock is taken first, as by whatever sends: a payment that is fenced before is
    seen, one that comes after waits until the task is taken.
    """
    locks.lock(connection, [task.customer_id])
    gone = over(resources, connection, [task]).get(task.task_id)
    if gone or task.kind not in _TO_TELL:
        return gone or ""
    now = resources.clock.now()
    known = facts.load(connection, [task.customer_id], resources.since(now)).get(task.customer_id)
    hold = known.customer.hold_on(task.bill_id, now) if known is not None else None
    if hold is None:
        return ""
    until = f" until {hold.until_at:%Y-%m-%d %H:%M} UTC" if hold.until_at else ""
    return f"the customer is on hold ({hold.kind}){until}"
