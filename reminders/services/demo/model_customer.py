"""One customer of a flawless system: plans, decides and sends with the domain's own functions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from reminders.domain.bill import BillPosition
from reminders.domain.calendar import local_day
from reminders.domain.customer import Customer
from reminders.domain.decide import decide
from reminders.domain.decision import Decision, Defer, Send
from reminders.domain.escalation import failures
from reminders.domain.outcome import Accepted, AttemptState, Outcome, Permanent, Uncertain, merge
from reminders.domain.planning import plan
from reminders.domain.policy import Policy
from reminders.domain.reminder import Attempt, Reminder
from reminders.domain.retrying import retry_at
from reminders.domain.risk import assess
from reminders.domain.tier import Tier
from reminders.domain.usage import PASSIVE, Contact, Usage
from reminders.events.envelope import Event
from reminders.services.demo.model_carrier import Message, ModelCarrier
from reminders.services.demo.replay import Told

# Machine time from a slot's fence to the calls of that instant, so that no call crosses a fence.
_CALLS_AFTER_S = 10.0


@dataclass(slots=True)
class _Open:
    """A reminder still open, its attempts and the receipts that are on their way."""

    reminder: Reminder
    next_at: datetime
    attempts: list[Attempt] = field(default_factory=list)
    contacts: list[Contact] = field(default_factory=list)  # one per attempt
    receipts: list[tuple[datetime, int, AttemptState]] = field(default_factory=list)

    def wake_at(self) -> datetime:
        return min([self.next_at, *(at for at, _, _ in self.receipts)])

    def receive(self, now: datetime) -> None:
        for at, number, state in sorted(self.receipts):
            if at <= now:
                held = self.attempts[number]
                self.attempts[number] = replace(held, state=merge(held.state, state))
        self.receipts = [each for each in self.receipts if each[0] > now]


class ModelCustomer:
    """`hear` facts, `work` at `next_at`; `inbox` collects the in-app messages."""

    def __init__(
        self, number: int, ref: str, policy: Policy, carriers: Mapping[str, ModelCarrier]
    ) -> None:
        self.inbox: list[dict[str, Any]] = []  # Any: JSON
        self._told = Told(number, ref)
        self._policy = policy
        self._carriers = carriers
        self._planned: set[UUID] = set()
        self._open: list[_Open] = []
        self._taken: list[Contact] = []
        self._bills: Mapping[str, BillPosition] = {}
        self._customer: Customer | None = None

    @property
    def next_at(self) -> datetime | None:
        return min((each.wake_at() for each in self._open), default=None)

    def hear(self, at: datetime, events: Sequence[Event]) -> None:
        self._told.events.extend(events)
        self._bills = self._told.bills()
        self._customer = self._told.customer()
        for bill in self._bills.values():
            if not bill.closed and not bill.settled:
                self._plan(bill, self._customer, at)
        for each in self._open:
            each.next_at = max(at, each.reminder.due_at)
        self.work(at)

    def _plan(self, bill: BillPosition, customer: Customer, at: datetime) -> None:
        for reminder in plan(bill, customer, self._policy):
            ahead = bill.epoch == 0 or reminder.due_at > at
            if ahead and reminder.reminder_id not in self._planned:
                self._planned.add(reminder.reminder_id)
                self._open.append(_Open(reminder, reminder.due_at))

    def work(self, now: datetime) -> None:
        """Do everything that is due."""
        for each in list(self._open):
            if each.wake_at() <= now:
                each.receive(now)
                self._advance(each, now)

    def _advance(self, each: _Open, now: datetime) -> None:
        while True:
            decision = self._decide(each, now)
            if isinstance(decision, Send):
                self._send(each, decision, now)
            elif isinstance(decision, Defer):
                each.next_at = decision.until
                return
            else:
                self._open.remove(each)
                self._taken += _taken(each)
                return

    def _decide(self, each: _Open, now: datetime) -> Decision:
        # Dead contacts are learnt between calls, so the profile is read anew.
        customer = self._told.customer()
        bill = self._bills.get(each.reminder.bill_id)
        return decide(
            now,
            each.reminder,
            bill,
            customer,
            self._policy,
            self._tier(customer, now),
            each.attempts,
            self._usage(),
        )

    def _usage(self) -> Usage:
        """What caps count: whatever others did, and every try that was not surely refused."""
        made = [*self._told.contacts(), *self._taken, *self._of_open()]
        counted = (each for each in made if each.channel not in PASSIVE)
        return Usage(
            tuple(sorted(counted, key=lambda contact: contact.at)),
            frozenset(each.bill for each in made),
        )

    def _of_open(self) -> list[Contact]:
        return [contact for each in self._open for contact in _taken(each)]

    def _tier(self, customer: Customer, now: datetime) -> Tier:
        zone = customer.time_zone
        failed = [local_day(at, zone) for at in self._told.failed_at()]
        today = local_day(now, zone)
        return assess(
            self._bills.values(),
            failed,
            self._policy.risk,
            today,
            zone,
            customer.risk_inputs,
            customer.promises,
            now,
        ).tier

    def _send(self, each: _Open, decision: Send, now: datetime) -> None:
        rung = decision.rung
        each.contacts.append(decision.contact)
        number = len(each.attempts)
        attempt = Attempt(
            attempt_id=uuid5(each.reminder.reminder_id, str(number)),
            number=number,
            channel=rung.channel,
            provider="model",
            state=AttemptState.SUBMITTED,
            confirm=rung.confirm,
            cause=decision.cause,
            submitted_at=now,
            confirm_by=now + rung.confirm_within,
        )
        text = (
            f"NT${decision.amount / 100:,.2f} of bill {each.reminder.bill_id}: "
            f"https://pay.example.com/{each.reminder.bill_id}"
        )
        if rung.channel == "in_app":
            self._write_inbox(attempt, each.reminder.bill_id, text, now)
            each.attempts.append(replace(attempt, state=AttemptState.ACCEPTED))
            return
        to = self._told.addresses[rung.channel]
        began = now.timestamp() + _CALLS_AFTER_S
        message = Message(str(attempt.attempt_id), to, text, now, began)
        outcome, receipts = self._carriers[rung.channel].send(message)
        each.receipts += [(at, number, state) for at, state in receipts]
        if isinstance(outcome, Permanent):
            self._told.dead.add(to)
        each.attempts.append(attempt)
        each.attempts[-1] = self._ended(each, attempt, outcome, now)

    def _ended(self, each: _Open, attempt: Attempt, outcome: Outcome, now: datetime) -> Attempt:
        if isinstance(outcome, Accepted):
            return replace(attempt, state=AttemptState.ACCEPTED)
        if isinstance(outcome, Uncertain):
            return replace(attempt, state=AttemptState.UNCERTAIN)
        failed = failures(each.attempts, attempt.channel) + 1
        again = retry_at(outcome, failed, now, each.reminder.expires_at, self._policy.retry)
        return replace(attempt, state=AttemptState.FAILED, retry_at=again)

    def _write_inbox(self, attempt: Attempt, bill_id: str, text: str, now: datetime) -> None:
        self.inbox.append(
            {
                "attempt_id": str(attempt.attempt_id),
                "written_at": now.isoformat(),
                "bill_id": bill_id,
                "subject": "",
                "text": text,
                "read_at": None,
            }
        )


def _taken(each: _Open) -> list[Contact]:
    """The contacts of its tries that no carrier refused."""
    tries = zip(each.contacts, each.attempts, strict=True)
    return [contact for contact, attempt in tries if attempt.state is not AttemptState.FAILED]
