"""The hour to write at, through clock changes and holidays: lawful, in time, in the stated order
(S3.14, S4.22)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from itertools import pairwise
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from reminders.domain.customer import Customer
from reminders.domain.decide import decide
from reminders.domain.decision import Decision, Defer, Reason
from reminders.domain.hours import Hours
from reminders.domain.kinds import class_of, kind_on
from reminders.domain.planning import plan
from reminders.domain.policy import Policy, SendTime
from reminders.domain.reminder import Reminder
from reminders.domain.rules import rules_of
from reminders.domain.tier import Tier
from tests.unit.domain.facts import bill, customer, default_policy, terms, version

PLACES = (
    ("Asia/Shanghai", "CN"),
    ("Asia/Taipei", "TW"),
    ("America/New_York", "US"),
    ("America/Los_Angeles", "US"),
    ("America/St_Johns", "CA"),
    ("Europe/London", "GB"),
    ("Europe/Berlin", "DE"),
    ("Atlantic/Azores", "PT"),
    ("Asia/Kolkata", "IN"),
    ("Australia/Lord_Howe", "AU"),
    ("America/Santiago", "CL"),
    ("Africa/Cairo", ""),
)
FIRST, DAYS = date(2026, 1, 1), 730
QUARTERS = st.integers(0, 95).map(lambda index: time(index // 4, index % 4 * 15))


@cache
def changes(zone: str) -> tuple[date, ...]:
    """The local days of 2026 and 2027 on which the clocks change."""
    here = ZoneInfo(zone)
    noons = [datetime.combine(FIRST + timedelta(days), time(12), here) for days in range(-1, DAYS)]
    return tuple(
        after.date() for before, after in pairwise(noons) if before.utcoffset() != after.utcoffset()
    )


@cache
def holidays(jurisdiction: str) -> tuple[date, ...]:
    calendar = default_policy().calendars.get(jurisdiction)
    return tuple(sorted(calendar.closed)) if calendar else ()


@st.composite
def lives(draw: st.DrawFn) -> tuple[Policy, Customer, date, Tier]:
    zone, jurisdiction = draw(st.sampled_from(PLACES))
    turning = [day for day in (*changes(zone), *holidays(jurisdiction)) if day.year in (2026, 2027)]
    any_day = st.integers(0, DAYS - 1).map(lambda days: FIRST + timedelta(days))
    days = st.sampled_from(turning) if turning else any_day
    tier = draw(st.sampled_from(Tier))
    wanted = SendTime(
        draw(QUARTERS),
        draw(st.dictionaries(st.just(tier), QUARTERS)),
        timedelta(hours=draw(st.integers(0, 30))),
    )
    others = draw(st.lists(st.sampled_from([zone for zone, _ in PLACES]), max_size=1))
    who = replace(
        customer(zone),
        jurisdiction=jurisdiction,
        other_zones=tuple(others),
        best_time=draw(st.none() | QUARTERS),
    )
    due_on = draw(days | any_day) + timedelta(days=draw(st.integers(-1, 3)))
    return replace(default_policy(), send_time=wanted), who, due_on, tier


def lawful(hours: Hours, who: Customer, at: datetime) -> bool:
    """As the law says it, minute by minute on the wall of every zone."""
    for zone in who.zones:
        wall = at.astimezone(ZoneInfo(zone))
        minute = wall.hour * 60 + wall.minute
        if wall.date() in hours.closed_days or wall.weekday() in hours.closed_weekdays:
            return False
        if not any(span.opens <= minute < span.closes for span in hours.spans):
            return False
    return True


def wishes(policy: Policy, who: Customer, tier: Tier, day: date) -> Iterator[tuple[str, datetime]]:
    """In the stated order, as instants of that day: a skipped time lies past its gap."""
    wanted = policy.send_time
    assert wanted is not None
    named = (
        ("the customer's", who.best_time),
        ("the tier's", wanted.tiers.get(tier)),
        ("the policy's", wanted.at),
    )
    for whose, at in named:
        if at is not None:
            local = datetime.combine(day, at, ZoneInfo(who.time_zone))
            yield whose, local.astimezone(UTC)


def stages(policy: Policy, who: Customer, due_on: date) -> list[Reminder]:
    due = terms(due_on=due_on, issued_at=datetime.combine(due_on, time(), UTC) - timedelta(days=14))
    return list(plan(bill([version(1, due)]), who, policy))


def asked(
    reminder: Reminder, due_on: date, who: Customer, policy: Policy, tier: Tier, now: datetime
) -> Decision:
    position = bill([version(1, terms(due_on=due_on))])
    return decide(now, reminder, position, who, policy, tier, ())


def waits(decision: Decision) -> bool:
    return isinstance(decision, Defer) and decision.reason is Reason.SEND_TIME


@given(lives())
def test_it_is_lawful_and_in_time_and_the_first_of_the_wishes_that_is(
    life: tuple[Policy, Customer, date, Tier],
) -> None:
    policy, who, due_on, tier = life
    assert policy.send_time is not None
    for reminder in stages(policy, who, due_on):
        now = reminder.due_at
        decision = asked(reminder, due_on, who, policy, tier, now)
        day = now.astimezone(ZoneInfo(who.time_zone)).date()
        hours = rules_of(
            policy, who.jurisdiction, class_of(kind_on(reminder.kind, due_on, day))
        ).hours
        before = reminder.expires_at - policy.send_time.leave
        usable = [
            (whose, at)
            for whose, at in wishes(policy, who, tier, day)
            if at <= before and lawful(hours, who, at)
        ]
        if not waits(decision):
            last = decision.checks[-1].rule
            unwanted = last in {"tier", "condition", "experiment", "hours", "newest"}
            assert unwanted or not usable or usable[0][1] <= now
            continue
        assert isinstance(decision, Defer)
        assert usable, "it waits for an hour that nothing allows"
        assert decision.until == usable[0][1] > now
        assert decision.checks[-1].saw.startswith(usable[0][0])
        assert not waits(asked(reminder, due_on, who, policy, tier, decision.until))


def ask_at(who: Customer, wanted: SendTime, due_on: date) -> tuple[str, int] | None:
    """Whose hour the notice of the day before waits for, and that hour on the customer's wall."""
    policy = replace(default_policy(), send_time=wanted)
    reminder = {each.stage: each for each in stages(policy, who, due_on)}["d-1"]
    decision = asked(reminder, due_on, who, policy, Tier.R2, reminder.due_at)
    if not isinstance(decision, Defer) or decision.reason is not Reason.SEND_TIME:
        return None
    whose = decision.checks[-1].saw.partition(" hour")[0]
    return whose, decision.until.astimezone(ZoneInfo(who.time_zone)).hour


WANTED = SendTime(time(11), {Tier.R2: time(12)}, timedelta(hours=2))
DUE = date(2026, 3, 10)


def test_a_learned_hour_of_the_night_gives_way_to_the_tiers_and_that_to_the_policys() -> None:
    night = replace(customer(), best_time=time(23, 30))
    assert ask_at(night, WANTED, DUE) == ("the tier's", 12)
    assert ask_at(night, replace(WANTED, tiers={Tier.R2: time(3)}), DUE) == ("the policy's", 11)


def test_with_no_lawful_wish_it_goes_at_the_stages_own_moment() -> None:
    night = replace(customer(), best_time=time(23, 30))
    assert ask_at(night, SendTime(time(4), {}, timedelta(hours=2)), DUE) is None


def test_an_hour_that_leaves_too_little_gives_way_too() -> None:
    late = replace(customer(), best_time=time(20))
    assert ask_at(late, replace(WANTED, leave=timedelta(hours=2)), DUE) == ("the customer's", 20)
    assert ask_at(late, replace(WANTED, leave=timedelta(hours=18)), DUE) == ("the tier's", 12)
