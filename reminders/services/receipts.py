"""Receipts in: parsed by their provider, applied in bulk, the same end state in any order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from uuid import UUID

import structlog
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from reminders.domain.customer import ContactHealth
from reminders.domain.identity import NOBODY, customer_in, make_id, month_of
from reminders.domain.outcome import AttemptState, Receipt, ReceiptStatus, merge
from reminders.domain.reminder import OPEN, ReminderState
from reminders.ledger import attempts, contact_points, dead_letters, locks, reminders
from reminders.ledger.attempts import Change, KeptAttempt
from reminders.ledger.dead_letters import DeadLetter, Fault, Origin
from reminders.ledger.intake import mark_changed
from reminders.ledger.receipts import RECEIPTS
from reminders.ledger.reminders import Kept, Move
from reminders.services.callbacks import Callback, Heard, read_callback
from reminders.services.record import wake_up
from reminders.services.resources import Resources

log = structlog.get_logger(__name__)

_STATES = {
    ReceiptStatus.ACCEPTED: AttemptState.ACCEPTED,
    ReceiptStatus.DELIVERED: AttemptState.DELIVERED,
    ReceiptStatus.READ: AttemptState.READ,
    ReceiptStatus.ACTED: AttemptState.ACTED,
    ReceiptStatus.UNDELIVERED: AttemptState.UNDELIVERED,
}
_REACHED = frozenset({AttemptState.DELIVERED, AttemptState.READ, AttemptState.ACTED})


@dataclass(slots=True)
class Applied:
    """What became of a batch of callbacks."""

    receipts: int = 0
    changed: int = 0
    late: int = 0
    dead: int = 0

    def __add__(self, other: Applied) -> Applied:
        return Applied(
            self.receipts + other.receipts,
            self.changed + other.changed,
            self.late + other.late,
            self.dead + other.dead,
        )


@dataclass(slots=True)
class _Work:
    now: datetime
    rows: list[tuple[object, ...]] = field(default_factory=list)
    attempts: dict[UUID, KeptAttempt] = field(default_factory=dict)
    changed: dict[UUID, Change] = field(default_factory=dict)
    events: list[tuple[object, ...]] = field(default_factory=list)
    healths: list[tuple[int, UUID, str]] = field(default_factory=list)
    applied: Applied = field(default_factory=Applied)


def apply(resources: Resources, batch: Sequence[Callback]) -> Applied:
    """Apply callbacks; when it returns they are committed, or kept as dead letters.

    Applying one again, or after what it says was overtaken, changes nothing. A batch that the
    database refuses is halved until the one callback stands alone.
    """
    applied = _take(resources, batch, resources.clock.now())
    log.info(
        "receipts applied",
        receipts=applied.receipts,
        changed=applied.changed,
        late=applied.late,
        dead=applied.dead,
    )
    return applied


def _take(resources: Resources, batch: Sequence[Callback], now: datetime) -> Applied:
    heard: list[Heard] = []
    dead: list[tuple[DeadLetter, bytes]] = []
    for callback in batch:
        found, why = read_callback(resources, callback)
        heard.extend(found)
        dead.extend(_dead(callback, reason, now) for reason in why)
    try:
        applied, lanes = locks.in_transaction(
            resources.engine,
            lambda connection: _apply(resources, connection, heard, list(dead), now),
        )
    except DBAPIError as error:
        if locks.passing(error) or error.connection_invalidated:
            raise
        return _halve(resources, batch, now, error)
    for lane in sorted(lanes):
        resources.wake.deliver(lane)
    return applied


def _halve(
    resources: Resources, batch: Sequence[Callback], now: datetime, error: DBAPIError
) -> Applied:
    """Find the callback that the database refuses, and let the others through."""
    if len(batch) > 1:
        middle = len(batch) // 2
        first = _take(resources, batch[:middle], now)
        return first + _take(resources, batch[middle:], now)
    lines = str(error.orig).splitlines() or [type(error.orig).__name__]
    reason = f"the database refused it: {lines[0]}"
    letter = _dead(batch[0], reason, now)
    locks.in_transaction(
        resources.engine,
        lambda connection: dead_letters.keep(connection, resources.ring, [letter]),
    )
    return Applied(dead=1)


def _apply(
    resources: Resources,
    connection: Connection,
    heard: Sequence[Heard],
    dead: list[tuple[DeadLetter, bytes]],
    now: datetime,
) -> tuple[Applied, set[str]]:
    ids = {each.attempt_id for each in heard}
    locks.lock(connection, {customer_in(attempt_id) for attempt_id in ids})
    work = _Work(now, attempts=attempts.by_id(connection, ids))
    known = [each for each in heard if each.attempt_id in work.attempts]
    unknown = {each.callback for each in heard if each.attempt_id not in work.attempts}
    dead.extend(_dead(callback, "it names an attempt we never made", now) for callback in unknown)
    keys = {(kept.customer_id, kept.month, kept.reminder_id) for kept in work.attempts.values()}
    present = reminders.by_id(connection, keys)
    for each in known:
        _fold(work, each, present[work.attempts[each.attempt_id].reminder_id])
    moves = _moves(connection, work, present)
    RECEIPTS.insert(connection, work.rows)
    attempts.change_all(connection, work.changed.values())
    attempts.EVENTS.insert(connection, work.events)
    contact_points.set_health(connection, sorted(work.healths, key=lambda row: row[:2]), now)
    died = {customer for customer, _, health in work.healths if health == ContactHealth.DEAD}
    mark_changed(connection, died, now)
    led_by = [
        each.kept
        for each in work.changed.values()
        if resources.book.get(present[each.kept.reminder_id].policy).digest
    ]
    attempts.wake_led(connection, led_by, now)
    reminders.move_all(connection, moves)
    dead_letters.keep(connection, resources.ring, dead)
    work.applied.dead = len(dead)
    lanes = {move.lane for move in moves if move.next_at <= now and move.state in OPEN}
    return work.applied, lanes


def _fold(work: _Work, heard: Heard, kept: Kept) -> None:
    """Take one statement into its attempt: a move where it is legal, else only a line."""
    receipt, held = heard.receipt, work.attempts[heard.attempt_id]
    late = kept.state not in OPEN
    receipt_no = make_id(
        held.month, held.customer_id, receipt.status, receipt.at.isoformat(), receipt.reason
    )
    work.rows.append(
        (
            held.customer_id,
            held.month,
            heard.attempt_id,
            receipt_no,
            heard.provider,
            receipt.status,
            receipt.reason,
            receipt.at,
            work.now,
            late,
        )
    )
    work.applied.receipts += 1
    work.applied.late += late
    before = held.attempt.state
    state = merge(before, _STATES[receipt.status])
    if receipt.dead_contact and held.secret_id is not None and not _overruled(receipt, state):
        # A complaint says `delivered` and bars the address all the same.
        work.healths.append((held.customer_id, held.secret_id, ContactHealth.DEAD))
    if state is before:
        return
    moved = held.moved(state, receipt.reason)
    work.attempts[heard.attempt_id] = moved
    work.changed[heard.attempt_id] = Change(moved, receipt.provider_ref)
    work.events.append(attempts.event_row(moved, receipt.at))
    work.applied.changed += 1
    # Reading what was delivered says nothing new of the address, and takes back no complaint.
    reached = before not in _REACHED and state in _REACHED
    if reached and held.secret_id is not None and not receipt.dead_contact:
        work.healths.append((held.customer_id, held.secret_id, ContactHealth.VALID))
    log.debug(
        "receipt",
        trace=kept.trace_id,
        bill=kept.reminder.bill_id,
        attempt=receipt.attempt_id,
        provider=heard.provider,
        status=receipt.status,
        late=late,
    )


def _overruled(receipt: Receipt, state: AttemptState) -> bool:
    """It says that the address is dead, and another receipt that the message arrived there."""
    return receipt.status is ReceiptStatus.UNDELIVERED and state in _REACHED


def _moves(connection: Connection, work: _Work, present: dict[UUID, Kept]) -> list[Move]:
    """The wake-ups of open reminders whose attempts changed."""
    touched = {
        change.kept.reminder_id
        for change in work.changed.values()
        if present[change.kept.reminder_id].state in OPEN
    }
    keys = [
        (kept.reminder.customer_id, kept.reminder.month, kept.reminder.reminder_id)
        for reminder_id in touched
        if (kept := present[reminder_id])
    ]
    history = attempts.of_reminders(connection, keys)
    moves = []
    for reminder_id in touched:
        past = [work.attempts.get(each.attempt.attempt_id, each) for each in history[reminder_id]]
        kept = present[reminder_id]
        if _in_flight(past) and not _confirmed(kept, past, work.now):
            continue
        moves.append(wake_up(kept, [each.attempt for each in past], work.now))
    return moves


def _in_flight(past: Sequence[KeptAttempt]) -> bool:
    """A call of this reminder is under way: its own record will move the reminder on."""
    return past[-1].attempt.state is AttemptState.SUBMITTED


def _confirmed(kept: Kept, past: Sequence[KeptAttempt], now: datetime) -> bool:
    move = wake_up(kept, [each.attempt for each in past], now)
    return move.state is ReminderState.SATISFIED


def _dead(callback: Callback, reason: str, now: datetime) -> tuple[DeadLetter, bytes]:
    digest = sha256(callback.body).hexdigest()
    dead_id = make_id(month_of(now), NOBODY, callback.provider, reason, digest)
    log.warning("receipt refused", provider=callback.provider, reason=reason, dead=str(dead_id))
    letter = DeadLetter(
        dead_id, Origin.RECEIPTS, Fault.RECEIPT, reason, callback.provider, callback.entry, now
    )
    return letter, callback.body
