"""What is counted of one customer's run, and the digest of all that was decided."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from typing import Final

from reminders.domain.bill import BillPosition
from reminders.domain.decision import Decision, Defer, Reason, Send
from reminders.domain.outcome import AttemptState
from reminders.domain.tier import Tier
from reminders.services.simulate.tally import Tally, count
from reminders.services.simulate.timeline import DueDay, Open, Sent, Window

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND = timedelta(seconds=1)
_DAY_S = 86_400
_EMPTY = blake2b(digest_size=16)  # copied: cheaper than a new one
# Read once: in CPython 3.11 the attribute of an enum costs more than the comparison with it.
_WAITING: Final = Reason.WAITING
_DELIVERED: Final = AttemptState.DELIVERED
_READ: Final = AttemptState.READ


@dataclass(frozen=True, slots=True)
class Played:
    """One customer's part: a digest of all that was decided, and how many messages were sent."""

    ref: str
    digest: bytes
    messages: int
    sent: tuple[Sent, ...] = ()


class Story:
    """Counts into `tally` what happens within the window."""

    def __init__(self, ref: str, window: Window, tally: Tally, *, keep_sent: bool) -> None:
        self._ref = ref
        self._window = window
        self._tally = tally
        self._kept = [ref]
        self._counts = False
        self._sent: list[Sent] | None = [] if keep_sent else None
        self._now = _EPOCH
        self._at: int | None = None
        self._messages = 0
        self._reached: set[str] = set()
        self._read: set[str] = set()
        self._messaged: set[str] = set()
        self._judged: set[tuple[str, Tier]] = set()

    def turn(self, now: datetime) -> None:
        """What follows happens at `now`."""
        self._counts = now >= self._window.from_at
        self._now, self._at = now, None

    def decided(self, each: Open, decision: Decision, tier: Tier, now: datetime) -> None:
        """One call of `decide`."""
        if not self._counts:
            return
        self._tally.decided(decision)
        self._judged.add((each.reminder.bill_id, tier))
        if isinstance(decision, Defer):
            if decision.reason is _WAITING:  # waking up only to wait on: nothing to keep
                return
            waits = (decision.until - now) // _SECOND
            count(self._tally.deferred_s, decision.reason, waits)
        self._keep(each, decision)

    def ended(self, each: Open, decision: Decision) -> None:
        """An end that a fact brought."""
        if self._counts:
            self._tally.ended(decision)
            self._keep(each, decision)

    def attempted(self, each: Open, number: int, channel: str, now: datetime) -> None:
        """One attempt, whatever became of it."""
        if self._counts and self._sent is not None:
            self._sent.append(Sent(each.number, number, channel, now))

    def told(self, channel: str, state: str) -> None:
        """What a carrier said of an attempt, at once or later."""
        if self._counts:
            count(self._tally.states, (channel, state))

    def sent(self, each: Open, channel: str, tier: Tier, *, leads: bool) -> None:
        """A carrier took a message; one that leads may take other bills along."""
        if not self._counts:
            return
        self._messaged.add(each.reminder.bill_id)
        if leads:
            self._tally.sent(channel, tier, each.reminder.kind, self._second() // 60)
            self._messages += 1

    def heard(self, bill_id: str, channel: str, state: AttemptState) -> None:
        """What was heard later of an attempt about this bill."""
        self.told(channel, state)
        if state is _DELIVERED or state is _READ:
            self._reached.add(bill_id)
        if state is _READ:
            self._read.add(bill_id)

    def reached(self, bill_id: str) -> None:
        """A message about this bill has arrived, as far as its channel tells."""
        self._reached.add(bill_id)

    def opted_out(self, channel: str) -> None:
        if self._counts:
            count(self._tally.opt_outs, channel)

    def due_day(self, item: DueDay, bill: BillPosition | None) -> None:
        """The due date of a bill begins; one that is still open should have been reached."""
        if not self._counts or bill is None or bill.terms.due_on != item.due_on:
            return
        if not (bill.closed or bill.settled):
            self._tally.bills_open_at_due += 1
            self._tally.bills_reached += item.bill_id in self._reached
            self._tally.bills_read += item.bill_id in self._read

    def close(self, bills: int) -> Played:
        """The end of the run; `bills` asked for money."""
        tally = self._tally
        tally.customers += 1
        tally.bills += bills
        tally.customers_messaged += self._messages > 0
        tally.bills_messaged += len(self._messaged)
        count(tally.per_customer, self._messages)
        for _, tier in self._judged:
            count(tally.tier_bills, tier)
        for tier in {tier for _, tier in self._judged}:
            count(tally.tier_customers, tier)
        digest = _EMPTY.copy()
        digest.update("".join(self._kept).encode())
        return Played(self._ref, digest.digest(), self._messages, tuple(self._sent or ()))

    def _second(self) -> int:
        """Since 1970 UTC; asked for at fewer instants than there are."""
        if self._at is None:
            since = self._now - _EPOCH
            self._at = since.days * _DAY_S + since.seconds
        return self._at

    def _keep(self, each: Open, decision: Decision) -> None:
        channel = decision.rung.channel if isinstance(decision, Send) else ""
        second = self._second() if self._at is None else self._at
        self._kept.append(f"{each.name} {second} {type(decision).__name__} {channel}\n")
