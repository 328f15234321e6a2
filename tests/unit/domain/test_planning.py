"""A plan follows from the due date alone: whenever and wherever it is made, it is the same."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reminders.domain import planning
from reminders.domain.identity import customer_in, month_in, month_of
from reminders.domain.planning import plan
from reminders.domain.policy import Policy, QuietHours
from reminders.domain.reminder import Reminder
from reminders.domain.tier import Tier
from tests.unit.domain.facts import (
    START,
    at,
    bill,
    customer,
    default_policy,
    payment,
    terms,
    version,
    zones,
)

LONG_AGO = datetime(1, 1, 1, tzinfo=UTC)


def planned(due_on: date, zone: str = "Asia/Taipei", issued_at: datetime = LONG_AGO) -> list[str]:
    position = bill([version(1, terms(due_on=due_on, issued_at=issued_at))])
    zoned = ZoneInfo(zone)
    return [
        f"{reminder.stage} {reminder.due_at.astimezone(zoned):%m-%d %H:%M}"
        for reminder in plan(position, customer(zone), default_policy())
    ]


def test_stages_are_days_of_the_due_date_at_the_customers_own_hour() -> None:
    assert planned(date(2026, 3, 25)) == [
        "d-7 03-18 10:00",
        "d-3 03-22 10:00",
        "d-1 03-24 10:00",
        "d0 03-25 10:00",
        "d+1 03-26 10:00",
        "d+3 03-28 10:00",
        "d+7 04-01 10:00",
    ]


def test_the_29th_of_february_is_a_day_like_another() -> None:
    assert planned(date(2028, 2, 29))[3:] == [
        "d0 02-29 10:00",
        "d+1 03-01 10:00",
        "d+3 03-03 10:00",
        "d+7 03-07 10:00",
    ]
    assert planned(date(2028, 3, 1))[2] == "d-1 02-29 10:00"


def test_the_first_and_the_last_day_of_the_calendar_have_the_stages_that_exist() -> None:
    assert [line[:3].strip() for line in planned(date(1, 1, 1))] == ["d0", "d+1", "d+3", "d+7"]
    last = bill([version(1, terms(due_on=date(9999, 12, 31)))])
    stages = plan(last, customer(), default_policy())
    assert [reminder.stage for reminder in stages] == ["d-7", "d-3", "d-1", "d0"]
    assert all(reminder.due_at < reminder.expires_at for reminder in stages)


@pytest.mark.parametrize(
    ("zone", "due_on"),
    [
        ("America/New_York", date(2026, 3, 8)),  # the clock goes forward
        ("America/New_York", date(2026, 11, 1)),  # and back
        ("Australia/Lord_Howe", date(2026, 10, 4)),  # by half an hour
    ],
)
def test_a_clock_change_leaves_the_local_hour(zone: str, due_on: date) -> None:
    assert [line.rpartition(" ")[2] for line in planned(due_on, zone)] == ["10:00"] * 7


def test_the_day_that_a_zone_left_out_is_made_up_for() -> None:
    # Samoa crossed the date line and had no 30 December 2011.
    assert planned(date(2011, 12, 30), "Pacific/Apia")[3:5] == [
        "d0 12-31 10:00",
        "d+1 12-31 10:00",
    ]


days = st.dates(date(2000, 1, 1), date(2100, 1, 1))


@given(days, zones, zones)
def test_a_change_of_zone_moves_reminders_and_makes_no_second_ones(
    due_on: date, before: str, after: str
) -> None:
    position = bill([version(1, terms(due_on=due_on, issued_at=LONG_AGO))])
    here = plan(position, customer(before), default_policy())
    there = plan(position, customer(after), default_policy())
    assert [each.reminder_id for each in here] == [each.reminder_id for each in there]
    assert [each.month for each in here] == [each.month for each in there]


@given(days, zones)
def test_each_stage_ends_before_the_next_begins(due_on: date, zone: str) -> None:
    position = bill([version(1, terms(due_on=due_on, issued_at=LONG_AGO))])
    stages = plan(position, customer(zone), default_policy())
    assert len({each.reminder_id for each in stages}) == len(stages) == 7
    for one, following in pairwise(stages):
        assert one.due_at <= one.expires_at <= following.due_at


@given(days, zones, st.integers(0, 999), st.integers(0, 2_000))
def test_the_times_depend_on_the_due_date_alone(
    due_on: date, zone: str, paid: int, more: int
) -> None:
    """Neither the amount, nor what was paid, nor what else is known moves a stage."""
    who = customer(zone)
    one = bill([version(1, terms(due_on=due_on, issued_at=LONG_AGO))])
    other = bill(
        [version(3, terms(1000 + more, due_on=due_on, issued_at=LONG_AGO))],
        [payment("P", paid, at(1))],
    )
    assert plan(one, who, default_policy()) == plan(other, who, default_policy())


# Each stage is over before its hours open, and so it moves before them, once the bill is there.
MORNINGS_CLOSED = replace(
    default_policy(),
    quiet=QuietHours(time(9), time(11)),
    stages=tuple(
        replace(each, until_days=each.offset_days, until_at=time(10, 30))
        for each in default_policy().stages
    ),
)


@given(
    days,
    zones,
    st.integers(-20 * 24 * 60, 12 * 24 * 60),
    st.sampled_from([default_policy(), MORNINGS_CLOSED]),
)
def test_when_a_bill_was_issued_is_asked_wherever_it_matters(
    due_on: date, zone: str, minutes: int, policy: Policy
) -> None:
    """The stages that bills of one due date share are those that each would be given alone."""
    noon = datetime(due_on.year, due_on.month, due_on.day, 12, tzinfo=UTC)
    issued_at = noon + timedelta(minutes=minutes)
    position = bill([version(1, terms(due_on=due_on, issued_at=issued_at))])
    shared = plan(position, customer(zone), policy)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(planning, "_early", lambda *asked: (None, ()))
        assert plan(position, customer(zone), policy) == shared


@given(days, zones)
def test_an_id_says_whose_and_of_which_month_it_is(due_on: date, zone: str) -> None:
    position = bill([version(1, terms(due_on=due_on, issued_at=LONG_AGO))])
    for each in plan(position, customer(zone), default_policy()):
        assert customer_in(each.reminder_id) == each.customer_id == 7
        assert month_in(each.reminder_id) == each.month
        stage = default_policy().stage(each.stage)
        assert stage is not None
        assert each.month == month_of(due_on + timedelta(days=stage.offset_days))


def test_a_new_epoch_has_reminders_of_its_own() -> None:
    def ids(reversed_at: datetime | None) -> set[object]:
        position = bill(payments=[payment("P", 1000, at(1), reversed_at=reversed_at)])
        return {each.reminder_id for each in plan(position, customer(), default_policy())}

    assert not ids(None) & ids(at(2))


def test_stages_whose_use_ended_before_the_bill_was_issued_are_left_out() -> None:
    assert planned(date(2026, 3, 25), issued_at=datetime(2026, 3, 23, tzinfo=UTC))[0][:3] == "d-3"
    assert planned(date(2026, 3, 25), issued_at=datetime(2026, 4, 23, tzinfo=UTC)) == []


def test_nothing_is_planned_for_a_bill_of_nothing_or_a_customer_of_no_known_zone() -> None:
    assert plan(bill([version(1, terms(0, 0))]), customer(), default_policy()) == ()
    assert plan(bill(), customer(""), default_policy()) == ()


@pytest.mark.parametrize(("tier", "count"), [(Tier.R0, 5), (Tier.R1, 6), (Tier.R2, 7), (None, 7)])
def test_a_tier_has_its_own_stages(tier: Tier | None, count: int) -> None:
    assert len(plan(bill(), customer(), default_policy(), tier)) == count


def test_a_tier_leaves_the_times_of_the_stages_as_they_are() -> None:
    def by_stage(tier: Tier | None) -> dict[str, Reminder]:
        found = plan(bill(), customer(), default_policy(), tier)
        return {reminder.stage: reminder for reminder in found}

    every = by_stage(None)
    assert all(every[name] == reminder for name, reminder in by_stage(Tier.R0).items())


def test_two_stages_at_one_moment_keep_one_order() -> None:
    policy = default_policy()
    twin = replace(policy.stages[0], name="a-first")
    for stages in ((twin, *policy.stages), (*policy.stages, twin)):
        found = plan(bill(), customer(), replace(policy, stages=stages))
        assert [reminder.stage for reminder in found][:2] == ["a-first", "d-7"]
    assert found[0].due_at > START
