"""Plays a life with the same pure functions that the services call, without a database.

Facts of an instant come before what is due at it, as before a gate's commit. Every rule is looked
up where it lives when it is called, so that a test can break it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from reminders.domain import decide as brain
from reminders.domain import upcoming
from reminders.domain.decision import (
    Cancel,
    Decision,
    Defer,
    Expire,
    Reason,
    Satisfy,
    Send,
    Suppress,
    decision_reason,
)
from reminders.domain.escalation import Confirmed, Wait, progress
from reminders.domain.kinds import DATED
from reminders.domain.outcome import AttemptState, merge
from reminders.domain.reminder import Reminder, ReminderState, move
from reminders.domain.usage import NOTHING_USED, Usage
from reminders.ledger.facts import Facts
from reminders.services import judging
from reminders.services.simulate.facts import Known, fact_of
from reminders.services.snapshot import Snapshot, decide_on
from tests.invariants.calling import Row, answer_of, attempted
from tests.invariants.life import SURELY_NOT, Answer, Fate, Life
from tests.invariants.trace import Asked, Ended, HandOff, Planned, Trace

_STEP = timedelta(seconds=1)  # the least wait: nothing may wake up for ever at one instant
_MOST = 5_000  # decisions of one life; more would be going round in circles
_CLOSED = {Reason.MINIMUM_MET: ReminderState.SUPPRESSED}


@dataclass(slots=True)
class _Leader:
    """A message of this instant that takes further bills along."""

    channel: str
    fate: Fate
    before: Usage


def _carries(leader: _Leader, decision: Decision) -> bool:
    return isinstance(decision, Send) and decision.rung.channel == leader.channel


def _end_of(decision: Decision) -> ReminderState:
    match decision:
        case Satisfy():
            return ReminderState.SATISFIED
        case Suppress():
            return ReminderState.SUPPRESSED
        case Cancel():
            return ReminderState.CANCELLED
        case Expire():
            return ReminderState.EXPIRED
        case _:
            return ReminderState.EXHAUSTED


def play(life: Life) -> Trace:
    """Everything that happens in a life, to the end of its last stage."""
    return Player(life).run()


class Player:
    def __init__(self, life: Life) -> None:
        self.life = life
        self.trace = Trace(life)
        self.people: dict[str, Known] = {}
        self.heard: set[str] = set()
        self.rows: dict[UUID, Row] = {}
        self.receipts: list[tuple[datetime, int, Row, int, AttemptState]] = []
        self.used = NOTHING_USED
        self.calls = 0
        self.next_told = 0

    def run(self) -> Trace:
        now: datetime | None = None
        while True:
            wanted = min(self._ahead(), default=None)
            if wanted is None or wanted > self.life.ends_at:
                return self.trace
            now = self.life.rhythm.first_from(wanted if now is None else max(wanted, now))
            self._work(now)

    def _ahead(self) -> Iterator[datetime]:
        if self.next_told < len(self.life.told):
            yield self.life.told[self.next_told].heard_at
        for row in self.rows.values():
            if row.open:
                yield row.next_at
        for receipt in self.receipts:
            yield receipt[0]

    def _work(self, now: datetime) -> None:
        self.trace.worked.append(now)
        changed = self._hear(now)
        self._receive(now)
        for who in changed:
            self._evaluate(who, now)
        leaders: dict[object, _Leader] = {}
        while due := [row for row in self.rows.values() if row.open and row.next_at <= now]:
            due.sort(key=lambda row: (row.reminder.due_at, row.reminder.reminder_id))
            for row in due:
                self._wake(row, now, leaders)
            if len(self.trace.asked) > _MOST:
                raise AssertionError(f"{due[0].key} is decided on for ever at {now}")

    # Facts.

    def _hear(self, now: datetime) -> list[str]:
        changed: dict[str, None] = {}
        told = self.life.told
        while self.next_told < len(told) and told[self.next_told].heard_at <= now:
            each = told[self.next_told]
            self.next_told += 1
            if each.event_id in self.heard:
                continue
            self.heard.add(each.event_id)
            known = self.people.setdefault(each.who, Known(each.who))
            before = len(known.observed.contacts)
            known.hear(fact_of(each.envelope()))
            new = known.observed.contacts[before:]
            if new:
                every = sorted((*self.used.contacts, *new), key=lambda contact: contact.at)
                told_of = self.used.told | {contact.bill for contact in new}
                self.used = Usage(tuple(every), told_of, self.used.noted)
            changed[each.who] = None
        return list(changed)

    def _facts(self, who: str) -> Facts:
        known = self.people[who]
        return Facts(known.customer(), known.bills(), (), tuple(known.failed_at), {})

    def _evaluate(self, who: str, now: datetime) -> None:
        """As `services.evaluate`: end what is over, free what was held, plan what is new."""
        facts = self._facts(who)
        for row in self.rows.values():
            if row.who == who and row.open:
                self._look_again(row, facts, now)
        heard = upcoming.heard_of(facts.bills.values(), facts.customer, now)
        policy = self.life.policy
        for bill in facts.bills.values():
            if bill.cancelled or ((bill.closed or bill.settled) and not policy.events):
                continue
            for reminder in upcoming.ahead(bill, facts.customer, policy, now, heard):
                if brain.closing(bill, reminder) is None:
                    self._plan(who, reminder, now)

    def _look_again(self, row: Row, facts: Facts, now: datetime) -> None:
        bill = facts.bills.get(row.reminder.bill_id)
        reason = Reason.BILL_CANCELLED if bill is None else brain.closing(bill, row.reminder)
        if reason is not None:
            self._end(row, _CLOSED.get(reason, ReminderState.CANCELLED), reason, now)
        elif row.reason == Reason.HOLD and row.next_at > now:
            row.next_at, row.reason = max(now, row.reminder.due_at), ""

    def _plan(self, who: str, reminder: Reminder, now: datetime) -> None:
        row = self.rows.get(reminder.reminder_id)
        if row is None:
            row = Row(who, reminder, ReminderState.PLANNED, "", reminder.due_at)
            self.rows[reminder.reminder_id] = row
        elif row.state is ReminderState.PLANNED and not row.attempts and row.reminder != reminder:
            row.reminder, row.next_at = reminder, reminder.due_at
        else:
            return
        self.trace.planned[row.key] = Planned(
            reminder.kind, reminder.due_at, reminder.expires_at, reminder.flag, now
        )

    # Decisions.

    def _wake(self, row: Row, now: datetime, leaders: dict[object, _Leader]) -> None:
        facts = self._facts(row.who)
        key = self._digest(row, facts)
        leader = leaders.get(key)
        seen = self._snapshot(row, facts, now, self.used if leader is None else leader.before)
        decision = self._decide(seen)
        if leader is not None and not _carries(leader, decision):
            leader = None
            seen = self._snapshot(row, facts, now, self.used)
            decision = self._decide(seen)
        self.trace.asked.append(Asked(row.key, now, decision, seen))
        if isinstance(decision, Send):
            fate = self._fate() if leader is None else leader.fate
            if leader is None and key is not None:
                leaders[key] = _Leader(decision.rung.channel, fate, self.used)
            self._send(row, decision, fate, now, leads=leader is None)
        elif isinstance(decision, Defer):
            row.next_at, row.reason = max(decision.until, now + _STEP), decision.reason
        else:
            self._end(row, _end_of(decision), decision_reason(decision), now)

    def _digest(self, row: Row, facts: Facts) -> object:
        """What bills share that go into one message; None: each has its own."""
        bill = facts.bills.get(row.reminder.bill_id)
        if not self.life.policy.digest or bill is None or row.reminder.kind not in DATED:
            return None
        return row.who, row.reminder.stage, row.reminder.month, bill.terms.due_on

    def _fate(self) -> Fate:
        self.calls += 1
        return self.life.fates[self.calls % len(self.life.fates)]

    def _snapshot(self, row: Row, facts: Facts, now: datetime, used: Usage) -> Snapshot:
        policy = self.life.policy
        bill = facts.bills.get(row.reminder.bill_id)
        tier = judging.judge(facts, policy, now).tier
        history = tuple(row.attempts)
        return Snapshot(now, row.reminder, bill, facts.customer, policy.label, tier, history, used)

    def _decide(self, seen: Snapshot) -> Decision:
        return decide_on(seen, self.life.policy)

    # Calls.

    def _send(self, row: Row, decision: Send, fate: Fate, now: datetime, *, leads: bool) -> None:
        channel = decision.rung.channel
        answer = answer_of(row, fate, channel)
        row.attempts.append(attempted(row, decision, answer, self.life.policy.retry, now))
        known = self.people[row.who]
        self.trace.handed.append(
            HandOff(
                key=row.key,
                kind=row.reminder.kind,
                channel=channel,
                number=len(row.attempts),
                amount=decision.amount,
                at=now,
                point=f"{channel}:{known.address(channel)}",
                leads=leads,
                left=answer not in SURELY_NOT,
                answer=answer,
            )
        )
        if answer not in SURELY_NOT:
            self.used = self.used.after(replace(decision.contact, leads=leads))
            for after, status in fate.receipts:
                arrives = now + after, len(self.receipts), row, len(row.attempts) - 1
                self.receipts.append((*arrives, AttemptState(status)))
        if answer is Answer.DEAD:
            known.bury(channel, now)
        row.state = move(row.state, ReminderState.CONTACTING)
        self._settle(row, now)

    def _receive(self, now: datetime) -> None:
        arrived = [each for each in self.receipts if each[0] <= now]
        self.receipts = [each for each in self.receipts if each[0] > now]
        for _, _, row, index, state in sorted(arrived, key=lambda each: each[:2]):
            held = row.attempts[index]
            row.attempts[index] = replace(held, state=merge(held.state, state))
            if row.open:
                self._settle(row, now)

    def _settle(self, row: Row, now: datetime) -> None:
        """As `services.record.wake_up`: done, or due again when."""
        match progress(row.attempts, now):
            case Confirmed(attempt):
                self._end(row, ReminderState.SATISFIED, attempt.channel, now)
            case Wait(until=until):
                row.next_at = min(until, max(now, row.reminder.expires_at))
            case _:
                row.next_at = now

    def _end(self, row: Row, state: ReminderState, reason: str, now: datetime) -> None:
        row.state = move(row.state, state)
        row.reason = reason
        self.trace.ended.append(Ended(row.key, state, reason, now))
