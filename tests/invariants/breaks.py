"""Ways to break a rule, one at a time: each is a fault that some engine really had, or could.

`(what is broken, how)`: the checker of its invariant must find a life that goes wrong under it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from reminders.domain import caps, channel_choice, hours, identity, planning, rules, upcoming
from reminders.domain import decide as brain
from reminders.domain.bill import BillPosition
from reminders.domain.case import Case
from reminders.domain.compliance import Cap, Mandate
from reminders.domain.customer import Customer
from reminders.domain.decision import Decision, Expire, Reason
from reminders.domain.escalation import TryAgain, progress, spent
from reminders.domain.kinds import MessageKind
from reminders.domain.outcome import AttemptState
from reminders.domain.placing import Placed
from reminders.domain.reminder import Attempt, Reminder
from reminders.domain.usage import NOTHING_USED, Contact, Usage
from reminders.services import snapshot
from reminders.services.simulate.facts import Fact, fact_of
from tests.invariants import calling, playing

Patch = pytest.MonkeyPatch
Break = Callable[[Patch], None]
Any_ = Any  # whatever the rule that is broken takes
_ONE_INSTANT = datetime(2026, 1, 1, tzinfo=UTC)

# I1


def nothing_closes(patch: Patch) -> None:
    """A payment ends nothing."""
    patch.setattr(brain, "closing", lambda bill, reminder: None)


def paid_in_part_is_not_paid(patch: Patch) -> None:
    """The whole amount is asked for, whatever was paid of it (Lago)."""
    patch.setattr(BillPosition, "balance", property(lambda bill: bill.terms.amount_due))


def overdue_in_any_case(patch: Patch) -> None:
    """What waited past the due date speaks of an overdue bill, its minimum met or not."""
    patch.setattr(brain, "_not_overdue", lambda case: None)


def holds_hold_nothing(patch: Patch) -> None:
    """A dispute pauses nobody."""
    patch.setattr(Customer, "hold_on", lambda customer, bill_id, now: None)


def both_statements_ask(patch: Patch) -> None:
    """A statement that contains the rest of another does not silence it."""
    found = brain.closing

    def closing(bill: BillPosition, reminder: Reminder) -> Reason | None:
        return found(replace(bill, superseded_by=None), reminder)

    patch.setattr(brain, "closing", closing)


# I2


def always_open(patch: Patch) -> None:
    """Nobody looks at the clock when a message goes."""
    patch.setattr(channel_choice, "is_open", lambda hours, zones, now: True)


def only_the_first_zone(patch: Patch) -> None:
    """Where else the customer may be is not asked."""

    def stated(customer: Customer) -> None:
        object.__setattr__(customer, "zones", (customer.time_zone,))
        object.__setattr__(customer, "suspect", ())

    patch.setattr(Customer, "__post_init__", stated)


def winter_time(patch: Patch) -> None:
    """Hours are reckoned with the offset of winter, all the year."""

    def wall(now: datetime, zone: str) -> datetime:
        offset = ZoneInfo(zone).utcoffset(datetime(now.year, 1, 15))  # noqa: DTZ001 - a wall's
        return now + (offset or timedelta(0))

    patch.setattr(hours, "wall", wall)


def stages_are_not_placed(patch: Patch) -> None:
    """A stage stays at its nominal hour, open or not."""
    patch.setattr(planning, "place", lambda at, *rest: Placed(at, ""))


# I3


def no_is_not_heard(patch: Patch) -> None:
    """Opt-outs are kept and not asked."""
    patch.setattr(Customer, "opted_out", lambda customer, channel, kind: False)


def no_to_one_kind_is_not_heard(patch: Patch) -> None:
    """Only a no to everything counts."""

    def opted_out(customer: Customer, channel: str, kind: str) -> bool:
        every = [held for held in customer.preferences if held.kind == "*"]
        return any(held.channel == channel and not held.allowed for held in every)

    patch.setattr(Customer, "opted_out", opted_out)


def every_notice_is_ordered(patch: Patch) -> None:
    """A mandate of any kind passes every opt-out."""

    def mandate(case: Case) -> Mandate | None:
        return next(iter(case.rules().mandates), None)

    patch.setattr(Case, "mandate", mandate)


# I4


def no_caps(patch: Patch) -> None:
    """No cap is asked."""
    patch.setattr(channel_choice, "first_blocked", lambda caps, usage, wanted, zones: None)


def one_too_many(patch: Patch) -> None:
    """Each cap lets one more through."""
    found = caps.first_blocked

    def blocked(held: Sequence[Cap], usage: Usage, wanted: Contact, zones: Sequence[str]) -> object:
        return found([replace(cap, limit=cap.limit + 1) for cap in held], usage, wanted, zones)

    patch.setattr(channel_choice, "first_blocked", blocked)


def not_folded(patch: Patch) -> None:
    """What one message uses up is not seen by the next."""
    patch.setattr(Usage, "after", lambda usage, contact: usage)


def days_of_one_zone(patch: Patch) -> None:
    """A day is that of the first zone, wherever else the customer may be."""
    found = caps.first_blocked

    def blocked(held: Sequence[Cap], usage: Usage, wanted: Contact, zones: Sequence[str]) -> object:
        return found(held, usage, wanted, zones[:1])

    patch.setattr(channel_choice, "first_blocked", blocked)


# I5


def the_ended_are_taken_up_again(patch: Patch) -> None:
    """A late receipt opens what had ended."""
    patch.setattr(calling.Row, "open", property(lambda row: True))
    patch.setattr(playing, "move", lambda current, wanted: wanted)


def nothing_expires(patch: Patch) -> None:
    """What is past its use is put off from week to week."""

    def put_off(reminder: Reminder) -> datetime:
        return reminder.due_at + timedelta(days=900)

    found = brain.decide

    def decide(now: datetime, reminder: Reminder, *rest: Any_, **more: Any_) -> Decision:
        return found(now, replace(reminder, due_at=put_off(reminder)), *rest, **more)

    patch.setattr("reminders.services.snapshot.decide", decide)


# I6


def another_id_each_time(patch: Patch) -> None:
    """A plan that is made twice makes everything twice."""
    numbers = count()
    found = identity.make_id
    patch.setattr(
        planning, "make_id", lambda month, customer, *name: found(month, customer, next(numbers))
    )


def the_last_to_arrive_wins(patch: Patch) -> None:
    """Facts count in the order of their arrival."""
    numbers = count()

    def arrived(envelope: Any_) -> Fact:
        fact = fact_of(envelope)
        return replace(fact, rank=(_ONE_INSTANT, f"{next(numbers):08}"))

    patch.setattr(playing, "fact_of", arrived)


def every_delivery_counts(patch: Patch) -> None:
    """An event that is delivered twice has happened twice."""

    class Forgetful(set[str]):
        def __contains__(self, item: object) -> bool:
            return False

    found = playing.Player.__init__

    def begin(player: playing.Player, *rest: Any_) -> None:
        found(player, *rest)
        player.heard = Forgetful()

    patch.setattr(playing.Player, "__init__", begin)


def unsure_is_sent_again(patch: Patch) -> None:
    """A call without an answer is made once more."""

    def again(attempts: Sequence[Attempt], now: datetime) -> object:
        if attempts and attempts[-1].state is AttemptState.UNCERTAIN:
            return TryAgain(attempts[-1].channel)
        return progress(attempts, now)

    def certain(attempts: Sequence[Attempt]) -> set[str]:
        return spent([each for each in attempts if each.state is not AttemptState.UNCERTAIN])

    patch.setattr("reminders.domain.case.progress", again)
    patch.setattr("reminders.domain.channel_choice.spent", certain)


# I7


def only_on_the_dot(patch: Patch) -> None:
    """A stage goes at its time or never: a missed run loses it (Fineract)."""
    found = brain.decide

    def decide(now: datetime, reminder: Reminder, *rest: Any_, **more: Any_) -> Decision:
        history = rest[4]
        if not history and now > reminder.due_at + timedelta(minutes=10):
            return Expire(Reason.STAGE_PAST, ())
        return found(now, reminder, *rest, **more)

    patch.setattr("reminders.services.snapshot.decide", decide)


def planned_from_the_last_run(patch: Patch) -> None:
    """A stage's time counts from when somebody looked (Kill Bill 2297)."""
    found = upcoming.ahead

    def ahead(
        bill: BillPosition, customer: Customer, policy: Any_, now: datetime, heard: Any_
    ) -> tuple[Reminder, ...]:
        late = now - bill.terms.issued_at
        planned = found(bill, customer, policy, now, heard)
        return tuple(replace(each, due_at=each.due_at + late) for each in planned)

    patch.setattr(upcoming, "ahead", ahead)


def only_what_is_still_to_come(patch: Patch) -> None:
    """Stages whose time passed while nobody worked are not planned at all."""
    found = upcoming.ahead

    def ahead(
        bill: BillPosition, customer: Customer, policy: Any_, now: datetime, heard: Any_
    ) -> tuple[Reminder, ...]:
        planned = found(bill, customer, policy, now, heard)
        return tuple(each for each in planned if each.due_at > now)

    patch.setattr(upcoming, "ahead", ahead)


# I8


def one_channel_only(patch: Patch) -> None:
    """Where the first channel is closed to us, nothing goes."""
    found = channel_choice.ladder
    patch.setattr(channel_choice, "ladder", lambda case: found(case)[:1])


def only_the_chosen_days(patch: Patch) -> None:
    """The customer's days hold though none of them is left."""
    patch.setattr(brain, "_last_word", lambda case, stage, chosen: False)


def one_no_is_every_no(patch: Patch) -> None:
    """Who switches one channel off hears nothing on any."""

    def opted_out(customer: Customer, channel: str, kind: str) -> bool:
        return any(not held.allowed for held in customer.preferences)

    patch.setattr(Customer, "opted_out", opted_out)


def early_notices_are_dropped(patch: Patch) -> None:
    """A plan has no stage before the due date."""
    found = upcoming.ahead
    early = (MessageKind.PRE_DUE,)

    def ahead(*given: Any_) -> tuple[Reminder, ...]:
        return tuple(
            each if each.kind not in early else replace(each, expires_at=each.due_at)
            for each in found(*given)
        )

    patch.setattr(upcoming, "ahead", ahead)


# I9


def the_last_word_wins(patch: Patch) -> None:
    """Hours of the policy and of packs replace each other instead of intersecting."""
    patch.setattr(rules, "intersect", lambda a, b: b)


def the_wider_hours_win(patch: Patch) -> None:
    """Hours that either allows are allowed."""

    def widest(a: hours.Hours, b: hours.Hours) -> hours.Hours:
        spans = (
            min(each.opens for each in (*a.spans, *b.spans)),
            max(each.closes for each in (*a.spans, *b.spans)),
        )
        return hours.Hours(
            (hours.Span(*spans),),
            a.closed_weekdays & b.closed_weekdays,
            a.closed_days & b.closed_days,
        )

    patch.setattr(rules, "intersect", widest)


# I10


def what_was_used_up_is_not_kept(patch: Patch) -> None:
    """The contacts that caps counted are not among the inputs that are kept."""
    found = snapshot.dump
    patch.setattr(snapshot, "dump", lambda seen: found(replace(seen, usage=NOTHING_USED)))


def it_hangs_on_more_than_its_inputs(patch: Patch) -> None:
    """What was decided before changes what is decided now."""
    found, numbers = brain.decide, count()

    def decide(now: datetime, *rest: Any_, **more: Any_) -> Decision:
        if next(numbers) % 7 == 6:
            return Expire(Reason.STAGE_PAST, ())
        return found(now, *rest, **more)

    patch.setattr(snapshot, "decide", decide)
