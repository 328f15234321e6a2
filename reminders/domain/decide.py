"""The one brain: whether, when, how and why a reminder is sent (design: one pure function)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from reminders.domain.bill import BillPosition
from reminders.domain.calendar import allowed_from
from reminders.domain.customer import ContactHealth, Customer
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
)
from reminders.domain.escalation import Confirmed, Progress, TryAgain, TryNext, Wait, progress
from reminders.domain.kinds import MessageKind
from reminders.domain.policy import Policy, Rung
from reminders.domain.reminder import Attempt, Cause, Reminder
from reminders.domain.tier import Tier


def decide(
    now: datetime,
    reminder: Reminder,
    bill: BillPosition | None,
    customer: Customer,
    policy: Policy,
    tier: Tier,
    history: Sequence[Attempt],
) -> Decision:
    """Say what is to be done with `reminder` at `now`, from facts alone.

    `history` holds this reminder's attempts in order of their number. Calling it again with the
    same arguments gives the same decision; the checks say in order what was asked and seen.
    """
    checks: list[Check] = []
    if bill is None:
        return Cancel(Reason.BILL_CANCELLED, (Check("open", "no such bill", False),))
    return (
        _over(bill, reminder, checks)
        or _held(now, reminder, customer, checks)
        or _timely(now, reminder, policy, tier, history, checks)
        or _waiting(now, reminder, history, checks)
        or _send(now, reminder, bill, customer, policy, policy.ladders[tier], history, checks)
    )


def _over(bill: BillPosition, reminder: Reminder, checks: list[Check]) -> Decision | None:
    """Paid, cancelled, superseded or planned anew: nothing may be sent any more."""
    reason = closing(bill, reminder)
    checks.append(Check("open", f"{bill.balance} {bill.terms.currency} left", reason is None))
    if reason is None:
        return None
    if reason is Reason.MINIMUM_MET:
        return Suppress(reason, tuple(checks))
    return Cancel(reason, tuple(checks))


def closing(bill: BillPosition, reminder: Reminder) -> Reason | None:
    """Why a reminder of this bill may not be sent any more; None while it may."""
    if bill.cancelled:
        return Reason.BILL_CANCELLED
    if bill.superseded_by is not None:
        return Reason.SUPERSEDED
    if bill.settled:
        return Reason.SETTLED
    if bill.epoch != reminder.epoch:
        return Reason.REPLANNED
    if reminder.kind is MessageKind.OVERDUE and bill.minimum_left == 0:
        return Reason.MINIMUM_MET
    return None


def _held(
    now: datetime, reminder: Reminder, customer: Customer, checks: list[Check]
) -> Decision | None:
    """A hold pauses; one that outlasts the stage ends it."""
    hold = customer.hold_on(reminder.bill_id, now)
    checks.append(Check("holds", "none" if hold is None else hold.kind, hold is None))
    if hold is None:
        return None
    if now >= reminder.expires_at:
        return Suppress(Reason.HOLD, tuple(checks))
    until = min(hold.until_at or reminder.expires_at, reminder.expires_at)
    return Defer(until, Reason.HOLD, tuple(checks))


def _timely(
    now: datetime,
    reminder: Reminder,
    policy: Policy,
    tier: Tier,
    history: Sequence[Attempt],
    checks: list[Check],
) -> Decision | None:
    """Due, of this tier, still the newest stage and not past its use."""
    if now < reminder.due_at:
        checks.append(Check("due", f"{reminder.due_at:%Y-%m-%d %H:%M:%SZ}", False))
        return Defer(reminder.due_at, Reason.NOT_YET_DUE, tuple(checks))
    if not history:
        stage = policy.stage(reminder.stage)
        wanted = stage is not None and tier in stage.tiers
        checks.append(Check("tier", tier, wanted))
        if not wanted:
            return Suppress(Reason.NOT_FOR_TIER, tuple(checks))
    if now < reminder.expires_at:
        checks.append(Check("newest", f"until {reminder.expires_at:%Y-%m-%d %H:%M:%SZ}", True))
        return None
    match progress(history, now):
        case Confirmed(attempt):
            checks.append(Check("confirmed", f"{attempt.channel} {attempt.state}", True))
            return Satisfy(attempt.channel, tuple(checks))
        case _:
            checks.append(Check("newest", f"{reminder.expires_at:%Y-%m-%d %H:%M:%SZ}", False))
            return Expire(Reason.STAGE_PAST, tuple(checks))


def _waiting(
    now: datetime, reminder: Reminder, history: Sequence[Attempt], checks: list[Check]
) -> Decision | None:
    """What is already on its way is waited for, unless it has arrived."""
    match progress(history, now):
        case Confirmed(attempt):
            checks.append(Check("confirmed", f"{attempt.channel} {attempt.state}", True))
            return Satisfy(attempt.channel, tuple(checks))
        case Wait(until, why):
            checks.append(Check("waiting", f"{why} until {until:%Y-%m-%d %H:%M:%SZ}", False))
            return Defer(min(until, reminder.expires_at), Reason.WAITING, tuple(checks))
        case TryAgain() | TryNext():
            return None


def _send(
    now: datetime,
    reminder: Reminder,
    bill: BillPosition,
    customer: Customer,
    policy: Policy,
    ladder: Sequence[Rung],
    history: Sequence[Attempt],
    checks: list[Check],
) -> Decision:
    """The rung to use now, if one is open to us and the hour allows it."""
    step = progress(history, now)
    wanted = step.channel if isinstance(step, TryAgain) else None
    rung = _choose(reminder, customer, ladder, history, wanted, checks)
    if not isinstance(rung, Rung):
        return rung
    opens_at = allowed_from(now, customer.time_zone, policy.quiet)
    quiet = f"not {policy.quiet.start:%H:%M}-{policy.quiet.end:%H:%M} {customer.time_zone}"
    checks.append(Check("hours", quiet, opens_at <= now))
    if opens_at > now:
        return Defer(min(opens_at, reminder.expires_at), Reason.QUIET_HOURS, tuple(checks))
    checks.append(Check("content", f"{bill.balance} {bill.terms.currency}", True))
    return Send(rung, _cause(step, rung), bill.balance, tuple(checks))


def _cause(step: Progress, rung: Rung) -> Cause:
    if isinstance(step, TryNext):
        return step.cause
    again = isinstance(step, TryAgain) and step.channel == rung.channel
    return Cause.RETRY if again else Cause.FAILED


def _choose(
    reminder: Reminder,
    customer: Customer,
    ladder: Sequence[Rung],
    history: Sequence[Attempt],
    wanted: str | None,
    checks: list[Check],
) -> Rung | Decision:
    """The first rung not used yet (or the wanted one again) whose channel is open to us."""
    used = {attempt.channel for attempt in history}
    barred = False
    for rung in ladder:
        if rung.channel in used and rung.channel != wanted:
            continue
        opted_out = customer.opted_out(rung.channel, reminder.kind)
        checks.append(
            Check(f"opt-out.{rung.channel}", "opted out" if opted_out else "allowed", not opted_out)
        )
        barred = barred or opted_out
        if not opted_out and _reachable(customer, rung.channel, checks):
            return rung
    if history:
        return Exhaust(Reason.LADDER_SPENT, tuple(checks))
    if barred:
        return Suppress(Reason.OPTED_OUT, tuple(checks))
    return Exhaust(Reason.NO_CONTACT, tuple(checks))


def _reachable(customer: Customer, channel: str, checks: list[Check]) -> bool:
    contact = customer.contacts.get(channel)
    health = "none" if contact is None else contact.health
    alive = contact is not None and contact.health is not ContactHealth.DEAD
    checks.append(Check(f"contact.{channel}", health, alive))
    return alive
