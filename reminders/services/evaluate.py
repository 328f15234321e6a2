"""Evaluates customers whose facts changed: plans what is ahead, ends what is over."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import datetime

import structlog
from sqlalchemy import Connection

from reminders.domain.bill import BillPosition
from reminders.domain.customer import Customer
from reminders.domain.decide import closing
from reminders.domain.decision import Reason
from reminders.domain.errors import DomainError
from reminders.domain.identity import bucket
from reminders.domain.planning import plan
from reminders.domain.policy import EventRule, Policy, Trigger
from reminders.domain.reminder import Reminder, ReminderState
from reminders.domain.signals import Signal
from reminders.domain.tier import Tier
from reminders.domain.upcoming import ahead, heard_of
from reminders.ledger import evaluation, facts, locks, reminders
from reminders.ledger.errors import LedgerError
from reminders.ledger.facts import Facts
from reminders.ledger.intake import mark_changed
from reminders.ledger.reminders import Kept, Move
from reminders.services.judging import judge
from reminders.services.resources import Resources

log = structlog.get_logger(__name__)
# What one customer's facts, policy or key may raise. Not `Exception`: that a task's time is up, or
# that the database is away, is no fault of the customer.
UNDECIDABLE = (DomainError, LedgerError, ArithmeticError, LookupError, TypeError, ValueError)


def evaluate(resources: Resources) -> int:
    """Evaluate changed customers, a batch per transaction; returns how many were evaluated.

    Customers that someone else holds are left to the next run. After `limits.run_for` the rest is
    left to another task, so that none runs for long.
    """
    done = 0
    stop_at = time.monotonic() + resources.limits.run_for.total_seconds()
    while time.monotonic() < stop_at:
        size, lanes = locks.in_transaction(
            resources.engine, lambda connection: _batch(resources, connection)
        )
        for lane in sorted(lanes):
            resources.wake.deliver(lane)
        done += size
        if size < resources.limits.batch:
            return done
    resources.wake.evaluate()
    return done


def _batch(resources: Resources, connection: Connection) -> tuple[int, set[str]]:
    now = resources.clock.now()
    customers = evaluation.take_changed(connection, resources.limits.batch)
    if not customers:
        return 0, set()
    known = facts.load(connection, customers, resources.since(now))
    kept: dict[int, list[Kept]] = {}
    for held in reminders.open_of(connection, customers):
        kept.setdefault(held.reminder.customer_id, []).append(held)
    rows: list[tuple[object, ...]] = []
    moves: list[Move] = []
    tiers: list[tuple[int, Tier]] = []
    lanes: set[str] = set()
    odd: list[int] = []
    for customer in customers:
        each = known[customer]
        try:
            tier = judge(each, resources.book.active, now).tier
            ended, opened = _open_reminders(each, kept.get(customer, []), now)
            ended += _without_cause(resources, each, kept.get(customer, []), now)
            planned = _planned(resources, each, tier, opened, now)
        except UNDECIDABLE:  # whatever is wrong with one, the others must be evaluated
            log.exception("customer put off", customer=customer)
            odd.append(customer)
            continue
        tiers.append((customer, tier))
        _tell_flags(planned, kept.get(customer, ()))
        moves.extend(ended)
        rows.extend(planned)
        lanes.update(move.lane for move in ended if move.next_at <= now)
        lanes.update(str(row[14]) for row in planned if row[15] <= now)  # type: ignore[operator]
    reminders.PLAN.insert(connection, rows)
    reminders.move_all(connection, moves)
    evaluation.set_tiers(connection, tiers)
    mark_changed(connection, odd, now)
    log.info("customers evaluated", customers=len(customers), planned=len(rows), moved=len(moves))
    return len(customers), lanes


def _tell_flags(planned: Sequence[tuple[object, ...]], kept: Sequence[Kept]) -> None:
    """Say when the bill arrives which of its stages no allowed hour can hold."""
    known = {each.reminder.reminder_id for each in kept}
    for row in planned:
        if row[16] and row[2] not in known:
            log.warning("stage cannot be placed", bill=row[4], stage=row[5], why=row[16])


def _open_reminders(
    known: Facts, kept: list[Kept], now: datetime
) -> tuple[list[Move], dict[tuple[str, int], str]]:
    """Moves for what is over or freed from a hold; and (bill, epoch) → policy of what goes on."""
    moves = []
    policies = {}
    for each in kept:
        reminder = each.reminder
        bill = known.bills.get(reminder.bill_id)
        reason = Reason.BILL_CANCELLED if bill is None else closing(bill, reminder)
        if reason is not None:
            state = ReminderState.CANCELLED
            if reason is Reason.MINIMUM_MET:
                state = ReminderState.SUPPRESSED
            moves.append(Move(each, state, reason, each.next_at, each.lane))
            continue
        policies[reminder.bill_id, reminder.epoch] = each.policy
        if each.reason == Reason.HOLD and each.next_at > now:
            moves.append(Move(each, each.state, "", max(now, reminder.due_at), each.lane))
    return moves, policies


def _without_cause(
    resources: Resources, known: Facts, kept: Sequence[Kept], now: datetime
) -> list[Move]:
    """Moves for answers, not begun, to what is no longer so: a warning that was taken back, a
    promise that was kept. They are put off to their end, and due again if it comes back."""
    heard: tuple[Signal, ...] | None = None
    moves = []
    for each in kept:
        bill, policy = known.bills.get(each.reminder.bill_id), resources.book.get(each.policy)
        rule = policy.event_rule(each.reminder.stage)
        if bill is None or rule is None or not _may_end(each, rule, bill):
            continue
        heard = _heard(known, now) if heard is None else heard
        planned = plan(bill, known.customer, policy, signals=heard)
        due = [one.due_at for one in planned if one.reminder_id == each.reminder.reminder_id]
        if due and each.reason == Reason.CONDITION:
            moves.append(Move(each, each.state, "", max(now, *due), each.lane))
        elif not due and each.reason != Reason.CONDITION:
            ends_at = each.reminder.expires_at
            moves.append(Move(each, each.state, Reason.CONDITION, ends_at, each.lane))
    return moves


def _may_end(kept: Kept, rule: EventRule, bill: BillPosition) -> bool:
    """Thanks are for a payment that was made, whatever became of its bill since."""
    open_yet = kept.state is ReminderState.PLANNED and closing(bill, kept.reminder) is None
    return open_yet and rule.on is not Trigger.PAYMENT


def _planned(
    resources: Resources,
    known: Facts,
    tier: Tier,
    policies: dict[tuple[str, int], str],
    now: datetime,
) -> list[tuple[object, ...]]:
    rows: list[tuple[object, ...]] = []
    customer = known.customer
    heard: tuple[Signal, ...] | None = None  # of no use where no policy answers events
    for bill in known.bills.values():
        if bill.cancelled:
            continue
        label = policies.get((bill.bill_id, bill.epoch))
        policy = resources.book.get(label) if label else _choice(resources, bill, customer, now)
        if (bill.closed or bill.settled) and not policy.events:
            continue
        if policy.events and heard is None:
            heard = _heard(known, now)
        trace = known.traces.get(bill.bill_id, "")
        lane = policy.ladders[tier][0].channel
        for reminder in ahead(bill, customer, policy, now, heard or ()):
            # Over before it was planned, by a minimum that is met: as for a bill that is settled.
            if closing(bill, reminder) is None:
                rows.append(_row(reminder, policy, trace, lane))
    return rows


def _choice(resources: Resources, bill: BillPosition, customer: Customer, now: datetime) -> Policy:
    terms = bill.terms
    return resources.book.choose(now, terms.product, terms.currency, customer.jurisdiction)


def _heard(known: Facts, now: datetime) -> tuple[Signal, ...]:
    return heard_of(known.bills.values(), known.customer, now)


def _row(reminder: Reminder, policy: Policy, trace: str, lane: str) -> tuple[object, ...]:
    return (
        reminder.customer_id,
        reminder.month,
        reminder.reminder_id,
        bucket(reminder.customer_id),
        reminder.bill_id,
        reminder.stage,
        reminder.epoch,
        reminder.kind,
        reminder.urgency,
        policy.label,
        trace,
        reminder.due_at,
        reminder.expires_at,
        ReminderState.PLANNED,
        lane,
        reminder.due_at,
        reminder.flag,
    )
