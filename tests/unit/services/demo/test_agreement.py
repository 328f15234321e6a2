"""The auditor's own hours, stages, caps and tiers against the brain's: where they differ, one of
the two is wrong. Only a test may know both."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reminders.domain import caps, rules
from reminders.domain.bill import BillPosition, BillTerms, Payment
from reminders.domain.calendar import local_day
from reminders.domain.customer import Customer
from reminders.domain.hours import is_open
from reminders.domain.kinds import MessageKind, class_of, kind_on
from reminders.domain.planning import NO_LEGAL_HOUR, plan
from reminders.domain.policy import Policy
from reminders.domain.risk import assess
from reminders.domain.usage import Contact, Usage
from reminders.services.demo.auditor import law
from reminders.services.demo.auditor.account import Money, Owed, Signs
from reminders.services.demo.auditor.contacts import Contact as Ours
from reminders.services.demo.auditor.contacts import broken_caps
from reminders.services.demo.auditor.law import Place
from reminders.services.demo.auditor.rules import Rules, read_rules
from reminders.services.demo.auditor.tier import tiers_of
from reminders.services.policy_files import read

POLICY = Path(__file__).resolve().parents[4] / "config" / "policies" / "default.yaml"
PLACES = (
    Place(("Asia/Taipei",), "TW"),
    Place(("Asia/Shanghai",), "CN"),
    Place(("America/New_York", "America/Los_Angeles"), "US"),
    Place(("Europe/London",), "GB"),
    Place(("Asia/Kolkata",), "IN"),
    Place(("Europe/Berlin",), "DE"),
    Place(("America/New_York", "Asia/Tokyo"), "US-CA"),
    Place(("Africa/Cairo",), ""),
)
places = st.sampled_from(PLACES)
kinds = st.sampled_from((MessageKind.PRE_DUE, MessageKind.DUE_TODAY, MessageKind.OVERDUE))
ISSUED = datetime(2026, 1, 31, 0, 12, tzinfo=UTC)


@cache
def both() -> tuple[Policy, Rules]:
    policy = read(POLICY)[0]
    closed = {
        place: [day.isoformat() for day in calendar.closed]
        for place, calendar in policy.calendars.items()
    }
    with TemporaryDirectory() as folder:
        path = Path(folder) / "holidays.json"
        path.write_text(json.dumps(closed), encoding="utf-8")
        return policy, read_rules(POLICY, path)


def _customer(place: Place) -> Customer:
    stated, *others = place.zones
    return Customer(1, "C-1", "en", stated, place.jurisdiction, {}, (), (), tuple(others))


def _bill(due_on: date, issued_at: datetime) -> BillPosition:
    terms = BillTerms("TWD", 100, 50, due_on, "card", True, None, issued_at)
    return BillPosition("B-1", 1, terms, 0, False, None, ())


@given(place=places, kind=kinds, minute=st.integers(0, 2 * 366 * 24 * 60))
@settings(max_examples=500, deadline=None)
def test_both_open_the_same_minutes(place: Place, kind: MessageKind, minute: int) -> None:
    policy, read_anew = both()
    at = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minute)
    hours = rules.rules_of(policy, place.jurisdiction, class_of(kind)).hours
    assert read_anew.law.is_open(place, kind, at) is is_open(hours, place.zones, at)


@pytest.mark.parametrize("place", PLACES)
def test_both_put_every_stage_at_the_same_instant(place: Place) -> None:
    """Due dates of two years, every weekday among them; of bills issued long and just before."""
    policy, read_anew = both()
    for days in range(0, 730, 15):
        due_on = date(2026, 2, 1) + timedelta(days=days)
        for before in (20, 2):
            issued_at = datetime(due_on.year, due_on.month, due_on.day, 0, 12, tzinfo=UTC)
            issued_at -= timedelta(days=before)
            planned = plan(_bill(due_on, issued_at), _customer(place), policy)
            found = read_anew.windows(due_on, issued_at, place)
            assert [(each.rule.name, each.start, each.end, each.fits) for each in found] == [
                (each.stage, each.due_at, each.expires_at, each.flag != NO_LEGAL_HOUR)
                for each in planned
            ]


@st.composite
def histories(draw: st.DrawFn) -> Sequence[tuple[timedelta, str, str, MessageKind]]:
    moments = st.integers(0, 12 * 24 * 60).map(lambda minute: timedelta(minutes=minute))
    one = st.tuples(
        moments,
        st.sampled_from(("sms", "email", "voice")),
        st.sampled_from(("B-1", "B-2")),
        kinds,
    )
    return sorted(draw(st.lists(one, min_size=1, max_size=14)), key=lambda each: each[0])


@given(place=places, history=histories(), talk=st.booleans())
@settings(max_examples=300, deadline=None)
def test_both_find_the_same_contacts_beyond_a_cap(
    place: Place, history: Sequence[tuple[timedelta, str, str, MessageKind]], talk: bool
) -> None:
    policy, read_anew = both()
    theirs: list[Contact] = []
    ours: list[Ours] = []
    for after, channel, bill, kind in history:
        at = ISSUED + after
        spoke = talk and channel == "voice"
        about = class_of(kind)
        wanted = Contact(at, channel, about, "1", bill, f"at-{channel}", None, spoke)
        asked = Ours(at, channel, about, "1", bill, f"at-{channel}", None, spoke)
        every = rules.rules_of(policy, place.jurisdiction, about).caps
        blocked = caps.first_blocked(every, Usage(tuple(theirs)), wanted, place.zones)
        broken = broken_caps(read_anew.law, place, ours, asked)
        assert (blocked is None) is (not broken)
        theirs.append(wanted)
        ours.append(asked)


@given(
    due=st.lists(st.integers(-400, 40), min_size=0, max_size=7, unique=True),
    paid=st.lists(st.tuples(st.integers(0, 6), st.integers(-40, 40), st.integers(1, 100))),
    failed=st.lists(st.integers(-60, 0), max_size=2),
)
@settings(max_examples=300, deadline=None)
def test_the_brains_tier_is_one_that_the_auditor_holds_possible(
    due: Sequence[int], paid: Sequence[tuple[int, int, int]], failed: Sequence[int]
) -> None:
    policy, read_anew = both()
    zone, now = "Asia/Taipei", datetime(2026, 6, 15, 2, tzinfo=UTC)
    today = local_day(now, zone)
    theirs, ours = [], []
    for number, days in enumerate(due):
        due_on = today + timedelta(days=days)
        issued_at = min(now, datetime(due_on.year, due_on.month, due_on.day, tzinfo=UTC))
        issued_at -= timedelta(days=20)
        payments = tuple(
            Payment(f"P-{n}", f"B-{number}", amount, "TWD", issued_at + timedelta(days=20 + after))
            for n, (bill, after, amount) in enumerate(paid)
            if bill == number and issued_at + timedelta(days=20 + after) <= now
        )
        payments = tuple(sorted(payments, key=lambda each: (each.paid_at, each.payment_id)))
        terms = BillTerms("TWD", 100, 50, due_on, "card", True, None, issued_at)
        theirs.append(BillPosition(f"B-{number}", 1, terms, 0, False, None, payments))
        money = tuple(Money(each.paid_at, each.amount, True) for each in payments)
        ours.append((f"B-{number}", Owed(due_on, 100, 50, money, "", 0, issued_at, "card")))
    failures = [now + timedelta(days=days) for days in failed]
    days_failed = [local_day(at, zone) for at in failures]
    judged = assess(theirs, days_failed, policy.risk, today, zone, now=now).tier
    possible = tiers_of(ours, Signs(tuple(failures)), read_anew.card, today, zone)
    assert judged in possible
    assert len(possible) == 1 or policy.risk.hysteresis


@given(due_on=st.dates(date(2026, 1, 1), date(2027, 12, 31)), days=st.integers(-30, 30))
def test_both_say_the_same_of_a_day(due_on: date, days: int) -> None:
    today = due_on + timedelta(days=days)
    assert law.kind_on(due_on, today) == kind_on(MessageKind.PRE_DUE, due_on, today)
    assert law.class_of(law.kind_on(due_on, today)) == class_of(
        kind_on(MessageKind.PRE_DUE, due_on, today)
    )


@pytest.mark.parametrize("path", sorted(POLICY.parent.glob("*.yaml")), ids=lambda path: path.stem)
def test_the_auditor_reads_every_policy_that_is_shipped(path: Path) -> None:
    policy, found = read(path)[0], read_rules(path)
    assert [(each.name, each.days, each.kind) for each in found.stages] == [
        (each.name, each.offset_days, each.kind) for each in policy.stages
    ]
    assert {each.feature for each in found.card.inputs} == {
        each.feature for each in policy.risk.characteristics
    }
