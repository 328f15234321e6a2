"""Records what became of calls, in bulk, and in the same commit the next wake-up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from sqlalchemy import Connection

from channels.health import Awaited
from channels.storable import storable
from reminders.domain.customer import ChannelName
from reminders.domain.escalation import Confirmed, Wait, failures, progress
from reminders.domain.outcome import (
    Accepted,
    AttemptState,
    Outcome,
    Permanent,
    Transient,
    Uncertain,
    Unsent,
    merge,
)
from reminders.domain.reminder import Attempt, ReminderState
from reminders.domain.retrying import retry_at
from reminders.ledger import attempts, devices, locks, provider_refs, reminders
from reminders.ledger.attempts import Change, KeptAttempt
from reminders.ledger.contact_points import Sign, SignKind
from reminders.ledger.reminders import Kept, Move
from reminders.services.address_health import judge_addresses
from reminders.services.arrivals import expect
from reminders.services.provider_opt_outs import OptedOut, honour, opted_out
from reminders.services.resources import Resources

log = structlog.get_logger(__name__)
ASK_EVERY = timedelta(minutes=1)  # how often a provider is asked for a missing answer
MOST_RELEASED = 3  # calls in a row that never began; one more is a failure of the provider


@dataclass(frozen=True, slots=True)
class Result:
    """What a channel said of one attempt of one reminder."""

    kept: Kept
    attempt_id: UUID
    outcome: Outcome
    number_range: str = ""  # of its address, where that is a number


def record(resources: Resources, results: Sequence[Result]) -> set[str]:
    """Write outcomes; returns the lanes in which that made something due at once."""
    if not results:
        return set()
    lanes, awaited, refused = locks.in_transaction(
        resources.engine, lambda connection: _record(resources, connection, results)
    )
    honour(resources, refused)
    if awaited:
        resources.fleet.health.expect(awaited)
    return lanes


def _record(
    resources: Resources, connection: Connection, results: Sequence[Result]
) -> tuple[set[str], list[Awaited], list[OptedOut]]:
    now = resources.clock.now()
    locks.lock(connection, {each.kept.reminder.customer_id for each in results})
    keys = [
        (each.kept.reminder.customer_id, each.kept.reminder.month, each.kept.reminder.reminder_id)
        for each in results
    ]
    present = reminders.by_id(connection, keys)
    history = attempts.of_reminders(connection, keys)
    changes: list[Change] = []
    moves: list[Move] = []
    signs: list[Sign] = []
    dead: list[tuple[object, ...]] = []
    awaited: list[Awaited | None] = []
    for each in results:
        reminder_id = each.kept.reminder.reminder_id
        kept, past = present[reminder_id], history[reminder_id]
        index = next(i for i, one in enumerate(past) if one.attempt.attempt_id == each.attempt_id)
        change = _changed(resources, kept, past, index, each.outcome, now)
        if change is not None:
            changes.append(change)
            past[index] = change.kept
            if change.kept.attempt.state is AttemptState.ACCEPTED:
                awaited.append(expect(resources, change.kept, each.number_range))
        _log(kept, past[index], each.outcome)
        signs.extend(_signs(past[index], each.outcome, now))
        dead.extend(_dead_devices(resources, past[index], each.outcome, now))
        # A receipt may have moved the reminder on before we wrote: then the call that is under way
        # now holds its lease, and its own record moves it.
        overtaken = past[-1].attempt.state is AttemptState.SUBMITTED
        if kept.state in (ReminderState.PLANNED, ReminderState.CONTACTING) and not overtaken:
            moves.append(wake_up(kept, [one.attempt for one in past], now))
    attempts.change_all(connection, changes)
    attempts.EVENTS.insert(connection, [attempts.event_row(each.kept, now) for each in changes])
    provider_refs.keep(connection, _refs(resources, changes, now))
    devices.DEAD.insert(connection, dead)
    judge_addresses(resources, connection, signs, now)
    led_by = [each.kept for each in changes if _carries(resources, each, present)]
    attempts.wake_led(connection, led_by, now)
    reminders.move_all(connection, moves)
    lanes = {move.lane for move in moves if move.next_at <= now and move.state not in _ENDED}
    return lanes, [each for each in awaited if each is not None], opted_out(changes)


def _signs(held: KeptAttempt, outcome: Outcome, now: datetime) -> list[Sign]:
    """What an answer says of the address; most say nothing."""
    if held.secret_id is None:
        return []
    if isinstance(outcome, Permanent) and outcome.dead_contact:
        return [Sign(held.customer_id, held.secret_id, SignKind.DEAD, now)]
    # A webhook's refusal is the receiver's own: days of them switch it off.
    failed = isinstance(outcome, Transient | Permanent | Uncertain)
    if failed and held.attempt.channel == ChannelName.WEBHOOK:
        return [Sign(held.customer_id, held.secret_id, SignKind.FAILED, now)]
    if isinstance(outcome, Accepted) and held.attempt.channel == ChannelName.WEBHOOK:
        return [Sign(held.customer_id, held.secret_id, SignKind.REACHED, now)]
    return []


def _dead_devices(
    resources: Resources, held: KeptAttempt, outcome: Outcome, now: datetime
) -> list[tuple[object, ...]]:
    if not isinstance(outcome, Accepted):
        return []
    channel = held.attempt.channel
    return [
        (held.customer_id, channel, resources.ring.hash(f"{channel}:{part}"), now)
        for part in outcome.dead_parts
    ]


def _refs(
    resources: Resources, changes: Sequence[Change], now: datetime
) -> list[tuple[str, str, UUID, datetime]]:
    """The ids by which providers will speak of these, where they quote no other."""
    rows = []
    for each in changes:
        attempt = each.kept.attempt
        provider = resources.fleet.by_name.get(attempt.provider)
        if each.ref and provider is not None and provider.capabilities.quotes_ref:
            rows.append((attempt.provider, each.ref, attempt.attempt_id, now))
    return rows


def _carries(resources: Resources, change: Change, present: Mapping[UUID, Kept]) -> bool:
    """What failed may carry further bills, which are then to go on with it."""
    failed = change.kept.attempt.state in (AttemptState.FAILED, AttemptState.RELEASED)
    return failed and resources.book.get(present[change.kept.reminder_id].policy).digest


_ENDED = frozenset(ReminderState) - {ReminderState.PLANNED, ReminderState.CONTACTING}


def _changed(
    resources: Resources,
    kept: Kept,
    past: Sequence[KeptAttempt],
    index: int,
    outcome: Outcome,
    now: datetime,
) -> Change | None:
    """The attempt after its outcome; None if a receipt already told more."""
    held = past[index]
    outcome = storable(_counted(outcome, past[:index], held.attempt.channel))
    wanted, reason, ref = _meaning(outcome)
    state = merge(held.attempt.state, wanted)
    if state is not wanted or (state is held.attempt.state and state is AttemptState.UNCERTAIN):
        return None
    moved = held.moved(state, reason)
    attempt = moved.attempt
    left = state in (AttemptState.ACCEPTED, AttemptState.UNCERTAIN)
    if left and not held.was_uncertain:
        # The wait counts from the moment the message really left. Where an answer was missed it
        # began then: one that is found by asking does not begin it again.
        waited = attempt.confirm_by - attempt.submitted_at
        attempt = replace(attempt, confirm_by=max(attempt.confirm_by, now + waited))
    elif state in (AttemptState.FAILED, AttemptState.RELEASED):
        so_far = failures([each.attempt for each in past], attempt.channel)
        rule = resources.book.get(kept.policy).retry
        count = so_far + (state is AttemptState.FAILED)
        at = retry_at(outcome, count, now, kept.reminder.expires_at, rule)
        attempt = replace(attempt, retry_at=at)
    return Change(replace(moved, attempt=attempt), ref)


def _counted(outcome: Outcome, before: Sequence[KeptAttempt], channel: str) -> Outcome:
    """The outcome, but a failure where call after call on this channel never began.

    A provider whose connections hang is no better than one that refuses them: the next channel is
    to be reached, and not a try a second made until the stage is over.
    """
    tries = [each.attempt for each in before if each.attempt.channel == channel]
    released = [each for each in tries[-MOST_RELEASED:] if each.state is AttemptState.RELEASED]
    if isinstance(outcome, Unsent) and len(released) == MOST_RELEASED:
        return Transient(f"{outcome.reason}, {MOST_RELEASED + 1} times in a row")
    return outcome


def _meaning(outcome: Outcome) -> tuple[AttemptState, str, str]:
    """An outcome as (state, reason, the provider's reference)."""
    match outcome:
        case Accepted(ref=ref):
            return AttemptState.ACCEPTED, "", ref
        case Transient(reason=reason) | Permanent(reason=reason):
            return AttemptState.FAILED, reason, ""
        case Uncertain(reason=reason):
            return AttemptState.UNCERTAIN, reason, ""
        case Unsent(reason=reason):
            return AttemptState.RELEASED, reason, ""


def wake_up(kept: Kept, history: Sequence[Attempt], now: datetime) -> Move:
    """The move that a reminder's attempts call for: done, or due again when."""
    last = history[-1]
    match progress(history, now):
        case Confirmed(attempt):
            return Move(kept, ReminderState.SATISFIED, attempt.channel, now, kept.lane)
        case Wait(until=until):
            if last.state is AttemptState.UNCERTAIN:
                until = min(until, now + ASK_EVERY)
            next_at = min(until, max(now, kept.reminder.expires_at))
            return Move(kept, ReminderState.CONTACTING, "", next_at, last.channel)
        case _:
            return Move(kept, ReminderState.CONTACTING, "", now, kept.lane)


def _log(kept: Kept, attempt: KeptAttempt, outcome: Outcome) -> None:
    log.debug(
        "attempt",
        trace=kept.trace_id,
        bill=kept.reminder.bill_id,
        reminder=str(kept.reminder.reminder_id),
        attempt=str(attempt.attempt.attempt_id),
        channel=attempt.attempt.channel,
        provider=attempt.attempt.provider,
        outcome=type(outcome).__name__.lower(),
        state=attempt.attempt.state,
        reason=attempt.attempt.reason,
    )
