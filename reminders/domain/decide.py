"""The one brain: whether, when, how and why a reminder is sent (design: one pure function)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from reminders.domain.bill import BillPosition
from reminders.domain.calendar import local_day
from reminders.domain.case import Case
from reminders.domain.channel_choice import choose
from reminders.domain.customer import Customer
from reminders.domain.decision import (
    Cancel,
    Check,
    Decision,
    Defer,
    Expire,
    Reason,
    Satisfy,
    Send,
    Suppress,
)
from reminders.domain.escalation import Confirmed, TryAgain, TryNext, Wait, progress
from reminders.domain.experiments import HOLDOUT, group_of
from reminders.domain.expression import compile_condition
from reminders.domain.kinds import AFTER_SETTLEMENT, MessageKind, kind_on
from reminders.domain.planning import NO_LEGAL_HOUR
from reminders.domain.policy import Policy, Stage
from reminders.domain.reminder import Attempt, Cause, Reminder
from reminders.domain.tier import Tier
from reminders.domain.usage import NOTHING_USED, Usage


def decide(
    now: datetime,
    reminder: Reminder,
    bill: BillPosition | None,
    customer: Customer,
    policy: Policy,
    tier: Tier,
    history: Sequence[Attempt],
    usage: Usage = NOTHING_USED,
) -> Decision:
    """Say what is to be done with `reminder` at `now`, from facts alone.

    `history` holds this reminder's attempts in order of their number, `usage` the contacts that
    caps count. Calling it again with the same arguments gives the same decision; the checks say in
    order what was asked and seen. A `Send` names the contact to be counted: whoever carries it
    out adds it to the usage before deciding on the next reminder.
    """
    if bill is None:
        return Cancel(Reason.BILL_CANCELLED, (Check("open", "no such bill", False),))
    today = local_day(now, customer.time_zone or "UTC")
    case = Case(
        now=now,
        today=today,
        reminder=reminder,
        bill=bill,
        customer=customer,
        policy=policy,
        tier=tier,
        history=history,
        usage=usage,
        kind=kind_on(reminder.kind, bill.terms.due_on, today),
    )
    return _over(case) or _held(case) or _timely(case) or _waiting(case) or _send(case)


def _over(case: Case) -> Decision | None:
    """Paid, cancelled, superseded or planned anew: nothing may be sent any more."""
    reason = closing(case.bill, case.reminder)
    case.check("open", f"{case.bill.balance} {case.bill.terms.currency} left", reason is None)
    if reason is None:
        return None
    if reason is Reason.MINIMUM_MET:
        return Suppress(reason, case.seen())
    return Cancel(reason, case.seen())


def closing(bill: BillPosition, reminder: Reminder) -> Reason | None:
    """Why a reminder of this bill may not be sent any more; None while it may."""
    if bill.cancelled:
        return Reason.BILL_CANCELLED
    if bill.epoch != reminder.epoch:
        return Reason.REPLANNED
    if reminder.kind in AFTER_SETTLEMENT:
        return None
    if bill.superseded_by is not None:
        return Reason.SUPERSEDED
    if bill.settled:
        return Reason.SETTLED
    if reminder.kind is MessageKind.OVERDUE and bill.minimum_left == 0:
        return Reason.MINIMUM_MET
    return None


def _held(case: Case) -> Decision | None:
    """A hold pauses; one that outlasts the stage ends it."""
    hold = case.customer.hold_on(case.reminder.bill_id, case.now)
    case.check("holds", "none" if hold is None else hold.kind, hold is None)
    if hold is None:
        return None
    ends_at = case.reminder.expires_at
    if case.now >= ends_at:
        return Suppress(Reason.HOLD, case.seen())
    return Defer(min(hold.until_at or ends_at, ends_at), Reason.HOLD, case.seen())


def _timely(case: Case) -> Decision | None:
    """Due, and still the newest stage and of use; past that it is over."""
    reminder = case.reminder
    if case.now < reminder.due_at:
        case.check("due", case.clock(reminder.due_at), False)
        return Defer(reminder.due_at, Reason.NOT_YET_DUE, case.seen())
    begun = bool(case.history)  # judged once: what has begun is carried through
    unwanted = None if begun else _unwanted(case) or _unplaceable(case)
    if unwanted is not None:
        return unwanted
    if case.now < reminder.expires_at:
        case.check("newest", f"until {case.clock(reminder.expires_at)}", True)
        return None
    match progress(case.history, case.now):
        case Confirmed(attempt):
            case.check("confirmed", f"{attempt.channel} {attempt.state}", True)
            return Satisfy(attempt.channel, case.seen())
        case _:
            case.check("newest", case.clock(reminder.expires_at), False)
            return Expire(Reason.STAGE_PAST, case.seen())


def _waiting(case: Case) -> Decision | None:
    """What is already on its way is waited for, unless it has arrived."""
    match progress(case.history, case.now):
        case Confirmed(attempt):
            case.check("confirmed", f"{attempt.channel} {attempt.state}", True)
            return Satisfy(attempt.channel, case.seen())
        case Wait(until, why):
            case.check("waiting", f"{why} until {case.clock(until)}", False)
            return Defer(min(until, case.reminder.expires_at), Reason.WAITING, case.seen())
        case TryAgain() | TryNext():
            return None


def _unwanted(case: Case) -> Decision | None:
    """Not for this tier, not one of the customer's days, its condition not met, or held out."""
    stage = case.policy.stage(case.reminder.stage)
    if stage is None:
        rule = case.policy.event_rule(case.reminder.stage)
        case.check("tier", "an event" if rule else case.tier, rule is not None)
        if rule is None:
            return Suppress(Reason.NOT_FOR_TIER, case.seen())
    else:
        reason = _not_of_the_plan(case, stage)
        if reason is not None:
            return Suppress(reason, case.seen())
    return _held_out(case)


def _not_of_the_plan(case: Case, stage: Stage) -> Reason | None:
    chosen = case.chosen_offsets()
    picked = stage.kind is MessageKind.PRE_DUE and stage.offset_days in chosen
    if chosen and stage.kind is MessageKind.PRE_DUE:
        days = ", ".join(str(day) for day in sorted(chosen))
        case.check("chosen", f"the customer wants {days} days", picked)
        if not picked:
            return Reason.NOT_CHOSEN
    wanted = picked or case.tier in stage.tiers
    case.check("tier", case.tier, wanted)
    if not wanted:
        return Reason.NOT_FOR_TIER
    if stage.when:
        holds = compile_condition(stage.when).holds(case.facts())
        case.check("condition", stage.when, holds)
        if not holds:
            return Reason.CONDITION
    return None


def _unplaceable(case: Case) -> Decision | None:
    """Said when the bill arrived: no allowed hour lies within the stage's use."""
    if case.reminder.flag != NO_LEGAL_HOUR:
        return None
    case.check("hours", "no allowed hour before its use ends", False, case.hours_cite())
    return Suppress(Reason.NO_LEGAL_HOUR, case.seen())


def _held_out(case: Case) -> Decision | None:
    """Experiments never touch what the law orders."""
    experiment = case.policy.experiment
    if experiment is None or case.kind in experiment.exclude or case.mandate() is not None:
        return None
    group = group_of(experiment, case.customer.ref)
    case.check("experiment", f"{experiment.name}: {group or 'in no group'}", group != HOLDOUT)
    return Suppress(Reason.HOLDOUT, case.seen()) if group == HOLDOUT else None


def _send(case: Case) -> Decision:
    """The rung to use now, if one is open to us and the hour allows it."""
    step = progress(case.history, case.now)
    again = step.channel if isinstance(step, TryAgain) else None
    choice = choose(case, again)
    if not isinstance(choice, tuple):
        return choice
    rung, contact = choice
    case.check("content", f"{case.bill.balance} {case.bill.terms.currency}", True)
    if isinstance(step, TryNext):
        cause = step.cause
    else:
        cause = Cause.RETRY if rung.channel == again else Cause.FAILED
    return Send(rung, cause, case.bill.balance, case.seen(), contact)
