"""Every due date of 2026 and 2027 in twelve zones: each stage lies in its hours, or is told."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import pytest

from reminders.domain.bill import BillPosition
from reminders.domain.calendar import instant
from reminders.domain.compliance import ClassHours, Mark, Pack, Source
from reminders.domain.hours import Hours, spans
from reminders.domain.kinds import MessageClass, class_of
from reminders.domain.planning import plan
from reminders.domain.policy import Policy, Stage
from reminders.domain.reminder import Reminder
from reminders.domain.rules import rules_of
from reminders.services import policy_files
from reminders.services.holidays_of import calendar_of
from tests.unit.domain.facts import DEFAULT, bill, customer, default_policy, terms, version

ZONES = {
    "Asia/Taipei": "TW",
    "Asia/Shanghai": "CN",
    "Asia/Kolkata": "IN",
    "Asia/Kathmandu": "NP",
    "Europe/London": "GB",
    "Europe/Berlin": "DE",
    "America/New_York": "US-NY",
    "America/Los_Angeles": "US-CA",
    "America/St_Johns": "CA-NL",
    "Australia/Lord_Howe": "AU",  # half an hour of daylight saving
    "Pacific/Apia": "WS",
    "America/Sao_Paulo": "BR",
}
FIRST, DAYS = date(2026, 1, 1), 730
QUARTER = timedelta(minutes=15)
TIGHT = "office hours, no weekends, no holidays"


@cache
def policy_named(name: str) -> Policy:
    """A shipped policy with the holidays of every place, whatever year it is read in."""
    if name == TIGHT:
        return tight()
    return with_holidays(policy_files.read(DEFAULT.parent / name)[0])


def with_holidays(policy: Policy) -> Policy:
    found = {place: calendar_of(place, [2025, 2026, 2027, 2028]) for place in ZONES.values()}
    return replace(
        policy,
        calendars={place: calendar for place, calendar in found.items() if calendar is not None},
    )


def tight() -> Policy:
    """The default policy under hours that move many stages and leave no place for a few."""
    office = Hours(spans(time(9), time(17)), closed_weekdays=frozenset({5, 6}))
    source = Source("for this test", Mark.HOUSE)
    pack = Pack("office", "1", dict.fromkeys(MessageClass, ClassHours(office, source, True)))
    hours = {
        "d-7": (time(20), -6, time(8, 30)),  # ends before the next opening: earlier
        "d-3": (time(7, 30), -1, time(10)),  # later, and over a weekend earlier
        "d0": (time(10), 0, time(18)),  # on a weekend: earlier
        "d+1": (time(6), 1, time(9, 20)),  # twenty minutes, or at a weekend nowhere
    }
    stages = (
        replace(
            stage,
            at=hours[stage.name][0],
            until_days=hours[stage.name][1],
            until_at=hours[stage.name][2],
        )
        if stage.name in hours
        else stage
        for stage in default_policy().stages
    )
    return with_holidays(
        replace(
            default_policy(), stages=tuple(stages), packs={"office": pack}, pack_of={"*": "office"}
        )
    )


SHIPPED = sorted(path.name for path in DEFAULT.parent.glob("*.yaml"))


def due_dates() -> list[BillPosition]:
    """One bill for each day, known forty days before it is due."""
    days = [FIRST + timedelta(days=count) for count in range(DAYS)]
    midnight = (datetime(day.year, day.month, day.day, tzinfo=UTC) for day in days)
    issued = [moment - timedelta(days=40) for moment in midnight]
    return [
        bill([version(1, terms(due_on=day, issued_at=at))])
        for day, at in zip(days, issued, strict=True)
    ]


BILLS = due_dates()


def open_by_the_wall(hours: Hours, walls: Sequence[datetime]) -> bool:
    """Read here anew: what planning itself asks must not vouch for it."""
    return all(
        any(span.opens <= wall.hour * 60 + wall.minute < span.closes for span in hours.spans)
        and wall.weekday() not in hours.closed_weekdays
        and wall.date() not in hours.closed_days
        and not any(start <= wall < end for start, end in hours.blackouts)
        for wall in walls
    )


class Reader:
    """Checks the plans of one customer and counts what became of the stages."""

    def __init__(self, policy: Policy, zones: Sequence[str], jurisdiction: str) -> None:
        self.policy, self.jurisdiction = policy, jurisdiction
        self.places = [ZoneInfo(zone) for zone in zones]
        self.customer = replace(
            customer(zones[0]), jurisdiction=jurisdiction, other_zones=tuple(zones[1:])
        )
        self.seen: Counter[str] = Counter()

    def read_all(self) -> Counter[str]:
        for position in BILLS:
            planned = plan(position, self.customer, self.policy)
            assert {each.stage for each in planned} == {each.name for each in self.policy.stages}
            for reminder in planned:
                self.read(reminder, position.terms.due_on)
        return self.seen

    def read(self, reminder: Reminder, due_on: date) -> None:
        rules = rules_of(self.policy, self.jurisdiction, class_of(reminder.kind))
        stage = self.policy.stage(reminder.stage)
        assert stage is not None
        if reminder.flag:
            self.seen["flagged"] += 1
            assert not self.any_open(rules.hours, reminder), reminder
            return
        assert reminder.due_at < reminder.expires_at, reminder
        assert self.open_at(rules.hours, reminder.due_at), reminder
        self.seen[self.moved(stage, rules.hours, reminder, due_on)] += 1

    def moved(self, stage: Stage, hours: Hours, reminder: Reminder, due_on: date) -> str:
        nominal = instant(
            due_on + timedelta(days=stage.offset_days), stage.at, self.customer.time_zone
        )
        assert nominal is not None
        if nominal <= reminder.due_at <= nominal + self.policy.jitter:
            return "in place"
        assert not self.open_at(hours, nominal), reminder  # moved without need
        return "later" if reminder.due_at > nominal else "earlier"

    def open_at(self, hours: Hours, moment: datetime) -> bool:
        return open_by_the_wall(hours, [moment.astimezone(place) for place in self.places])

    def any_open(self, hours: Hours, reminder: Reminder) -> bool:
        steps = -((reminder.due_at - reminder.expires_at) // QUARTER)
        return any(self.open_at(hours, reminder.due_at + QUARTER * count) for count in range(steps))


@pytest.mark.parametrize(
    ("name", "zone"),
    [
        *((name, zone) for name in SHIPPED for zone in ZONES),
        *((TIGHT, zone) for zone in ("Asia/Shanghai", "Europe/Berlin", "Australia/Lord_Howe")),
    ],
)
def test_every_stage_lies_in_its_hours_and_before_its_end_or_is_flagged(
    name: str, zone: str
) -> None:
    """I2: zones by clock changes by month ends by holidays."""
    seen = Reader(policy_named(name), [zone], ZONES[zone]).read_all()
    assert seen.total() == DAYS * len(policy_named(name).stages)
    assert seen["flagged"] < seen.total() / 10
    if name == TIGHT:
        assert min(seen[way] for way in ("in place", "later", "earlier", "flagged")) > 100


@pytest.mark.parametrize(
    "zones",
    [
        ("America/New_York", "America/Los_Angeles"),
        ("Asia/Kathmandu", "Europe/London"),
        ("Australia/Lord_Howe", "America/St_Johns"),  # no common hour for most of a day
    ],
)
def test_a_customer_who_may_be_in_two_places_or_nobody_knows_where(
    zones: tuple[str, ...],
) -> None:
    """Reg F: only hours that suit both; without a jurisdiction the strictest rule holds."""
    policy = policy_named(DEFAULT.name)
    seen = Reader(policy, zones, "").read_all()
    assert seen.total() == DAYS * len(policy.stages)
