"""Receipts in: parsed by their provider, applied in bulk, the same end state in any order."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple, cast
from uuid import UUID

import structlog
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from channels.health import Confirmation
from reminders.domain.identity import customer_in
from reminders.domain.outcome import AttemptState
from reminders.domain.reminder import OPEN, ReminderState
from reminders.ledger import (
    attempts,
    dead_letters,
    engagement,
    locks,
    provider_refs,
    reminders,
)
from reminders.ledger.attempts import KeptAttempt
from reminders.ledger.dead_letters import DeadLetter
from reminders.ledger.provider_refs import Mark
from reminders.ledger.receipts import RECEIPTS
from reminders.ledger.reminders import Kept, Move
from reminders.services import arrivals, inbound, parking
from reminders.services.address_health import judge_addresses
from reminders.services.attribution import attribute
from reminders.services.callbacks import Callback, Heard, Written, read_callback
from reminders.services.hearing import Applied, Work, fold
from reminders.services.provider_opt_outs import OptedOut, honour, opted_out
from reminders.services.record import wake_up
from reminders.services.refused_receipts import at_fault, refuse_outlived, refused, why_refused
from reminders.services.resources import Resources

log = structlog.get_logger(__name__)


class _Done(NamedTuple):
    """What a transaction came to, and what is to be done after it."""

    applied: Applied
    lanes: set[str]
    refused: list[OptedOut]
    told: list[Confirmation]


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
        inbound=applied.inbound,
    )
    return applied


def _take(resources: Resources, batch: Sequence[Callback], now: datetime) -> Applied:
    heard: list[Heard] = []
    written: list[Written] = []
    dead: list[tuple[DeadLetter, bytes]] = []
    for callback in batch:
        read = read_callback(resources, callback)
        heard.extend(read.heard)
        written.extend(read.written)
        dead.extend(refused(callback, reason, now) for reason in read.wrong)
    try:
        done = locks.in_transaction(
            resources.engine,
            lambda connection: _apply(resources, connection, heard, list(dead), now),
        )
    except DBAPIError as error:
        if locks.passing(error) or error.connection_invalidated:
            raise
        return _halve(resources, batch, now, error)
    return _committed(resources, done) + _inbound(resources, written, now)


def _inbound(resources: Resources, written: Sequence[Written], now: datetime) -> Applied:
    """What customers wrote, and what they confirm by it."""
    if not written:
        return Applied()
    taken, said, odd = inbound.take(resources, written)
    callback = Callback("inbound", written[0].provider, b"")
    dead = [
        refused(
            Callback(each.entry, each.provider, each.inbound.text.encode("utf-8", "replace")),
            "what a customer wrote could not be taken in",
            now,
        )
        for each in odd
    ]
    heard = [
        Heard(UUID(each.attempt_id), callback.provider, each, callback, own=True) for each in said
    ]
    done = locks.in_transaction(
        resources.engine, lambda connection: _apply(resources, connection, heard, list(dead), now)
    )
    return _committed(resources, done) + Applied(inbound=taken)


def apply_parked(resources: Resources) -> Applied:
    """Apply what came before its message was recorded, and refuse what outlived its wait.

    Batch after batch, for a third of `run_for`: neither one that stays where it is nor one that
    the database refuses keeps the others waiting.
    """
    now, most = resources.clock.now(), resources.limits.batch
    stop_at = time.monotonic() + resources.limits.run_for.total_seconds() / 3
    total, after, size = Applied(), provider_refs.FIRST, most
    mark: Mark | None = after
    while mark is not None:
        try:
            applied, mark = _apply_next(resources, after, size, now)
        except DBAPIError as error:
            if size == 1 or not at_fault(error):
                raise
            size //= 2
            continue
        total += applied
        after, size = mark or after, min(most, size * 2)
        if time.monotonic() >= stop_at:
            return total
    # Only now: what is to be applied must not be called unknown because it waited for its turn.
    while time.monotonic() < stop_at:
        outlived = refuse_outlived(resources, now)
        total += Applied(dead=outlived)
        if outlived < most:
            break
    return total


def _apply_next(
    resources: Resources, after: Mark, most: int, now: datetime
) -> tuple[Applied, Mark | None]:
    """The next ones behind `after`; one that stands alone, and that the database refuses, is a
    dead letter."""
    mark: Mark | None = None

    def work(connection: Connection) -> _Done:
        nonlocal mark
        mark = None
        found, mark = parking.unpark(connection, resources.ring, most, after)
        dead = [refused(each, parking.SAME, now) for each in found.wrong]
        return _apply(resources, connection, found.found, dead, now)

    try:
        done = locks.in_transaction(resources.engine, work)
    except DBAPIError as error:
        if most > 1 or mark is None or not at_fault(error):
            raise
        return _refuse(resources, mark, error, now), mark
    return _committed(resources, done), mark


def _refuse(resources: Resources, mark: Mark, error: DBAPIError, now: datetime) -> Applied:
    def work(connection: Connection) -> int:
        odd = parking.take_off(connection, mark)
        dead = [refused(each, why_refused(error), now) for each in odd]
        dead_letters.keep(connection, resources.ring, dead)
        return len(dead)

    return Applied(dead=locks.in_transaction(resources.engine, work))


def _committed(resources: Resources, done: _Done) -> Applied:
    for lane in sorted(done.lanes):
        resources.wake.deliver(lane)
    if done.told:
        resources.fleet.health.confirm(done.told)
    honour(resources, done.refused)
    return done.applied


def _halve(
    resources: Resources, batch: Sequence[Callback], now: datetime, error: DBAPIError
) -> Applied:
    """Find the callback that the database refuses, and let the others through."""
    if len(batch) > 1:
        middle = len(batch) // 2
        first = _take(resources, batch[:middle], now)
        return first + _take(resources, batch[middle:], now)
    letter = refused(batch[0], why_refused(error), now)
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
) -> _Done:
    resolved = parking.resolve(connection, resources.ring, heard, now)
    dead.extend(refused(each, parking.SAME, now) for each in resolved.wrong)
    heard = resolved.found
    ids = {each.attempt_id for each in heard if each.attempt_id is not None}
    locks.lock(connection, {customer_in(attempt_id) for attempt_id in ids})
    work = Work(now, attempts=attempts.by_id(connection, ids))
    told = attribute(connection, heard, work.attempts, now)
    dead.extend(refused(callback, reason, now) for callback, reason in told.wrong.values())
    keys = {(kept.customer_id, kept.month, kept.reminder_id) for kept in work.attempts.values()}
    present = reminders.by_id(connection, keys)
    for each in told.known:
        held = work.attempts[cast(UUID, each.attempt_id)]
        fold(work, each, held, present[held.reminder_id])
    moves = _moves(connection, work, present)
    RECEIPTS.insert(connection, work.rows)
    attempts.change_all(connection, work.changed.values())
    attempts.EVENTS.insert(connection, work.events)
    judge_addresses(resources, connection, work.signs, now)
    engagement.ENGAGEMENT.insert(connection, work.engaged)
    led_by = [
        each.kept
        for each in work.changed.values()
        if resources.book.get(present[each.kept.reminder_id].policy).digest
    ]
    attempts.wake_led(connection, led_by, now)
    reminders.move_all(connection, moves)
    dead_letters.keep(connection, resources.ring, dead)
    work.applied.dead = len(dead)
    told_of = arrivals.confirmations(resources, connection, work.arrivals)
    lanes = {move.lane for move in moves if move.next_at <= now and move.state in OPEN}
    return _Done(work.applied, lanes, opted_out(work.changed.values()), told_of)


def _moves(connection: Connection, work: Work, present: dict[UUID, Kept]) -> list[Move]:
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
