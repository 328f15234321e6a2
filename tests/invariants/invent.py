"""Invents lives: few customers, bills and days, so that facts meet each other often."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from functools import cache
from pathlib import Path
from random import Random

from hypothesis import strategies as st

from reminders.domain.compliance import Cap, Count, Mark, Scope, Source, Window
from reminders.domain.kinds import MessageClass, MessageKind
from reminders.domain.outcome import ReceiptStatus
from reminders.domain.policy import (
    Confirm,
    EventRule,
    Limits,
    Policy,
    QuietHours,
    Rung,
    Stage,
    Trigger,
    Urgency,
)
from reminders.domain.scorecard import RiskCard
from reminders.domain.tier import Tier
from reminders.services import policy_files
from reminders.services.holidays_of import calendar_of
from tests.invariants.life import Answer, Fate, Life, Pace, Rhythm, in_order
from tests.invariants.writing import Writer

FOLDER = Path(policy_files.__file__).parents[2] / "config" / "policies"
# Near the clock changes of New York, Europe and Lord Howe, and before China's week of holidays.
STARTS = tuple(
    datetime(year, month, day, 2, tzinfo=UTC)
    for year, month, day in ((2026, 3, 1), (2026, 3, 22), (2026, 9, 26), (2026, 10, 22))
)
_QUIET = (
    *(("21:00", "08:00"), ("20:00", "09:00"), ("00:00", "00:00"), ("09:00", "18:30")),
    *(("22:30", "11:15"),),
)
_PLACES = ("CN", "US", "GB", "IN", "DE", "TW")


@cache
def shipped() -> tuple[Policy, ...]:
    """Every policy in the box, with the holidays of the years that lives are played in."""
    found = {place: calendar_of(place, (2025, 2026, 2027)) for place in _PLACES}
    calendars = {place: calendar for place, calendar in found.items() if calendar is not None}
    paths = sorted(FOLDER.glob("*.yaml"))
    return tuple(replace(policy_files.read(path)[0], calendars=calendars) for path in paths)


def invent_policy(rng: Random) -> Policy:
    """A shipped policy under other limits, quiet hours, jitter, ladders, caps; always a new one."""
    base = rng.choice(shipped())
    start, end = (time.fromisoformat(text) for text in rng.choice(_QUIET))
    found = replace(
        base,
        limits=Limits(rng.choice((None, 1, 2, 3)), rng.choice((None, 1, 4, 12))),
        quiet=QuietHours(start, end),
        jitter=timedelta(minutes=rng.choice((0, 0, 20, 180))),
        digest=rng.random() < 0.4,
        events=_EVENTS if rng.random() < 0.5 else base.events,
    )
    if rng.random() < 0.5:  # one tier for all: lives are too short to earn the best
        card = RiskCard("story", 1, (), ((0, rng.choice(tuple(Tier))),), 0, 0)
        found = replace(found, risk=card)
    if rng.random() < 0.3:
        found = replace(found, stages=(*found.stages, _BUREAU))
    if rng.random() < 0.3:
        found = replace(
            found, ladders={tier: (_CALL, *rungs) for tier, rungs in found.ladders.items()}
        )
    if rng.random() < 0.5:
        found = _with_cap(rng, found)
    return found


_TIERS = frozenset(Tier)
_BUREAU = Stage(
    "d+16", 16, time(10), 26, time(10), MessageKind.BUREAU_PRE_NOTICE, Urgency.HIGH, _TIERS
)
_CALL = Rung("voice", Confirm.DELIVERED, timedelta(minutes=10))
_EVENTS = (
    EventRule(Trigger.ANOMALY, MessageKind.PRE_DUE, timedelta(hours=24), Urgency.RAISED, True),
    EventRule(Trigger.CONTACT_DEAD, MessageKind.CONTACT_UPDATE_REQUEST, timedelta(hours=72)),
    EventRule(Trigger.PROMISE_BROKEN, MessageKind.PROMISE_FOLLOWUP, timedelta(hours=48)),
    EventRule(Trigger.PAYMENT, MessageKind.PAYMENT_RECEIVED, timedelta(hours=30)),
    EventRule(Trigger.OPT_OUT, MessageKind.OPTOUT_DISCLOSURE, timedelta(hours=30)),
)


def _with_cap(rng: Random, policy: Policy) -> Policy:
    """One more cap in the house pack, which joins every other."""
    cap = Cap(
        "story.cap",
        rng.choice(tuple(Count)),
        rng.randint(0, 3),
        rng.choice(tuple(Window)),
        rng.choice((1, 2, 7)),
        frozenset({rng.choice(tuple(Scope))}),
        Source("a story", Mark.HOUSE),
        channels=rng.choice((frozenset(), frozenset({"sms", "email"}), frozenset({"voice"}))),
        exempt=rng.choice((frozenset(), frozenset({MessageClass.MANDATED}))),
    )
    packs = dict(policy.packs)
    name = "house" if "house" in packs else min(packs)
    packs[name] = replace(packs[name], caps=(*packs[name].caps, cap))
    return replace(policy, packs=packs)


_ANSWERS = (Answer.ACCEPTED,) * 6 + tuple(Answer)
_STATUSES = tuple(ReceiptStatus)


def invent_fate(rng: Random) -> Fate:
    """A call's answer, and up to two receipts in any order."""
    answer = rng.choice(_ANSWERS)
    receipts = tuple(
        (timedelta(minutes=rng.choice((0, 1, 70, 400, 3000))), rng.choice(_STATUSES))
        for _ in range(rng.choice((0, 0, 1, 2)))
    )
    told = answer in (Answer.ACCEPTED, Answer.UNCERTAIN)
    return Fate(answer, receipts if told else ())


def invent_rhythm(rng: Random, start: datetime) -> Rhythm:
    """Any pace; the outage begins within three weeks."""
    down_at = start + timedelta(hours=rng.randint(0, 20 * 24))
    return Rhythm(rng.choice(tuple(Pace)), rng.randint(0, 1439), down_at)


def invent(rng: Random) -> Life:
    """A whole life of one or two customers."""
    start = rng.choice(STARTS)
    writer = Writer(rng, start)
    people = ["C-1"] if rng.random() < 0.75 else ["C-1", "C-2"]
    for who in people:
        writer.customer(who)
        writer.bills(who)
    for _ in range(rng.randint(0, 9)):
        writer.act(rng.choice(people))
    return Life(
        policy=invent_policy(rng),
        told=in_order(writer.told),
        rhythm=invent_rhythm(rng, start),
        fates=tuple(invent_fate(rng) for _ in range(rng.randint(1, 5))),
    )


lives: st.SearchStrategy[Life] = st.randoms(use_true_random=False).map(invent)
