"""The rows that one gate writes: decisions, attempts, texts, moves, and what is used up."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import Connection

from channels.contract import Message
from channels.fleet import Budget
from reminders.domain.case import CHANNEL_RULE, EVERY_CHANNEL
from reminders.domain.customer import WRITTEN
from reminders.domain.decision import (
    Cancel,
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
from reminders.domain.escalation import spent
from reminders.domain.outcome import AttemptState
from reminders.domain.reminder import Attempt, ReminderState
from reminders.domain.tier import Tier
from reminders.ledger import attempts, incidents, reminders, tasks, usage
from reminders.ledger.attempts import Change, KeptAttempt
from reminders.ledger.reminders import Kept, Move
from reminders.messages.facts import Rendered
from reminders.services.resources import Resources
from reminders.services.snapshot import Snapshot, dump
from reminders.services.used_up import UsedUp

if TYPE_CHECKING:  # they hold each other: a message that waits for what it carries
    from reminders.services.handing_over import DigestKey, Leader


_json = json.JSONEncoder(ensure_ascii=False).encode  # one for all: `dumps` would make one each
BEING_PROBED = "being tried again, a message at a time"


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
    gathered: list[Kept] = field(default_factory=list)  # ours now, and each to have its token
    lanes: set[str] = field(default_factory=set)  # in which something is due by this
    decided: int = 0


@dataclass(slots=True)
class GateWork:
    """Rows that one gate writes, and what its messages have used up so far."""

    resources: Resources
    now: datetime
    used_up: UsedUp
    addresses: Mapping[tuple[int, str], tuple[UUID, str, bytes]]
    budget: Budget | None = None  # what the lane's providers may be given now
    down: Mapping[str, str] = field(default_factory=dict)  # channels that take nothing, and why
    probed: Collection[str] = ()  # channels that take probes alone
    claimed: Mapping[UUID, str] = field(default_factory=dict)  # what tokens were taken for: lanes
    incidents: Mapping[str, int] = field(default_factory=dict)  # open ones, by channel
    failing: Collection[str] = ()  # channels whose providers take nothing, incident or not
    effects: list[tuple[object, ...]] = field(default_factory=list)
    dead_devices: Mapping[int, Collection[bytes]] = field(default_factory=dict)
    under_way: Collection[UUID] = ()  # messages that a living worker is sending for further bills
    tiers: dict[tuple[int, str], Tier] = field(default_factory=dict)
    turns: dict[object, datetime] = field(default_factory=dict)  # of what waits for its token
    leaders: dict[DigestKey, dict[str, Leader]] = field(default_factory=dict)  # and by channel
    moves: list[Move] = field(default_factory=list)
    decisions: list[tuple[object, ...]] = field(default_factory=list)
    attempts: list[tuple[object, ...]] = field(default_factory=list)
    secrets: list[tuple[object, ...]] = field(default_factory=list)
    shared: list[tuple[object, ...]] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    tasks: list[tuple[object, ...]] = field(default_factory=list)
    passed: Passed = field(default_factory=Passed)

    def down_for(self, kept: Kept, past: Past) -> Mapping[str, str]:
        """Channels that take nothing of this reminder. One that is only probed takes its probes,
        of what waits in its lane or comes there from a channel that was tried; what it sent on
        it does not get back, or two lanes would hand it to and fro."""
        shut = {each: BEING_PROBED for each in self.probed if not self._may_probe(each, kept, past)}
        return {**shut, **self.down} if shut else self.down

    def probes_left(self, channel: str, kept: Kept, past: Past) -> Mapping[str, int] | None:
        """Tokens of a channel's providers by which this reminder may be a probe, likewise; None:
        nobody counts them here."""
        if channel == kept.lane:
            return None if self.budget is None else self.budget.left
        return None if self._may_probe(channel, kept, past) else {}

    def _may_probe(self, channel: str, kept: Kept, past: Past) -> bool:
        if channel == kept.lane:
            return self.budget is None or self.budget.total > 0
        if not past or past[-1].attempt.channel != kept.lane:
            return False
        # One that it is still to be tried on would be sent back there where no probe is left.
        return kept.lane in spent([each.attempt for each in past])

    def untokened(self, kept: Kept, channel: str) -> bool:
        """True for what was gathered for a message that it does not share, where no token is left
        for it or those that were taken are of another lane."""
        if self.budget is None or kept.reminder.reminder_id in self.claimed or channel in WRITTEN:
            return False
        return kept.lane not in self.claimed.values() or self.budget.total <= 0

    def keep_attempt(
        self, kept: KeptAttempt, decision: Send, keys: Collection[bytes], leader: UUID | None
    ) -> None:
        """An attempt and the contact that it uses up; what `leader` carries counts for its bill."""
        attempt, contact = kept.attempt, decision.contact
        self.attempts.append(
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
                contact.message_class,
                contact.bill,
                bytes.fromhex(contact.contact_point) or None,
                leader,
            )
        )
        counted = contact if leader is None else replace(contact, leads=False)
        self.used_up.add(counted, attempt.attempt_id, keys)
        self.shared.extend(
            (key, self.now, kept.customer_id, kept.month, attempt.attempt_id) for key in keys
        )

    def keep_text(self, kept: KeptAttempt, rendered: Rendered) -> None:
        """What the customer reads, encrypted and apart."""
        text = {"subject": rendered.subject, "text": rendered.text, "template": rendered.template}
        sealed = self.resources.ring.seal(_json(text))
        self.secrets.append(
            (
                kept.customer_id,
                kept.month,
                kept.attempt.attempt_id,
                sealed.key_id,
                sealed.ciphertext,
            )
        )

    def keep_decision(self, kept: Kept, decision: Decision, seen: Snapshot) -> None:
        """A decision with its checks and inputs. Waking up only to wait on is not kept."""
        if isinstance(decision, Defer) and _said_before(kept, decision.reason):
            return
        checks = _json(
            [(check.rule, check.saw, check.passed, check.cite) for check in decision.checks]
        )
        outcome = type(decision).__name__.lower()
        reason = decision_reason(decision)
        self.decisions.append(
            (*kept.key, self.now, outcome, reason, seen.tier, checks.encode(), dump(seen))
        )

    def keep_effects(self, kept: Kept, decision: Decision) -> None:
        """What open incidents, or one that is about to open, did to this reminder: each once."""
        if not self.incidents and not self.failing:
            return
        effect = _EFFECTS.get(type(decision))
        held_back = [
            check.rule.removeprefix(CHANNEL_RULE)
            for check in decision.checks
            if not check.passed and check.rule.startswith(CHANNEL_RULE)
        ]
        for channel in held_back if effect is not None else ():
            number = self.incidents.get(channel) or self.incidents.get(EVERY_CHANNEL)
            if number is None and channel in self.failing:
                number = incidents.pending(channel)
            if number is not None:
                self.effects.append((*kept.key, number, effect, channel, self.now))

    def write(self, connection: Connection) -> None:
        """Write everything, table by table."""
        attempts.change_all(connection, self.changes)
        attempts.EVENTS.insert(
            connection, [attempts.event_row(change.kept, self.now) for change in self.changes]
        )
        attempts.DECISIONS.insert(connection, self.decisions)
        attempts.ATTEMPTS.insert(connection, self.attempts)
        attempts.SECRETS.insert(connection, self.secrets)
        usage.SHARED_USE.insert(connection, self.shared)
        tasks.TASKS.insert(connection, self.tasks)
        incidents.EFFECTS.insert(connection, self.effects)
        reminders.move_all(connection, self.moves)


def _said_before(kept: Kept, reason: Reason) -> bool:
    """True for what would only be written down again and again."""
    again = reason is Reason.CHANNEL_DOWN and kept.reason == Reason.CHANNEL_DOWN
    return again or reason is Reason.WAITING


_EFFECTS: Mapping[type[Decision], str] = {
    Send: "rerouted",
    Defer: "put off",
    Expire: "expired",
    Exhaust: "exhausted",
    Suppress: "suppressed",
}


def move_of(kept: Kept, decision: Decision, now: datetime) -> Move:
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
            return Move(kept, ReminderState.SATISFIED, channel, now, kept.lane)
        case Send():
            raise AssertionError("a Send is moved by its attempt")
    return Move(kept, state, reason, now, kept.lane)


def new_attempt(
    attempt_id: UUID,
    number: int,
    provider: str,
    decision: Send,
    now: datetime,
    *,
    written: bool,
) -> Attempt:
    """The attempt that carries out `decision`. `written`: it is there with the gate's commit."""
    rung = decision.rung
    return Attempt(
        attempt_id=attempt_id,
        number=number,
        channel=rung.channel,
        provider=provider,
        state=AttemptState.ACCEPTED if written else AttemptState.SUBMITTED,
        confirm=rung.confirm,
        cause=decision.cause,
        submitted_at=now,
        confirm_by=now + rung.confirm_within,
    )


Past = Sequence[KeptAttempt]
