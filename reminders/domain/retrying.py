"""When a rung is tried again: a pure function of outcome, attempt number, now and deadline."""

from __future__ import annotations

from datetime import datetime

from reminders.domain.outcome import Accepted, Outcome, Permanent, Transient, Uncertain, Unsent
from reminders.domain.policy import RetryRule


def retry_at(
    outcome: Outcome, failures: int, now: datetime, deadline: datetime, rule: RetryRule
) -> datetime | None:
    """The instant of the next try on the same rung, or None when the rung is spent.

    `failures` counts this one. A provider's Retry-After may lengthen the wait, never shorten it;
    a wait past `deadline` is no retry. A call that never began is due again at once, uncounted.
    """
    match outcome:
        case Unsent():
            return now if now < deadline else None
        case Transient(retry_after=asked):
            if failures > len(rule.waits):
                return None
            wait = rule.waits[failures - 1]
            if asked is not None:
                wait = max(wait, asked)
            # The difference, since a wait of any length need not lead to a date that exists.
            return now + wait if wait < deadline - now else None
        case Accepted() | Permanent() | Uncertain():
            return None
