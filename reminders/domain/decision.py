"""What `decide` returns: a closed union, each with the checks that led to it."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from reminders.domain.policy import Rung
from reminders.domain.record import record
from reminders.domain.reminder import Cause
from reminders.domain.usage import Contact


class Reason(StrEnum):
    """Why a reminder was not, or not yet, sent."""

    SETTLED = "settled"
    BILL_CANCELLED = "bill_cancelled"
    SUPERSEDED = "superseded"
    REPLANNED = "replanned"
    MINIMUM_MET = "minimum_met"
    HOLD = "hold"
    NOT_FOR_TIER = "not_for_tier"
    OPTED_OUT = "opted_out"
    NO_CONTACT = "no_contact"
    LADDER_SPENT = "ladder_spent"
    STAGE_PAST = "stage_past"
    NOT_YET_DUE = "not_yet_due"
    WAITING = "waiting"
    QUIET_HOURS = "quiet_hours"
    PACING = "pacing"
    CONTENT = "content"
    NOT_CHOSEN = "not_chosen"
    CONDITION = "condition"
    HOLDOUT = "holdout"
    NO_CONSENT = "no_consent"
    NO_LEGAL_HOUR = "no_legal_hour"
    CAP = "cap"
    CHANNEL_DOWN = "channel_down"
    SEND_TIME = "send_time"


@record
class Check:
    """One rule that was asked: its id, what it saw, whether it let the message pass, and the law
    or house rule behind it where there is one."""

    rule: str
    saw: str
    passed: bool
    cite: str = ""


@record
class Send:
    """Hand over on `rung`, as this amount of this bill stands now."""

    rung: Rung
    cause: Cause
    amount: int
    checks: tuple[Check, ...]
    contact: Contact  # what is reserved: to be counted unless surely nothing left


@record
class Defer:
    until: datetime
    reason: Reason
    checks: tuple[Check, ...]


@record
class Suppress:
    reason: Reason
    checks: tuple[Check, ...]


@record
class Cancel:
    reason: Reason
    checks: tuple[Check, ...]


@record
class Expire:
    reason: Reason
    checks: tuple[Check, ...]


@record
class Exhaust:
    reason: Reason
    checks: tuple[Check, ...]


@record
class Satisfy:
    """An attempt reached what its rung asks: the reminder has done its work."""

    channel: str
    checks: tuple[Check, ...]


Decision = Send | Defer | Suppress | Cancel | Expire | Exhaust | Satisfy


def decision_reason(decision: Decision) -> str:
    """The one word behind a decision."""
    if isinstance(decision, Send):  # no `match`: this runs for every decision
        return f"{decision.rung.channel} {decision.cause}"
    return decision.channel if isinstance(decision, Satisfy) else decision.reason
