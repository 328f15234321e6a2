"""Contact caps against a plain count at every quarter of an hour (I4), and row by row."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from reminders.domain.caps import Blocked, counted, first_blocked
from reminders.domain.compliance import Cap, Count, Mark, Scope, Source, Window
from reminders.domain.kinds import MessageClass
from reminders.domain.usage import NOTHING_USED, Contact, Usage

HOUSE = Source("house", Mark.HOUSE)
CUSTOMER = frozenset({Scope.CUSTOMER})
DEBT = frozenset({Scope.CUSTOMER, Scope.BILL})
TAIPEI = ("Asia/Taipei",)
NEW_YORK = ("America/New_York",)
NOON = datetime(2026, 6, 15, 4, 0, tzinfo=UTC)  # in Taipei
EXAMPLES = int(os.environ.get("SCENARIO_EXAMPLES", "100"))

# Half and quarter hours off, clock changes at midnight (skipped in Cairo and Santiago, twice in
# Havana), of half an hour (Lord Howe) and of two (Troll), and both ends of the calendar day.
ZONES = (
    *("Asia/Taipei", "America/New_York", "Europe/London", "Asia/Kolkata", "Asia/Kathmandu"),
    *("America/St_Johns", "Africa/Cairo", "America/Santiago", "America/Havana"),
    *("Australia/Lord_Howe", "Antarctica/Troll", "Pacific/Kiritimati", "Etc/GMT+12"),
)
# Near the clock changes of 2026 in those zones, a leap day and the turn of a year.
ANCHORS = tuple(
    datetime(year, month, day, tzinfo=UTC)
    for year, month, day in (
        *((2026, 3, 8), (2026, 3, 29), (2026, 4, 5), (2026, 4, 24), (2026, 9, 6), (2026, 10, 4)),
        *((2026, 10, 25), (2026, 10, 29), (2026, 11, 1), (2026, 12, 31), (2028, 2, 29)),
    )
)
STEP = timedelta(minutes=15)
CAP_IDS = ("a", "b", "c")
CLASSES = (MessageClass.SERVICE_NOTICE, MessageClass.COLLECTION, MessageClass.MANDATED)


def cap(limit: int, window: Window = Window.LOCAL_DAY, length: int = 1, cap_id: str = "a") -> Cap:
    return Cap(cap_id, Count.ATTEMPT, limit, window, length, CUSTOMER, HOUSE)


def contact(at: datetime, channel: str = "sms", bill: str = "1") -> Contact:
    return Contact(at, channel, MessageClass.COLLECTION, "c", bill, "+8619900000001")


def used(*instants: datetime, channel: str = "sms") -> Usage:
    return Usage(tuple(contact(at, channel) for at in sorted(instants)))


def blocked(found: Blocked | None) -> Blocked:
    assert found is not None
    return found


# --- The oracle: every contact is asked, at every quarter of an hour, in every zone. -----------


def oracle_counts(one: Cap, each: Contact, wanted: Contact) -> bool:
    wrong = [
        one.channels and each.channel not in one.channels,
        one.classes and each.message_class not in one.classes,
        one.cap_id in each.excluded,
        one.count is Count.CONNECTED and each.connected is False,
        one.count is Count.CONVERSATION and not each.conversation,
        Scope.CUSTOMER in one.scope and each.customer != wanted.customer,
        Scope.BILL in one.scope and each.bill != wanted.bill,
        Scope.CONTACT_POINT in one.scope
        and (each.contact_point == "" or each.contact_point != wanted.contact_point),
        Scope.BILL not in one.scope and not each.leads,
    ]
    return not any(wrong)


def oracle_held(one: Cap, wanted: Contact) -> bool:
    right_channel = not one.channels or wanted.channel in one.channels
    right_class = not one.classes or wanted.message_class in one.classes
    exempt = wanted.message_class in one.exempt or one.cap_id in wanted.excluded
    return (
        right_channel and right_class and not exempt and (wanted.leads or Scope.BILL in one.scope)
    )


def oracle_used(one: Cap, history: Sequence[Contact], at: datetime, zone: str) -> int:
    """How many of `history`, all counted by the cap, lie within the window that ends at `at`."""
    if one.window is Window.BILL:
        return len(history)
    if one.window is Window.ROLLING:
        return sum(1 for each in history if at - each.at < timedelta(hours=one.length))
    today = at.astimezone(ZoneInfo(zone)).date().toordinal()
    days = [each.at.astimezone(ZoneInfo(zone)).date().toordinal() for each in history]
    return sum(1 for day in days if day + one.length > today)


def oracle_allows(one: Cap, history: Sequence[Contact], at: datetime, zones: Sequence[str]) -> bool:
    for zone in zones:
        found = oracle_used(one, history, at, zone)
        if one.window is Window.AFTER and found > one.limit:
            return False
        if one.window is not Window.AFTER and found + 1 > one.limit:
            return False
    return True


def oracle_opens(
    one: Cap, history: Sequence[Contact], wanted: Contact, zones: Sequence[str]
) -> datetime | None:
    """The first quarter of an hour, from `wanted` on, at which the cap allows one more."""
    if not oracle_held(one, wanted):
        return wanted.at
    counting = [each for each in history if oracle_counts(one, each, wanted)]
    if not oracle_allows(one, counting, wanted.at, zones) and (
        one.window is Window.BILL or (one.limit == 0 and one.window is not Window.AFTER)
    ):
        return None
    at = wanted.at
    while not oracle_allows(one, counting, at, zones):
        at += STEP
    return at


# --- Random histories -------------------------------------------------------------------------

caps_strategy = st.builds(
    Cap,
    cap_id=st.sampled_from(CAP_IDS),
    count=st.sampled_from(Count),
    limit=st.integers(0, 3),
    window=st.sampled_from(Window),
    length=st.integers(1, 7),
    scope=st.frozensets(st.sampled_from(Scope), min_size=1, max_size=2),
    source=st.just(HOUSE),
    channels=st.sampled_from((frozenset(), frozenset({"sms"}), frozenset({"voice", "sms"}))),
    classes=st.sampled_from((frozenset(), frozenset({MessageClass.COLLECTION}))),
    exempt=st.sampled_from((frozenset(), frozenset(), frozenset({MessageClass.MANDATED}))),
)


@st.composite
def contacts(draw: st.DrawFn, around: datetime, ahead: int) -> Contact:
    quarters = draw(st.integers(-9 * 96, ahead))
    return Contact(
        at=around + STEP * quarters,
        channel=draw(st.sampled_from(("sms", "voice", "email"))),
        message_class=draw(st.sampled_from(CLASSES)),
        customer=draw(st.sampled_from("cccd")),
        bill=draw(st.sampled_from("112")),
        contact_point=draw(st.sampled_from(("", "x", "x", "y"))),
        connected=draw(st.sampled_from((None, True, False))),
        conversation=draw(st.booleans()),
        excluded=draw(st.frozensets(st.sampled_from(CAP_IDS), max_size=1)),
        leads=draw(st.integers(0, 4)) != 0,
    )


@st.composite
def stories(draw: st.DrawFn) -> tuple[list[Cap], Usage, Contact, tuple[str, ...]]:
    now = draw(st.sampled_from(ANCHORS)) + STEP * draw(st.integers(-200, 200))
    wanted = replace(draw(contacts(now, 0)), at=now)
    history = draw(st.lists(contacts(now, 8), max_size=14))
    rules = []
    for one in draw(st.lists(caps_strategy, min_size=1, max_size=3)):
        hours = draw(st.sampled_from((1, 24, 168)))
        rules.append(replace(one, length=hours) if one.window is Window.ROLLING else one)
    zones = draw(st.lists(st.sampled_from(ZONES), min_size=1, max_size=2, unique=True))
    return rules, Usage(tuple(sorted(history, key=lambda each: each.at))), wanted, tuple(zones)


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(stories())
@example(([cap(1)], used(NOON), contact(NOON + STEP), TAIPEI))
def test_caps_agree_with_a_count_of_every_contact(
    story: tuple[list[Cap], Usage, Contact, tuple[str, ...]],
) -> None:
    """I4: whether, by how many and until when, over every window, scope and kind of count."""
    caps, usage, wanted, zones = story
    opens = [oracle_opens(one, usage.contacts, wanted, zones) for one in caps]
    found = first_blocked(caps, usage, wanted, zones)
    if all(at == wanted.at for at in opens):
        assert found is None
        return
    found = blocked(found)
    latest = None if None in opens else max(at for at in opens if at is not None)
    assert found.until == latest
    assert latest in [at for at, one in zip(opens, caps, strict=True) if one == found.cap]
    counting = [each for each in usage.contacts if oracle_counts(found.cap, each, wanted)]
    worst = max(oracle_used(found.cap, counting, wanted.at, zone) for zone in zones)
    assert found.used == worst == counted(found.cap, usage, wanted, zones)


@settings(max_examples=EXAMPLES, deadline=None)
@given(stories(), caps_strategy)
def test_one_more_cap_never_opens_sooner(
    story: tuple[list[Cap], Usage, Contact, tuple[str, ...]], further: Cap
) -> None:
    """I9: caps only tighten."""
    caps, usage, wanted, zones = story
    before = first_blocked(caps, usage, wanted, zones)
    if before is None:
        return
    after = blocked(first_blocked([*caps, further], usage, wanted, zones))
    assert after.until is None or (before.until is not None and after.until >= before.until)


@settings(max_examples=EXAMPLES, deadline=None)
@given(stories(), st.sampled_from(ZONES))
def test_an_unknown_zone_is_as_strict_as_any(
    story: tuple[list[Cap], Usage, Contact, tuple[str, ...]], zone: str
) -> None:
    caps, usage, wanted, _ = story
    somewhere = first_blocked(caps, usage, wanted, (zone,))
    if somewhere is None:
        return
    for nowhere in ((), ("",), (zone, "")):
        found = blocked(first_blocked(caps, usage, wanted, nowhere))
        assert found.until is None or (
            somewhere.until is not None and found.until >= somewhere.until
        )


@settings(max_examples=EXAMPLES, deadline=None)
@given(st.lists(st.integers(0, 96 * 20), max_size=60), st.integers(1, 3), st.sampled_from(ZONES))
def test_what_is_sent_only_where_allowed_never_exceeds_the_cap(
    quarters: list[int], limit: int, zone: str
) -> None:
    """I4: no seven consecutive local days, and no 24 hours, ever hold more than allowed."""
    caps = [
        replace(cap(limit, Window.LOCAL_DAY, 7), cap_id="a"),
        replace(cap(limit, Window.ROLLING, 24), cap_id="b"),
    ]
    usage = NOTHING_USED
    for quarter in sorted(quarters):
        wanted = contact(ANCHORS[0] + STEP * quarter)
        if first_blocked(caps, usage, wanted, (zone,)) is None:
            usage = usage.after(wanted)
    instants = [each.at for each in usage.contacts]
    days = [at.astimezone(ZoneInfo(zone)).date().toordinal() for at in instants]
    for at, day in zip(instants, days, strict=True):
        assert sum(1 for other in days if day <= other < day + 7) <= limit
        assert (
            sum(1 for other in instants if timedelta(0) <= other - at < timedelta(hours=24))
            <= limit
        )


# --- One by one -------------------------------------------------------------------------------


def test_a_local_day_ends_at_local_midnight() -> None:
    late = datetime(2026, 6, 15, 15, 59, tzinfo=UTC)  # 23:59 in Taipei
    found = blocked(first_blocked([cap(1)], used(NOON), contact(late), TAIPEI))
    assert found == Blocked(cap(1), 1, datetime(2026, 6, 15, 16, 0, tzinfo=UTC))
    midnight = contact(late + timedelta(minutes=1))
    assert first_blocked([cap(1)], used(NOON), midnight, TAIPEI) is None


def test_a_rolling_window_leaves_out_what_is_exactly_its_length_ago() -> None:
    rule = cap(1, Window.ROLLING, 168)
    week = NOON + timedelta(days=7)
    almost = contact(week - timedelta(microseconds=1))
    assert blocked(first_blocked([rule], used(NOON), almost, TAIPEI)).until == week
    assert first_blocked([rule], used(NOON), contact(week), TAIPEI) is None


@pytest.mark.parametrize(("hour", "day"), [(4, 15), (15, 15), (16, 16)])
def test_the_day_of_a_conversation_is_day_one(hour: int, day: int) -> None:
    """Reg F 1006.14(b)(2)(i)(B): 16:00Z is midnight in Taipei, so the count begins a day later."""
    rule = replace(cap(0, Window.AFTER, 7), count=Count.CONVERSATION)
    talk = replace(contact(datetime(2026, 6, 15, hour, tzinfo=UTC), "voice"), conversation=True)
    opens = datetime(2026, 6, day + 6, 16, 0, tzinfo=UTC)
    for minute in (talk.at, opens - timedelta(minutes=1)):
        found = blocked(first_blocked([rule], Usage((talk,)), contact(minute), TAIPEI))
        assert found.until == opens
    assert first_blocked([rule], Usage((talk,)), contact(opens), TAIPEI) is None


def test_seven_consecutive_days_are_dates_through_a_clock_change() -> None:
    """New York changes its clock on 2026-03-08: the eighth date begins at 04:00Z, not at 05:00Z."""
    rule = cap(7, Window.LOCAL_DAY, 7)
    first = datetime(2026, 3, 3, 14, 0, tzinfo=UTC)
    usage = used(*(first + timedelta(days=day) for day in range(6)), first + timedelta(hours=1))
    wanted = contact(first + timedelta(days=6))
    found = blocked(first_blocked([rule], usage, wanted, NEW_YORK))
    assert (found.used, found.until) == (7, datetime(2026, 3, 10, 4, 0, tzinfo=UTC))


def test_a_day_that_begins_at_one_o_clock_begins_there() -> None:
    """Cairo skips the hour from midnight on 2026-04-24."""
    wanted = contact(datetime(2026, 4, 23, 20, 0, tzinfo=UTC))
    found = blocked(first_blocked([cap(1)], used(wanted.at), wanted, ("Africa/Cairo",)))
    assert found.until == datetime(2026, 4, 23, 22, 0, tzinfo=UTC)


def test_with_several_zones_the_day_must_be_over_in_all() -> None:
    """NOON is midnight in New York, where the day of a minute before it ends first."""
    zones = ("Asia/Taipei", "America/New_York")
    before = NOON - timedelta(minutes=1)
    found = blocked(first_blocked([cap(1)], used(before), contact(before), zones))
    assert found.until == datetime(2026, 6, 15, 16, 0, tzinfo=UTC)
    found = blocked(first_blocked([cap(1)], used(NOON), contact(NOON), zones))
    assert found.until == datetime(2026, 6, 16, 4, 0, tzinfo=UTC)


def test_the_cap_that_bars_for_longest_is_named_and_one_without_end_before_all() -> None:
    daily, weekly = cap(1, cap_id="day"), cap(1, Window.ROLLING, 168, "week")
    whole = replace(cap(1, Window.BILL), cap_id="bill")
    wanted = contact(NOON)
    for caps, name in (([daily, weekly], "week"), ([weekly, whole, daily], "bill")):
        for order in (caps, caps[::-1]):
            assert blocked(first_blocked(order, used(NOON), wanted, TAIPEI)).cap.cap_id == name


@pytest.mark.parametrize(
    ("connected", "bars"), [(True, True), (None, True), (False, False)], ids=str
)
def test_a_call_counts_as_connected_until_known_otherwise(
    connected: bool | None, bars: bool
) -> None:
    rule = replace(cap(1), count=Count.CONNECTED)
    usage = Usage((replace(contact(NOON, "voice"), connected=connected),))
    assert (first_blocked([rule], usage, contact(NOON, "voice"), TAIPEI) is not None) is bars


def test_what_a_cap_excludes_neither_counts_nor_is_held() -> None:
    plain, excluded = contact(NOON), replace(contact(NOON), excluded=frozenset({"a"}))
    assert first_blocked([cap(1)], Usage((excluded,)), plain, TAIPEI) is None
    assert first_blocked([cap(1)], Usage((plain,)), excluded, TAIPEI) is None
    assert first_blocked([cap(1)], Usage((plain,)), plain, TAIPEI) is not None


def test_two_customers_on_one_number_share_its_cap_and_two_without_one_do_not() -> None:
    rule = replace(cap(1), scope=frozenset({Scope.CONTACT_POINT}))
    mine, other = contact(NOON), replace(contact(NOON), customer="other")
    assert first_blocked([rule], Usage((other,)), mine, TAIPEI) is not None
    nowhere = replace(mine, contact_point="")
    assert first_blocked([rule], Usage((nowhere,)), nowhere, TAIPEI) is None


def test_a_lender_wide_cap_counts_everybody() -> None:
    rule = replace(cap(1), scope=frozenset({Scope.LENDER}))
    other = replace(contact(NOON), customer="other", bill="9", contact_point="y")
    assert first_blocked([rule], Usage((other,)), contact(NOON), TAIPEI) is not None


def test_a_cap_of_customer_and_bill_is_one_per_debt() -> None:
    rule = replace(cap(1), scope=DEBT)
    assert first_blocked([rule], used(NOON), contact(NOON, bill="2"), TAIPEI) is None
    assert first_blocked([rule], used(NOON), contact(NOON), TAIPEI) is not None


def test_a_bill_in_anothers_message_counts_for_itself_alone() -> None:
    carried = replace(contact(NOON), leads=False)
    per_bill = replace(cap(1, Window.BILL), scope=frozenset({Scope.BILL}))
    assert first_blocked([cap(1)], Usage((carried,)), contact(NOON), TAIPEI) is None
    assert first_blocked([cap(1)], used(NOON), carried, TAIPEI) is None
    assert first_blocked([per_bill], Usage((carried,)), contact(NOON), TAIPEI) is not None


def test_an_exempt_class_is_counted_and_not_held() -> None:
    rule = replace(cap(1), exempt=frozenset({MessageClass.MANDATED}))
    notice = replace(contact(NOON), message_class=MessageClass.MANDATED)
    assert first_blocked([rule], used(NOON), notice, TAIPEI) is None
    assert first_blocked([rule], Usage((notice,)), contact(NOON), TAIPEI) is not None


def test_a_limit_of_nothing_bars_for_ever() -> None:
    assert blocked(first_blocked([cap(0)], NOTHING_USED, contact(NOON), TAIPEI)).until is None


def test_a_contact_of_a_clock_ahead_of_ours_counts() -> None:
    assert first_blocked([cap(1)], used(NOON + STEP), contact(NOON), TAIPEI) is not None


def test_caps_hold_to_the_end_of_the_calendar() -> None:
    last = contact(datetime(9999, 12, 31, 20, tzinfo=UTC))
    for rule in (cap(1), cap(1, Window.ROLLING, 24), cap(1, Window.AFTER, 3)):
        usage = used(last.at, last.at)
        assert blocked(first_blocked([rule], usage, last, ("Etc/GMT+12",))).until is not None
        first_blocked([rule], used(ANCHORS[0]), replace(last, at=_FIRST), TAIPEI)


_FIRST = datetime(1, 1, 1, tzinfo=UTC)
