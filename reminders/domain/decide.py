"""The one brain: whether, when, how and why a reminder is sent (design: one pure function)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from reminders.domain.bill import BillPosition
from reminders.domain.calendar import local_day
from reminders.domain.case import NOTHING_DOWN, Case
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
from reminders.domain.escalation import Confirmed, TryAgain, TryNext, Wait
from reminders.domain.experiments import HOLDOUT, group_of
from reminders.domain.expression import compile_condition
from reminders.domain.kinds import AFTER_SETTLEMENT, MessageKind, kind_on
from reminders.domain.planning import NO_LEGAL_HOUR
from reminders.domain.policy import Policy, Stage
from reminders.domain.reminder import Attempt, Cause, Reminder
from reminders.domain.send_time import first_usable
from reminders.domain.signals import ASKED_ONCE_IN
from reminders.domain.tier import Tier
from reminders.domain.usage import NOTHING_USED, Usage

# Read once: in CPython 3.11 the attribute of an enum costs more than the comparison with it.
_OVERDUE: Final = MessageKind.OVERDUE
_PRE_DUE: Final = MessageKind.PRE_DUE
_CONTACT_UPDATE: Final = MessageKind.CONTACT_UPDATE_REQUEST


def decide(
    now: datetime,
    reminder: Reminder,
    bill: BillPosition | None,
    customer: Customer,
    policy: Policy,
    tier: Tier,
    history: Sequence[Attempt],
    usage: Usage = NOTHING_USED,
    *,
    brief: bool = False,
    down: Mapping[str, str] = NOTHING_DOWN,
) -> Decision:
    """Say what is to be done with `reminder` at `now`, from facts alone.

    `history` holds this reminder's attempts in order of their number, `usage` the contacts that
    caps count, `down` the channels that take nothing now (`*`: none does) and why. Calling it
    again with the same arguments gives the same decision; the checks say in order what was asked
    and seen. A `Send` names the contact to be counted: whoever carries it
    out adds it to the usage before deciding on the next reminder. A `brief` decision is the same,
    and tells only of the checks that did not pass: a simulation reads no others.
    """
    if bill is None:
        return Cancel(Reason.BILL_CANCELLED, (Check("open", "no such bill", False),))
    today = local_day(now, customer.time_zone or "UTC")
    kind = kind_on(reminder.kind, bill.terms.due_on, today)
    case = Case(
        now, today, reminder, bill, customer, policy, tier, history, usage, kind, brief, down
    )
    return _over(case) or _held(case) or _timely(case) or _waiting(case) or _send(case)


def _over(case: Case) -> Decision | None:
    """Paid, cancelled, superseded or planned anew: nothing may be sent any more."""
    reason = closing(case.bill, case.reminder)
    if reason is None and case.kind is _OVERDUE:
        reason = _not_overdue(case)
    if reason is None:
        if not case.brief:
            case.check("open", True, "{0.balance} {0.terms.currency} left", case.bill)
        return None
    case.check("open", False, "{0.balance} {0.terms.currency} left", case.bill)
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
    if bill.paid >= bill.terms.amount_due:
        return Reason.SETTLED
    if bill.paid >= bill.terms.minimum_due and reminder.kind is _OVERDUE:
        return Reason.MINIMUM_MET
    return None


def _not_overdue(case: Case) -> Reason | None:
    """What waited past the due date would be called overdue today: not with the minimum met."""
    met = case.bill.paid >= case.bill.terms.minimum_due
    return Reason.MINIMUM_MET if met else None


def _held(case: Case) -> Decision | None:
    """A hold pauses; one that outlasts the stage ends it."""
    hold = case.customer.hold_on(case.reminder.bill_id, case.now)
    if hold is None:
        if not case.brief:
            case.check("holds", True, "none")
        return None
    case.check("holds", False, hold.kind)
    ends_at = case.reminder.expires_at
    if case.now >= ends_at:
        return Suppress(Reason.HOLD, case.seen())
    return Defer(min(hold.until_at or ends_at, ends_at), Reason.HOLD, case.seen())


def _timely(case: Case) -> Decision | None:
    """Due, and still the newest stage and of use; past that it is over."""
    reminder = case.reminder
    if case.now < reminder.due_at:
        case.check("due", False, "{}", reminder.due_at)
        return Defer(reminder.due_at, Reason.NOT_YET_DUE, case.seen())
    begun = bool(case.history)  # judged once: what has begun is carried through
    unwanted = None if begun else _unwanted(case) or _unplaceable(case) or _their_hour(case)
    if unwanted is not None:
        return unwanted
    if case.now < reminder.expires_at:
        if not case.brief:
            case.check("newest", True, "until {}", reminder.expires_at)
        return None
    step = case.progress()
    if isinstance(step, Confirmed):
        return _confirmed(case, step)
    case.check("newest", False, "{}", reminder.expires_at)
    return Expire(Reason.STAGE_PAST, case.seen())


def _their_hour(case: Case) -> Decision | None:
    """Not yet the hour at which this customer is best written to, if it comes in time today."""
    wanted = case.policy.send_time
    if wanted is None or case.policy.stage(case.reminder.stage) is None:
        return None
    customer = case.customer
    wishes = (
        ("the customer's", customer.best_time),
        ("the tier's", wanted.tiers.get(case.tier)),
        ("the policy's", wanted.at),
    )
    day = local_day(case.reminder.due_at, customer.time_zone)
    before = case.reminder.expires_at - wanted.leave
    found = first_usable(wishes, day, customer.zones, case.rules().hours, before)
    if found is None or found[1] <= case.now:
        return None
    whose, best = found
    case.check("send-time", False, "{} hour is {}", whose, best)
    return Defer(best, Reason.SEND_TIME, case.seen())


def _confirmed(case: Case, step: Confirmed) -> Decision:
    attempt = step.attempt
    if not case.brief:
        told = "paid since" if step.paid else attempt.state
        case.check("confirmed", True, "{} {}", attempt.channel, told)
    return Satisfy(attempt.channel, case.seen())


def _waiting(case: Case) -> Decision | None:
    """What is already on its way is waited for, unless it has arrived."""
    step = case.progress()
    if isinstance(step, Confirmed):
        return _confirmed(case, step)
    if isinstance(step, Wait):
        case.check("waiting", False, "{} until {}", step.reason, step.until)
        return Defer(min(step.until, case.reminder.expires_at), Reason.WAITING, case.seen())
    return None


def _unwanted(case: Case) -> Decision | None:
    """Not for this tier, not one of the customer's days, its condition not met, or held out."""
    stage = case.policy.stage(case.reminder.stage)
    if stage is None:
        rule = case.policy.event_rule(case.reminder.stage)
        case.check("tier", rule is not None, "an event" if rule else case.tier)
        if rule is None:
            return Suppress(Reason.NOT_FOR_TIER, case.seen())
        if case.kind is _CONTACT_UPDATE and not _asks_again(case):
            return Suppress(Reason.CONDITION, case.seen())
    else:
        reason = _not_of_the_plan(case, stage)
        if reason is not None:
            return Suppress(reason, case.seen())
    return _held_out(case)


def _asks_again(case: Case) -> bool:
    """Whoever was asked for new contact details is not asked again for a month, also where the
    address given since died as well (S4.23). On the next channel it is still the same request."""
    own, about = str(case.customer.customer_id), case.reminder.bill_id
    since = case.now - ASKED_ONCE_IN
    asked = [
        contact.at
        for contact in case.usage.contacts
        if contact.kind == case.kind and contact.at > since and contact.customer == own
        if contact.bill != about
    ]
    if asked:
        days = ASKED_ONCE_IN.days
        case.check("condition", False, "asked on {}, once in {} days", asked[-1].date(), days)
    return not asked


def _not_of_the_plan(case: Case, stage: Stage) -> Reason | None:
    chosen = case.chosen_offsets()
    picked = bool(chosen) and stage.kind is _PRE_DUE and stage.offset_days in chosen
    if chosen and stage.kind is _PRE_DUE:
        days = ", ".join(str(day) for day in sorted(chosen))
        kept = picked or _last_word(case, stage, chosen)
        case.check("chosen", kept, "the customer wants {} days", days)
        if not kept:
            return Reason.NOT_CHOSEN
    if not picked and case.tier not in stage.tiers:
        case.check("tier", False, case.tier)
        return Reason.NOT_FOR_TIER
    if not case.brief:
        case.check("tier", True, case.tier)
    if stage.when:
        holds = compile_condition(stage.when).holds(case.facts())
        case.check("condition", holds, "{}", stage.when)
        if not holds:
            return Reason.CONDITION
    return None


def _last_word(case: Case, stage: Stage, chosen: frozenset[int]) -> bool:
    """None of the customer's days is ahead, and nothing was said of the bill: silence is no
    choice that is offered (S5.8)."""
    return max(chosen) < stage.offset_days and case.bill.bill_id not in case.usage.told


def _unplaceable(case: Case) -> Decision | None:
    """Said when the bill arrived: no allowed hour lies within the stage's use."""
    if case.reminder.flag != NO_LEGAL_HOUR:
        return None
    case.check("hours", False, "no allowed hour before its use ends", cite=case.hours_cite())
    return Suppress(Reason.NO_LEGAL_HOUR, case.seen())


def _held_out(case: Case) -> Decision | None:
    """Experiments never touch what the law orders."""
    experiment = case.policy.experiment
    if experiment is None or case.kind in experiment.exclude or case.mandate() is not None:
        return None
    group = group_of(experiment, case.customer.ref)
    told = group or "in no group"
    case.check("experiment", group != HOLDOUT, "{}: {}", experiment.name, told)
    return Suppress(Reason.HOLDOUT, case.seen()) if group == HOLDOUT else None


def _send(case: Case) -> Decision:
    """The rung to use now, if one is open to us and the hour allows it."""
    step = case.progress()
    again = step.channel if isinstance(step, TryAgain) else None
    choice = choose(case)
    if not isinstance(choice, tuple):
        return choice
    rung, contact = choice
    if not case.brief:
        case.check("content", True, "{0.balance} {0.terms.currency}", case.bill)
    if isinstance(step, TryNext):
        cause = step.cause
    else:
        cause = Cause.RETRY if rung.channel == again else Cause.FAILED
    return Send(rung, cause, case.bill.balance, case.seen(), contact)
