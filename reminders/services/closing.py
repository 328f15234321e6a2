"""When what waited may be handed over, and until when: a function of facts alone."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from typing import NamedTuple

from reminders.domain.calendar import instant, local_day, shift
from reminders.domain.hours import Hours, is_open, opens_at
from reminders.domain.kinds import DATED, MessageKind, class_of, kind_on
from reminders.domain.policy import Policy
from reminders.domain.rules import rules_of
from reminders.domain.wall import wall
from reminders.ledger.incidents import Waiting

_DAY = 24 * 60  # minutes on the wall
_DAYS = 2  # further ahead nobody needs to know when it closes
_HOUR = timedelta(hours=1)


class Window(NamedTuple):
    """It may be handed over from the first instant until just before the second."""

    opens_at: datetime
    ends_at: datetime


def window(policy: Policy, waiting: Waiting, now: datetime) -> Window | None:
    """The next opening of its hours, until they close, its use ends or its bill falls due unpaid.

    None if no opening comes before its use ends: then there is nothing to wait for.
    """
    zones = (waiting.time_zone, *waiting.other_zones)
    hours = _hours(policy, waiting, now)
    opens = opens_at(hours, zones, now) if waiting.time_zone else None
    if opens is None or opens >= waiting.expires_at:
        return None
    ends = closes_at(hours, zones, opens, waiting.expires_at)
    return Window(opens, min(ends, _due_end(waiting, opens) or ends))


def closes_at(hours: Hours, zones: Sequence[str], now: datetime, before: datetime) -> datetime:
    """The first instant after `now`, at which it is open, when it closes in one of the zones; at
    most `before`. Where it stays open for two days, it is `before` as well."""
    begins = (opens for opens, _ in hours.blackouts if opens > now)
    ends = [_closes_on(hours, zone, now, before) for zone in zones]
    return min([before, *begins, *ends])


def _closes_on(hours: Hours, zone: str, now: datetime, before: datetime) -> datetime:
    """As `closes_at`, on the wall of one zone alone."""
    at = now
    while at < before and at - now < timedelta(days=_DAYS):
        if not is_open(hours, (zone,), at):
            return at
        seen = wall(at, zone)
        minute = seen.hour * 60 + seen.minute
        closes = next(each.closes for each in hours.spans if each.opens <= minute < each.closes)
        past = timedelta(minutes=minute, seconds=seen.second, microseconds=seen.microsecond)
        # An hour at a time: a clock change in between moves the wall.
        at += min(timedelta(minutes=closes) - past, _HOUR)
    return before


def _hours(policy: Policy, waiting: Waiting, now: datetime) -> Hours:
    kind = MessageKind(waiting.kind)
    overdue = False
    if waiting.due_on is not None:
        today = local_day(now, waiting.time_zone or "UTC")
        kind, overdue = kind_on(kind, waiting.due_on, today), today > waiting.due_on
    said = class_of(kind, waiting.lane, overdue=overdue)
    return rules_of(policy, waiting.jurisdiction, said).hours


def _due_end(waiting: Waiting, now: datetime) -> datetime | None:
    """The end of the due date where it is still ahead; None of what is not about it, or past it."""
    if waiting.due_on is None or MessageKind(waiting.kind) not in DATED:
        return None
    after = shift(waiting.due_on, 1)
    ends = None if after is None else instant(after, time(), waiting.time_zone)
    return ends if ends is not None and ends > now else None
