"""Hands a simulated message over: the attempt that comes of it, and what will be heard of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Final

from reminders.domain.bill import BillPosition
from reminders.domain.decision import Decision, Send
from reminders.domain.escalation import failures
from reminders.domain.kinds import DATED
from reminders.domain.outcome import AttemptState, Permanent, Transient
from reminders.domain.policy import Policy
from reminders.domain.record import record
from reminders.domain.reminder import Attempt, Reminder
from reminders.domain.retrying import retry_at
from reminders.domain.usage import Contact, Usage
from reminders.services.simulate.facts import Known
from reminders.services.simulate.fates import Fate, Fates
from reminders.services.simulate.timeline import Item, Open, OptOut, Receipt

# Read once: in CPython 3.11 the attribute of an enum costs more than the comparison with it.
_FAILED: Final = AttemptState.FAILED
_REFUSED = Transient("refused")
_DEAD = Permanent("unknown address", dead_contact=True)

DigestKey = tuple[datetime, str, int, date]


@record
class Leader:
    """A message of this instant that takes further bills along, as a gate's does."""

    channel: str
    fate: Fate
    before: Usage  # what was used up before it: it must not stand in their way


def digest_key(
    policy: Policy, reminder: Reminder, bill: BillPosition | None, now: datetime
) -> DigestKey | None:
    """What bills of one customer share that go into one message; None: each has its own."""
    if not policy.digest or bill is None or reminder.kind not in DATED:
        return None
    return now, reminder.stage, reminder.month, bill.terms.due_on


def carries(leader: Leader, decision: Decision) -> bool:
    """True if the leader's message takes this bill along: it would go by the same channel."""
    return isinstance(decision, Send) and decision.rung.channel == leader.channel


def fate_of(model: Fates, known: Known, each: Open, channel: str) -> Fate:
    """What becomes of the next attempt on this channel."""
    about = f"{each.name}\0{len(each.attempts) + 1}"
    return model.fate(known.ref, channel, known.address(channel), about)


def attempted(each: Open, decision: Send, fate: Fate, policy: Policy, now: datetime) -> Attempt:
    """The attempt as it stands once the call has ended."""
    channel, again_at = decision.rung.channel, None
    if fate.state is _FAILED:
        outcome = _DEAD if fate.dead_contact else _REFUSED
        failed = failures(each.attempts, channel) + 1
        again_at = retry_at(outcome, failed, now, each.reminder.expires_at, policy.retry)
    return Attempt(
        each.reminder.reminder_id,
        len(each.attempts) + 1,
        channel,
        "model",
        fate.state,
        decision.rung.confirm,
        decision.cause,
        now,
        now + decision.rung.confirm_within,
        again_at,
    )


def now_in(attempt: Attempt, state: AttemptState) -> Attempt:
    """The attempt in another state. Written out: `dataclasses.replace` costs ten times as much."""
    return Attempt(
        attempt.attempt_id,
        attempt.number,
        attempt.channel,
        attempt.provider,
        state,
        attempt.confirm,
        attempt.cause,
        attempt.submitted_at,
        attempt.confirm_by,
        attempt.retry_at,
        attempt.reason,
    )


def to_come(each: Open, fate: Fate, now: datetime, *, leads: bool) -> list[tuple[datetime, Item]]:
    """What will be heard of the newest attempt. Only what leads makes a customer opt out."""
    index = len(each.attempts) - 1
    ahead: list[tuple[datetime, Item]] = [
        (now + timedelta(0, seconds), Receipt(each, index, state))
        for seconds, state in fate.receipts
    ]
    if leads and fate.opts_out_after is not None:
        channel = each.attempts[index].channel
        ahead.append((now + timedelta(0, fate.opts_out_after), OptOut(channel)))
    return ahead


def counted(contact: Contact, *, leads: bool) -> Contact:
    """The contact that caps count; what is carried along counts for its own bill alone."""
    return contact if leads else replace(contact, leads=False)
