"""Which contacts a bill calls for. A stage's time depends on the due date and the calendar alone.

Deadlines are solved backwards: a stage whose hour is barred waits for the next one, and where that
would be past its use it moves before it. What fits nowhere is planned with a flag.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import zip_longest

from reminders.domain.bill import BillPosition
from reminders.domain.calendar import instant, shift
from reminders.domain.customer import Customer
from reminders.domain.hours import is_open
from reminders.domain.identity import id_of, make_id, month_of
from reminders.domain.kinds import MessageKind, class_of
from reminders.domain.placing import place
from reminders.domain.policy import EventRule, Policy, Stage
from reminders.domain.record import record
from reminders.domain.reminder import Reminder
from reminders.domain.rules import rules_of
from reminders.domain.signals import Signal
from reminders.domain.tier import Tier

NO_LEGAL_HOUR = "no_legal_hour"


@record
class _Moment:
    """A stage in time: its month is that of its nominal local day, whatever hour it was given."""

    stage: Stage
    month: int
    due_at: datetime
    expires_at: datetime
    flag: str


def plan(
    bill: BillPosition,
    customer: Customer,
    policy: Policy,
    tier: Tier | None = None,
    signals: Sequence[Signal] = (),
) -> tuple[Reminder, ...]:
    """Every contact that `policy` holds for this bill in its present epoch, in order of time.

    With `tier`, only the stages of that tier; without, those of every tier: the tier is judged
    when a stage falls due, so a plan made under one tier holds under the next. Stages whose use
    ended before the bill was issued are left out; other past ones are in: whether they are still
    of use is for `decide` to say. Empty while the customer's zone is unknown and for a bill of
    nothing. The id and its month follow the due date, so that a change of zone moves a reminder in
    time and makes no second one. After the stages come the answers to `signals`, one per event
    rule of the policy.
    """
    if not customer.time_zone or bill.terms.amount_due <= 0:
        return ()
    moments = _moments(
        policy, bill.terms.due_on, bill.terms.issued_at, customer.zones, customer.jurisdiction
    )
    planned = [
        _reminder(bill, customer, policy, moment)
        for moment in moments
        if tier is None or tier in moment.stage.tiers
    ]
    if policy.events and signals:
        planned.extend(_answers(bill, customer, policy, signals))
    return tuple(planned)


def _reminder(bill: BillPosition, customer: Customer, policy: Policy, moment: _Moment) -> Reminder:
    stage = moment.stage
    name = f"{bill.bill_id}\x1f{stage.name}\x1f{bill.epoch}"
    reminder_id = id_of(moment.month, customer.customer_id, name)
    due_at = moment.due_at
    if policy.jitter and not moment.flag:
        later = due_at + policy.jitter * ((reminder_id.int % 1009) / 1009)
        rules = rules_of(policy, customer.jurisdiction, class_of(stage.kind))
        if later < moment.expires_at and is_open(rules.hours, customer.zones, later):
            due_at = later
    return Reminder(
        reminder_id,
        customer.customer_id,
        moment.month,
        bill.bill_id,
        stage.name,
        bill.epoch,
        stage.kind,
        stage.urgency,
        due_at,
        moment.expires_at,
        moment.flag,
    )


def _moments(
    policy: Policy, due_on: date, issued_at: datetime, zones: tuple[str, ...], jurisdiction: str
) -> tuple[_Moment, ...]:
    """Every stage of a due date in time, without those that were over when the bill came."""
    before, moments = _early(policy, due_on, zones, jurisdiction)
    if before is not None and issued_at <= before:
        return moments
    return _placed(policy, due_on, issued_at, zones, jurisdiction)


@lru_cache(maxsize=65_536)
def _early(
    policy: Policy, due_on: date, zones: tuple[str, ...], jurisdiction: str
) -> tuple[datetime | None, tuple[_Moment, ...]]:
    """Until when a bill may be issued without the instant mattering (None: it always does), and
    its stages then. That is until the first stage, if each is said at its own hour."""
    nominal = _nominal(policy, due_on, zones[0])
    if not nominal:
        return None, ()
    first_at = nominal[0][0]
    for at, ends_at, stage, _ in nominal:
        hours = rules_of(policy, jurisdiction, class_of(stage.kind)).hours
        if ends_at <= first_at or not is_open(hours, zones, at):
            return None, ()
    return first_at, _placed(policy, due_on, first_at, zones, jurisdiction)


def _nominal(
    policy: Policy, due_on: date, zone: str
) -> list[tuple[datetime, datetime, Stage, date]]:
    """Each stage with its own hour, its end and its local day, in order of time."""
    nominal: list[tuple[datetime, Stage, date]] = []
    for stage in policy.stages:
        day = shift(due_on, stage.offset_days)
        at = instant(day, stage.at, zone) if day is not None else None
        if day is not None and at is not None:
            nominal.append((at, stage, day))
    # Two stages share a moment where a zone skipped a day: the later stage is the newer one.
    nominal.sort(key=lambda each: (each[0], each[1].offset_days, each[1].name))
    found = []
    for index, (at, stage, day) in enumerate(nominal):
        ends_at = _on(due_on, stage.until_days, stage.until_at, zone)
        if index + 1 < len(nominal):
            ends_at = min(ends_at, nominal[index + 1][0])
        found.append((at, ends_at, stage, day))
    return found


@lru_cache(maxsize=65_536)
def _placed(
    policy: Policy, due_on: date, issued_at: datetime, zones: tuple[str, ...], jurisdiction: str
) -> tuple[_Moment, ...]:
    """The stages of a bill that was issued then, where allowed hours have room for them."""
    nominal = _nominal(policy, due_on, zones[0])
    found = []
    for index, (at, ends_at, stage, day) in enumerate(nominal):
        if ends_at <= issued_at:
            continue
        earliest = _earliest(stage.kind, due_on, issued_at, zones[0])
        if index:
            earliest = max(earliest, nominal[index - 1][0])
        rules = rules_of(policy, jurisdiction, class_of(stage.kind))
        placed = place(at, ends_at, earliest, rules.hours, zones)
        due_at, flag = (at, NO_LEGAL_HOUR) if placed is None else (placed.at, "")
        found.append(_Moment(stage, month_of(day), due_at, ends_at, flag))
    return tuple(_in_turn(found))


def _in_turn(moments: Sequence[_Moment]) -> Iterator[_Moment]:
    """A stage ends where the next one was placed, if that is before its own end."""
    for moment, after in zip_longest(moments, moments[1:]):
        ends_at = moment.expires_at
        if after is not None and not after.flag and moment.due_at < after.due_at < ends_at:
            ends_at = after.due_at
        yield _Moment(moment.stage, moment.month, moment.due_at, ends_at, moment.flag)


def _earliest(kind: MessageKind, due_on: date, issued_at: datetime, zone: str) -> datetime:
    """Nothing is said before the bill was there, nor that it is overdue before it is."""
    if kind is not MessageKind.OVERDUE:
        return issued_at
    return max(issued_at, _on(due_on, 1, time(), zone))


def _on(due_on: date, days: int, at: time, zone: str) -> datetime:
    day = shift(due_on, days)
    moment = instant(day, at, zone) if day is not None else None
    return datetime.max.replace(tzinfo=UTC) if moment is None else moment


def _answers(
    bill: BillPosition, customer: Customer, policy: Policy, signals: Iterable[Signal]
) -> Iterator[Reminder]:
    """The first signal of each event rule that is about this bill, and of use in its time."""
    for rule in policy.events:
        heard = [each.at for each in signals if _is_about(each, rule, bill)]
        # An answer that was over before the bill was there must not stand in for a later one.
        heard = [at for at in heard if _plus(at, rule.lasts) > bill.terms.issued_at]
        if heard:
            yield _answer(bill, customer, policy, rule, min(heard))


def _is_about(signal: Signal, rule: EventRule, bill: BillPosition) -> bool:
    return signal.trigger is rule.on and signal.bill_id == bill.bill_id


def _answer(
    bill: BillPosition, customer: Customer, policy: Policy, rule: EventRule, at: datetime
) -> Reminder:
    month = month_of(bill.terms.due_on)
    ends_at = _plus(at, rule.lasts)
    hours = rules_of(policy, customer.jurisdiction, class_of(rule.kind)).hours
    placed = place(at, ends_at, at, hours, customer.zones)
    return Reminder(
        reminder_id=make_id(month, customer.customer_id, bill.bill_id, rule.stage, bill.epoch),
        customer_id=customer.customer_id,
        month=month,
        bill_id=bill.bill_id,
        stage=rule.stage,
        epoch=bill.epoch,
        kind=rule.kind,
        urgency=rule.urgency,
        due_at=at if placed is None else placed.at,
        expires_at=ends_at,
        flag=NO_LEGAL_HOUR if placed is None else "",
    )


def _plus(at: datetime, lasts: timedelta) -> datetime:
    try:
        return at + lasts
    except OverflowError:
        return datetime.max.replace(tzinfo=UTC)
