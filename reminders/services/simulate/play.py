"""Plays one customer in virtual time: hears facts, plans, decides, and lets messages have a fate.

The same functions as the live services call (`plan`, `closing`, `decide`, `progress`, the tier), in
the same order: facts of an instant come before what is due at it, as before the gate's commit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from heapq import heappop, heappush
from typing import Final

from reminders.domain.bill import BillPosition
from reminders.domain.calendar import instant
from reminders.domain.customer import Customer
from reminders.domain.decide import closing, decide
from reminders.domain.decision import Cancel, Decision, Defer, Reason, Satisfy, Send, Suppress
from reminders.domain.escalation import UNDER_WAY, Confirmed, Wait, progress
from reminders.domain.outcome import AttemptState, merge
from reminders.domain.policy import Policy
from reminders.domain.signals import Signal
from reminders.domain.tier import Tier
from reminders.domain.upcoming import ahead, heard_of
from reminders.services.simulate.carrier import (
    DigestKey,
    Leader,
    attempted,
    carries,
    counted,
    digest_key,
    fate_of,
    now_in,
    to_come,
)
from reminders.services.simulate.facts import Fact, Known
from reminders.services.simulate.fates import Fates
from reminders.services.simulate.habits import Habits
from reminders.services.simulate.story import Played, Story
from reminders.services.simulate.tally import Tally
from reminders.services.simulate.tiers import Tiers
from reminders.services.simulate.timeline import ALWAYS, DueDay, Item, Open, Receipt, Window
from reminders.services.simulate.used import Used

_STEP = timedelta(seconds=1)  # the least wait: nothing may wake up for ever at one instant
# Constants: an imported name is looked up each time by compiled code.
_heappush: Final = heappush
_heappop: Final = heappop
_FAILED: Final = AttemptState.FAILED
_READ: Final = AttemptState.READ
_MIDNIGHT: Final = time()


@dataclass(frozen=True, slots=True)
class Setting:
    """What every customer of a run is played with."""

    policy: Policy
    model: Fates
    window: Window = ALWAYS
    keep_sent: bool = False


class Play:
    """One customer under one policy; what is counted goes into `tally`."""

    def __init__(self, ref: str, facts: Sequence[Fact], setting: Setting, tally: Tally) -> None:
        self._known = Known(ref)
        self._facts = sorted(facts, key=lambda fact: (fact.at, fact.rank))
        self._policy = setting.policy
        self._model = setting.model
        self._window = setting.window
        self._story = Story(ref, setting.window, tally, keep_sent=setting.keep_sent)
        self._heap: list[tuple[datetime, int, Item]] = []
        self._pushed = 0
        # By the number of the reminder's id: in CPython 3.11 an id itself is dear to hash.
        self._open: dict[int, Open] = {}
        self._planned: dict[int, Open] = {}
        self._plans: dict[str, object] = {}  # bill → what its plan rests on
        self._seen: dict[str, BillPosition] = {}  # bills and customer as they were last evaluated
        self._seen_customer: Customer | None = None
        self._due_days: set[tuple[str, date]] = set()
        self._tiers = Tiers(setting.policy.risk)
        self._leaders: dict[DigestKey, Leader] = {}
        self._bills = self._known.bills()
        self._customer = self._known.customer()
        self._used = Used(setting.policy)
        self._habits = Habits()

    def run(self) -> Played:
        """Play from the first fact until nothing is left to do, or the window ends."""
        facts, heap, until_at = self._facts, self._heap, self._window.until_at
        facts.reverse()  # the next one last, to be taken off
        while facts or heap:
            if heap and not (facts and facts[-1].at <= heap[0][0]):
                now, _, item = _heappop(heap)
                if now >= until_at:
                    break
                if not (isinstance(item, Open) and (item.ended or item.next_at != now)):
                    self._story.turn(now)
                    self._do(now, item)
                continue
            now = facts[-1].at
            if now >= until_at:
                break
            self._story.turn(now)
            while facts and facts[-1].at == now:
                self._known.hear(facts.pop())
            self._evaluate(now)
        bills = sum(bill.terms.amount_due > 0 for bill in self._known.bills().values())
        return self._story.close(bills)

    def _do(self, now: datetime, item: Item) -> None:
        if isinstance(item, Open):
            self._wake(item, now)
        elif isinstance(item, Receipt):
            self._receive(item, now)
        elif isinstance(item, DueDay):
            self._story.due_day(item, self._known.bills().get(item.bill_id))
        else:
            self._known.opt_out(item.channel, now)
            self._story.opted_out(item.channel)
            self._evaluate(now)

    def _push(self, at: datetime, item: Item) -> None:
        self._pushed += 1
        _heappush(self._heap, (at, self._pushed, item))

    def _evaluate(self, now: datetime) -> None:
        """As `services.evaluate`: end what is over, free what was held, plan what is new."""
        self._tiers.forget()
        bills = self._bills = self._known.bills()
        customer = self._customer = self._known.customer()
        self._used.hear(self._known.observed.contacts)
        # Positions and customer are the same objects as before where no fact has touched them.
        same_customer = customer is self._seen_customer
        changed = {key for key, bill in bills.items() if bill is not self._seen.get(key)}
        self._seen, self._seen_customer = bills, customer
        self._review(bills, changed, now)
        heard = heard_of(bills.values(), customer, now) if self._policy.events else ()
        for key, bill in bills.items():
            if same_customer and key not in changed and not self._policy.events:
                continue
            over = bill.closed or bill.settled
            if not bill.cancelled and (not over or self._policy.events):
                self._plan(bill, customer, heard, now)

    def _review(self, bills: dict[str, BillPosition], changed: set[str], now: datetime) -> None:
        """End what is over, free what was held."""
        for each in list(self._open.values()):
            bill_id = each.reminder.bill_id
            reason = closing(bills[bill_id], each.reminder) if bill_id in changed else None
            if reason is not None:
                minimum = reason is Reason.MINIMUM_MET
                self._end(each, Suppress(reason, ()) if minimum else Cancel(reason, ()))
            elif each.held == Reason.HOLD and each.next_at > now:
                self._put_off(each, max(now, each.reminder.due_at), "")

    def _plan(
        self, bill: BillPosition, customer: Customer, heard: tuple[Signal, ...], now: datetime
    ) -> None:
        about = tuple([each for each in heard if each.bill_id == bill.bill_id]) if heard else heard
        rests_on = (bill.terms, bill.epoch, customer.zones, customer.jurisdiction, about)
        if self._plans.get(bill.bill_id) == rests_on or not self._covers(bill, customer):
            return
        self._plans[bill.bill_id] = rests_on
        if customer.time_zone:
            self._watch_due_day(bill, customer.time_zone, now)
        for reminder in ahead(bill, customer, self._policy, now, about):
            number = reminder.reminder_id.int
            held = self._planned.get(number)
            if held is None:
                if closing(bill, reminder) is None:
                    name = hex(number)[2:]  # compiled, a format costs ten times as much
                    each = Open(reminder, number, name, max(now, reminder.due_at))
                    self._planned[number] = self._open[number] = each
                    self._push(each.next_at, each)
            elif not held.ended and not held.attempts and held.reminder != reminder:
                held.reminder = reminder
                self._put_off(held, max(now, reminder.due_at), "")

    def _covers(self, bill: BillPosition, customer: Customer) -> bool:
        terms, selection = bill.terms, self._policy.applies_to
        return selection.covers(terms.product, terms.currency, customer.jurisdiction)

    def _watch_due_day(self, bill: BillPosition, zone: str, now: datetime) -> None:
        about = bill.bill_id, bill.terms.due_on
        begins_at = instant(bill.terms.due_on, _MIDNIGHT, zone)
        if begins_at is not None and begins_at >= now and about not in self._due_days:
            self._due_days.add(about)
            self._push(begins_at, DueDay(*about))

    def _wake(self, each: Open, now: datetime) -> None:
        bill = self._bills.get(each.reminder.bill_id)
        tier = self._tier_for(each, now)
        key = digest_key(self._policy, each.reminder, bill, now) if self._policy.digest else None
        leader = None if key is None else self._leaders.get(key)
        decision = self._decide(each, bill, tier, now, leader)
        if leader is not None and not carries(leader, decision):
            leader = None
            decision = self._decide(each, bill, tier, now, None)
        self._story.decided(each, decision, tier, now)
        if isinstance(decision, Send):
            self._send(each, decision, tier, now, key, leader)
        elif isinstance(decision, Defer):
            self._put_off(each, max(decision.until, now + _STEP), decision.reason)
        else:
            if isinstance(decision, Satisfy):
                self._story.reached(each.reminder.bill_id)
            self._over(each)

    def _decide(
        self,
        each: Open,
        bill: BillPosition | None,
        tier: Tier,
        now: datetime,
        leader: Leader | None,
    ) -> Decision:
        customer, policy, history = self._customer, self._policy, each.attempts
        if policy.send_time is not None and not history:
            customer = self._habits.known(customer, self._known.paid_at(), now)
        usage = self._used.usage if leader is None else leader.before
        return decide(now, each.reminder, bill, customer, policy, tier, history, usage, brief=True)

    def _tier_for(self, each: Open, now: datetime) -> Tier:
        """The tier now. Of what is under way and asks for nothing more, that of its last message:
        no check looks at it."""
        under_way = each.attempts and isinstance(progress(each.attempts, now), UNDER_WAY)
        if under_way and each.tier is not None:
            return each.tier
        tier = self._tiers.holds_at(now)
        if tier is None:
            tier = self._tiers.at(now, self._customer, self._bills.values(), self._known.failed_at)
        each.tier = tier
        return tier

    def _send(
        self,
        each: Open,
        decision: Send,
        tier: Tier,
        now: datetime,
        key: DigestKey | None,
        leader: Leader | None,
    ) -> None:
        channel = decision.rung.channel
        fate = fate_of(self._model, self._known, each, channel) if leader is None else leader.fate
        each.attempts.append(attempted(each, decision, fate, self._policy, now))
        self._story.attempted(each, len(each.attempts), channel, now)
        if key is not None and leader is None:
            self._leaders = {key: Leader(channel, fate, self._used.usage)}
        if fate.dead_contact:
            self._known.bury(channel, now)
            self._customer = self._known.customer()
        elif fate.state is not _FAILED:
            self._used.add(counted(decision.contact, leads=leader is None), self._bills)
            for at, item in to_come(each, fate, now, leads=leader is None):
                self._push(at, item)
            self._story.sent(each, channel, tier, leads=leader is None)
        if leader is None:
            self._story.told(channel, fate.state)
        self._settle(each, now)

    def _receive(self, receipt: Receipt, now: datetime) -> None:
        each = receipt.open
        held = each.attempts[receipt.index]
        state = merge(held.state, receipt.state)
        if state is held.state:
            return
        each.attempts[receipt.index] = now_in(held, state)
        self._story.heard(each.reminder.bill_id, held.channel, state)
        if state is _READ:
            self._habits.read(now)
        if not each.ended:
            self._settle(each, now)

    def _settle(self, each: Open, now: datetime) -> None:
        """As `services.record.wake_up`: done, or due again when."""
        step = progress(each.attempts, now)
        if isinstance(step, Confirmed):
            self._story.reached(each.reminder.bill_id)
            self._over(each)
        elif isinstance(step, Wait):
            self._put_off(each, min(step.until, max(now, each.reminder.expires_at)), "")
        else:
            self._put_off(each, now, "")

    def _put_off(self, each: Open, until: datetime, reason: str) -> None:
        each.next_at, each.held = until, reason
        self._push(until, each)

    def _end(self, each: Open, decision: Decision) -> None:
        self._story.ended(each, decision)
        self._over(each)

    def _over(self, each: Open) -> None:
        each.ended = True
        self._open.pop(each.number, None)
