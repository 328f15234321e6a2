"""The gate: one short transaction that looks at every fact again and commits what may be sent.

Whatever was fenced before this commit wins: a payment, an opt-out, a hold, a new address.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from sqlalchemy import Connection

from channels.contract import Message, WhenUncertain
from reminders.domain.bill import BillPosition
from reminders.domain.customer import ChannelName
from reminders.domain.decide import decide
from reminders.domain.decision import (
    Cancel,
    Check,
    Decision,
    Defer,
    Exhaust,
    Expire,
    Reason,
    Satisfy,
    Send,
    Suppress,
    decision_reason,
)
from reminders.domain.identity import make_id
from reminders.domain.outcome import AttemptState
from reminders.domain.reminder import Attempt, ReminderState
from reminders.domain.tier import Tier
from reminders.ledger import attempts, facts, locks, reminders
from reminders.ledger.attempts import Change, KeptAttempt
from reminders.ledger.facts import Facts
from reminders.ledger.reminders import Kept, Move
from reminders.messages.errors import TemplateError
from reminders.messages.facts import Rendered
from reminders.services.compose import compose, headers
from reminders.services.evaluate import UNDECIDABLE, judge
from reminders.services.record import wake_up
from reminders.services.resources import Resources

log = structlog.get_logger(__name__)
PUT_OFF = timedelta(minutes=10)  # until a reminder that could not be decided on is looked at again


@dataclass(frozen=True, slots=True)
class Handover:
    """One message that the gate let through, with the attempt that the ledger holds for it."""

    kept: Kept
    attempt: KeptAttempt
    message: Message


@dataclass(frozen=True, slots=True)
class Inquiry:
    """An attempt whose answer never came, to be asked of its provider."""

    kept: Kept
    attempt: KeptAttempt


@dataclass(slots=True)
class Passed:
    """What is to be done after the gate's commit, and what was left to the next sweep."""

    handovers: list[Handover] = field(default_factory=list)
    inquiries: list[Inquiry] = field(default_factory=list)
    busy: list[Kept] = field(default_factory=list)
    decided: int = 0


@dataclass(slots=True)
class _Work:
    """Rows that one gate writes."""

    resources: Resources
    now: datetime
    tiers: dict[tuple[int, str], Tier] = field(default_factory=dict)
    addresses: Mapping[tuple[int, str], tuple[UUID, str, bytes]] = field(default_factory=dict)
    moves: list[Move] = field(default_factory=list)
    decisions: list[tuple[object, ...]] = field(default_factory=list)
    attempts: list[tuple[object, ...]] = field(default_factory=list)
    secrets: list[tuple[object, ...]] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    passed: Passed = field(default_factory=Passed)


def gate(resources: Resources, claimed: Sequence[Kept]) -> Passed:
    """Decide on claimed reminders in one transaction; what it returns is committed."""
    return locks.in_transaction(
        resources.engine, lambda connection: _gate(resources, connection, claimed)
    )


def _gate(resources: Resources, connection: Connection, claimed: Sequence[Kept]) -> Passed:
    now = resources.clock.now()
    free = locks.lock_free(connection, {each.reminder.customer_id for each in claimed})
    ours = [each for each in claimed if each.reminder.customer_id in free]
    held = reminders.still_held(connection, ours)
    known = facts.load(connection, free, resources.since(now))
    history = attempts.of_reminders(connection, [each.key for each in held])
    work = _Work(resources, now, addresses=attempts.addresses(connection, free))
    work.passed.busy = [each for each in claimed if each.reminder.customer_id not in free]
    for each in held:
        past = history.get(each.reminder.reminder_id, [])
        try:
            _one(work, each, known[each.reminder.customer_id], past)
        except UNDECIDABLE:  # whatever is wrong with it, the others of its lane must go through
            log.exception("reminder put off", reminder=str(each.reminder.reminder_id))
            work.moves.append(Move(each, each.state, each.reason, now + PUT_OFF, each.lane))
    _write(connection, work)
    work.passed.decided = len(held)
    return work.passed


def _one(work: _Work, kept: Kept, known: Facts, past: Sequence[KeptAttempt]) -> None:
    last = past[-1] if past else None
    if last is not None and last.attempt.state is AttemptState.SUBMITTED:
        # Its worker died between gate and record: nobody knows whether the call was made.
        last = last.moved(AttemptState.UNCERTAIN, "the sender was lost before its answer")
        # The wait counts from now, as if the call had just timed out: however long nobody worked,
        # the provider is asked before the next channel is used.
        held = last.attempt
        waits_until = work.now + (held.confirm_by - held.submitted_at)
        last = replace(last, attempt=replace(held, confirm_by=waits_until))
        work.changes.append(Change(last))
        past = [*past[:-1], last]
    policy = work.resources.book.get(kept.policy)
    judged = kept.reminder.customer_id, policy.label  # each policy has a points card of its own
    if judged not in work.tiers:
        work.tiers[judged] = judge(known, policy, work.now).tier
    bill = known.bills.get(kept.reminder.bill_id)
    tier = work.tiers[judged]
    history = [each.attempt for each in past]
    decision = decide(work.now, kept.reminder, bill, known.customer, policy, tier, history)
    if last is not None and _to_ask(work, last, decision):
        work.passed.inquiries.append(Inquiry(kept, last))
        state = ReminderState.CONTACTING
        work.moves.append(Move(kept, state, "", work.now, kept.lane, keep_lease=True))
        return
    if isinstance(decision, Send) and bill is not None:
        decision = _send(work, kept, known, bill, decision, past)
    _keep_decision(work, kept, decision, tier)
    if not isinstance(decision, Send):
        work.moves.append(_move(work, kept, decision))


def _to_ask(work: _Work, last: KeptAttempt, decision: Decision) -> bool:
    """True if an answer is missing, the provider can be asked, and nothing has overtaken it."""
    if last.attempt.state is not AttemptState.UNCERTAIN:
        return False
    if not (isinstance(decision, Defer) and decision.reason is Reason.WAITING):
        return False
    channel = work.resources.channels.get(last.attempt.channel)
    return channel is not None and channel.capabilities.when_uncertain is WhenUncertain.ASK


def _send(
    work: _Work,
    kept: Kept,
    known: Facts,
    bill: BillPosition,
    decision: Send,
    past: Sequence[KeptAttempt],
) -> Decision:
    """Write the attempt and its text; returns the decision, or why it could not be carried out."""
    reminder, channel = kept.reminder, decision.rung.channel
    secret_id, key_id, ciphertext = work.addresses[reminder.customer_id, channel]
    try:
        rendered = compose(work.resources, channel, reminder, known.customer, bill, work.now)
    except TemplateError as error:
        return Suppress(Reason.CONTENT, (*decision.checks, Check("template", str(error), False)))
    address = work.resources.ring.open(key_id, ciphertext).decode()
    number = len(past) + 1
    attempt_id = make_id(reminder.month, reminder.customer_id, reminder.reminder_id, number)
    provider = work.resources.channels[channel].name
    written = channel == ChannelName.IN_APP
    attempt = KeptAttempt(
        Attempt(
            attempt_id=attempt_id,
            number=number,
            channel=channel,
            provider=provider,
            state=AttemptState.ACCEPTED if written else AttemptState.SUBMITTED,
            confirm=decision.rung.confirm,
            cause=decision.cause,
            submitted_at=work.now,
            confirm_by=work.now + decision.rung.confirm_within,
        ),
        reminder_id=reminder.reminder_id,
        amount=decision.amount,
        was_uncertain=False,
        secret_id=secret_id,
    )
    _keep_attempt(work, attempt, rendered)
    if written:
        # In-app needs no call: committed with the gate, it can be neither uncertain nor late.
        history = [*(each.attempt for each in past), attempt.attempt]
        work.moves.append(wake_up(kept, history, work.now))
        return decision
    message = Message(
        idempotency_key=str(attempt_id),
        address=address,
        text=rendered.text,
        language=rendered.language,
        subject=rendered.subject,
        html=rendered.html,
        headers=headers(work.resources, channel),
    )
    work.passed.handovers.append(Handover(kept, attempt, message))
    # It stays due under our lease: if we die here, whoever takes it next finds `submitted`.
    work.moves.append(Move(kept, ReminderState.CONTACTING, "", work.now, channel, keep_lease=True))
    return decision


def _keep_attempt(work: _Work, kept: KeptAttempt, rendered: Rendered) -> None:
    attempt = kept.attempt
    work.attempts.append(
        (
            kept.customer_id,
            kept.month,
            attempt.attempt_id,
            kept.reminder_id,
            attempt.number,
            attempt.channel,
            attempt.provider,
            kept.secret_id,
            attempt.state,
            attempt.confirm,
            attempt.cause,
            kept.amount,
            attempt.submitted_at,
            attempt.confirm_by,
        )
    )
    text = {"subject": rendered.subject, "text": rendered.text, "template": rendered.template}
    sealed = work.resources.ring.seal(json.dumps(text, ensure_ascii=False))
    work.secrets.append(
        (kept.customer_id, kept.month, attempt.attempt_id, sealed.key_id, sealed.ciphertext)
    )


def _keep_decision(work: _Work, kept: Kept, decision: Decision, tier: Tier) -> None:
    """Waking up only to wait on is no decision worth keeping."""
    reason = decision_reason(decision)
    if isinstance(decision, Defer) and decision.reason is Reason.WAITING:
        return
    checks = json.dumps(
        [(check.rule, check.saw, check.passed) for check in decision.checks], ensure_ascii=False
    )
    work.decisions.append(
        (
            *kept.key,
            work.now,
            type(decision).__name__.lower(),
            reason,
            tier,
            checks.encode(),
        )
    )


def _move(work: _Work, kept: Kept, decision: Decision) -> Move:
    """Where a decision other than Send leaves the reminder."""
    match decision:
        case Defer(until=until, reason=reason):
            return Move(kept, kept.state, reason, until, kept.lane)
        case Suppress(reason=reason):
            state = ReminderState.SUPPRESSED
        case Cancel(reason=reason):
            state = ReminderState.CANCELLED
        case Expire(reason=reason):
            state = ReminderState.EXPIRED
        case Exhaust(reason=reason):
            state = ReminderState.EXHAUSTED
        case Satisfy(channel=channel):
            return Move(kept, ReminderState.SATISFIED, channel, work.now, kept.lane)
        case Send():
            raise AssertionError("a Send is moved by its attempt")
    return Move(kept, state, reason, work.now, kept.lane)


def _write(connection: Connection, work: _Work) -> None:
    attempts.change_all(connection, work.changes)
    attempts.EVENTS.insert(
        connection, [attempts.event_row(change.kept, work.now) for change in work.changes]
    )
    attempts.DECISIONS.insert(connection, work.decisions)
    attempts.ATTEMPTS.insert(connection, work.attempts)
    attempts.SECRETS.insert(connection, work.secrets)
    reminders.move_all(connection, work.moves)
