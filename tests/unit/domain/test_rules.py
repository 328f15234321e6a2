"""Composition only tightens (I9): hours, caps, consent, content, of packs and policy together."""

from __future__ import annotations

import os
from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reminders.domain.caps import first_blocked
from reminders.domain.compliance import (
    Cap,
    ClassHours,
    Content,
    Count,
    Freshness,
    Mandate,
    Mark,
    Pack,
    Rules,
    Scope,
    Source,
    Window,
)
from reminders.domain.errors import PolicyError
from reminders.domain.hours import Hours, spans
from reminders.domain.kinds import MessageClass, MessageKind
from reminders.domain.policy import Limits, Policy, QuietHours, RetryRule, WorkCalendar
from reminders.domain.rules import compose, rules_of
from reminders.domain.scorecard import RiskCard
from reminders.domain.tier import Tier
from reminders.domain.usage import Contact, Usage

EXAMPLES = settings(max_examples=int(os.environ.get("SCENARIO_EXAMPLES", "100")), deadline=None)
LAW = Source("law", Mark.VERIFIED)
COLLECTION, MANDATED = MessageClass.COLLECTION, MessageClass.MANDATED
HOLIDAY = date(2026, 10, 1)
UNLIMITED, NEVER_QUIET = Limits(), QuietHours(time(0), time(0))
MONDAY = datetime(2026, 6, 15, tzinfo=UTC)

times = st.builds(time, st.integers(0, 23), st.sampled_from((0, 30)))
hours_strategy = st.builds(
    Hours,
    st.builds(spans, times, times),
    st.frozensets(st.integers(0, 6), max_size=2),
    st.frozensets(st.sampled_from((HOLIDAY, MONDAY.date())), max_size=1),
)
sources = st.builds(Source, st.sampled_from("xy"), st.sampled_from(Mark))
caps_strategy = st.builds(
    Cap,
    st.sampled_from(("a", "b", "c")),
    st.sampled_from(Count),
    st.integers(0, 3),
    st.sampled_from(Window),
    st.integers(1, 8),
    st.frozensets(st.sampled_from(Scope), min_size=1),
    sources,
)
mandates = st.builds(Mandate, st.sampled_from(MessageKind), st.sampled_from("lm"), sources)
fresh = st.builds(Freshness, st.just(frozenset({"sms"})), st.integers(1, 90), sources)
rules_strategy = st.builds(
    Rules,
    packs=st.frozensets(st.sampled_from("pqr"), max_size=2).map(lambda some: tuple(sorted(some))),
    hours=hours_strategy,
    hours_sources=st.lists(sources, max_size=1).map(tuple),
    caps=st.lists(caps_strategy, max_size=1).map(tuple),
    mandates=st.lists(mandates, max_size=1).map(tuple),
    freshness=st.lists(fresh, max_size=1).map(tuple),
    consent_needed=st.booleans(),
    required=st.frozensets(st.sampled_from(Content), max_size=3),
    forbidden=st.frozensets(st.sampled_from("tu"), max_size=2),
)


def open_at(hours: Hours, at: datetime) -> bool:
    """A reading of hours of our own, on a wall in UTC."""
    minute = at.hour * 60 + at.minute
    in_span = any(span.opens <= minute < span.closes for span in hours.spans)
    return (
        in_span and at.weekday() not in hours.closed_weekdays and at.date() not in hours.closed_days
    )


def pack(
    name: str,
    opens: int = 8,
    closes: int = 21,
    *,
    caps: tuple[Cap, ...] = (),
    holidays: bool = False,
    mandates: tuple[Mandate, ...] = (),
) -> Pack:
    held = ClassHours(Hours(spans(time(opens), time(closes))), LAW, holidays)
    return Pack(
        name,
        "1",
        dict.fromkeys(MessageClass, held),
        caps,
        mandates,
        (Freshness(frozenset({"sms"}), opens, LAW),),
        {MessageClass.MARKETING: LAW},
        {COLLECTION: frozenset({Content.LENDER})},
    )


def policy(
    *packs: Pack,
    pack_of: dict[str, str] | None = None,
    limits: Limits = UNLIMITED,
    quiet: QuietHours = NEVER_QUIET,
) -> Policy:
    return Policy(
        "p",
        1,
        (),
        {},
        quiet,
        RetryRule(()),
        RiskCard("r", 1, (), ((0, Tier.R0),), 0, 0),
        limits=limits,
        packs={each.name: each for each in packs},
        pack_of=pack_of or {},
        calendars={
            "CN": WorkCalendar(frozenset({HOLIDAY}), date(2027, 1, 1)),
            "US": WorkCalendar(frozenset({date(2026, 7, 3)}), date(2027, 1, 1)),
        },
    )


def daily(limit: int, **more: frozenset[MessageClass]) -> Cap:
    customer = frozenset({Scope.CUSTOMER})
    return Cap(f"day.{limit}", Count.ATTEMPT, limit, Window.LOCAL_DAY, 1, customer, LAW, **more)


CN, US, HOUSE = pack("cn", 8, 22), pack("us", 9, 21), pack("house", 8, 20)
BOTH = {"CN": "cn", "US": "us"}


@EXAMPLES
@given(rules_strategy, rules_strategy, rules_strategy)
def test_composing_is_commutative_associative_and_idempotent(a: Rules, b: Rules, c: Rules) -> None:
    both = compose(a, b)
    assert both == compose(b, a)
    assert compose(both, c) == compose(a, compose(b, c))
    assert compose(both, both) == both == compose(both, a)


@EXAMPLES
@given(rules_strategy, rules_strategy, st.integers(0, 7 * 48 - 1))
def test_no_hour_is_open_that_either_closes(a: Rules, b: Rules, half: int) -> None:
    """I9: exactly the hours that both allow."""
    at = MONDAY + timedelta(minutes=30 * half)
    assert open_at(compose(a, b).hours, at) is (open_at(a.hours, at) and open_at(b.hours, at))


@EXAMPLES
@given(rules_strategy, rules_strategy, st.lists(st.integers(0, 9 * 24), max_size=5))
def test_no_contact_is_allowed_that_either_bars(a: Rules, b: Rules, ago: list[int]) -> None:
    """I9: caps take the minimum, consent, content and freshness unite."""
    wanted = Contact(MONDAY, "sms", COLLECTION, "c", "1", "x")
    usage = Usage(
        tuple(
            Contact(MONDAY - timedelta(hours=hours), "sms", COLLECTION, "c", "1", "x")
            for hours in sorted(ago, reverse=True)
        )
    )
    both = compose(a, b)
    barred = [first_blocked(rules.caps, usage, wanted, ("UTC",)) is not None for rules in (a, b)]
    assert (first_blocked(both.caps, usage, wanted, ("UTC",)) is not None) is any(barred)
    assert both.consent_needed is (a.consent_needed or b.consent_needed)
    assert both.required == a.required | b.required
    assert both.forbidden == a.forbidden | b.forbidden
    assert set(both.freshness) == {*a.freshness, *b.freshness}


@EXAMPLES
@given(times, times, times, times, st.integers(0, 7 * 48 - 1))
def test_a_policy_opens_no_hour_that_its_pack_closes(
    opens: time, closes: time, start: time, end: time, half: int
) -> None:
    """I9: quiet hours can only be taken away from the pack's."""
    law = Pack("cn", "1", {COLLECTION: ClassHours(Hours(spans(opens, closes)), LAW)})
    found = rules_of(policy(law, pack_of=BOTH, quiet=QuietHours(start, end)), "CN", COLLECTION)
    at = MONDAY + timedelta(minutes=30 * half)
    quiet = (
        start <= at.time() < end
        if start < end
        else start != end and (at.time() >= start or at.time() < end)
    )
    legal = open_at(law.hours[COLLECTION].hours, at)
    assert open_at(found.hours, at) is (legal and not quiet)


def test_a_jurisdiction_has_its_pack_and_the_house() -> None:
    found = rules_of(policy(CN, US, HOUSE, pack_of=BOTH), "CN", COLLECTION)
    assert found.packs == ("cn@1", "house@1")
    assert found.hours.spans == spans(time(8), time(20))


def test_a_part_of_a_country_keeps_both_packs() -> None:
    california = pack("ca", 10, 20)
    named = {**BOTH, "US-CA": "ca"}
    assert rules_of(policy(CN, US, california, pack_of=named), "US-CA", COLLECTION).packs == (
        "ca@1",
        "us@1",
    )
    assert rules_of(policy(CN, US, california, pack_of=named), "US-NY", COLLECTION).packs == (
        "us@1",
    )


def test_a_jurisdiction_without_a_pack_keeps_the_one_for_any() -> None:
    assert rules_of(policy(CN, US, pack_of={**BOTH, "*": "us"}), "TW", COLLECTION).packs == (
        "us@1",
    )


@pytest.mark.parametrize("jurisdiction", ["", "TW"])
def test_where_nobody_knows_the_law_every_pack_holds_and_no_mandate(jurisdiction: str) -> None:
    order = Mandate(MessageKind.LEGAL_NOTICE, "a law", LAW)
    ours = pack("cn", 8, 22, mandates=(order,), caps=(daily(3),))
    strictest = policy(ours, US, HOUSE, pack_of=BOTH)
    found = rules_of(strictest, jurisdiction, COLLECTION)
    assert found.packs == ("cn@1", "house@1", "us@1")
    assert found.hours.spans == spans(time(9), time(20))
    assert found.caps == (daily(3),)
    assert found.mandates == ()
    assert rules_of(strictest, "CN", COLLECTION).mandates == (order,)


def test_the_empty_jurisdiction_is_never_that_for_any() -> None:
    everywhere = policy(CN, US, pack_of={"*": "cn"})
    assert rules_of(everywhere, "", COLLECTION).packs == ("cn@1", "us@1")


def test_a_policy_without_packs_has_its_own_quiet_hours_and_limits() -> None:
    own = policy(limits=Limits(2, 12), quiet=QuietHours(time(21), time(8)))
    found = rules_of(own, "CN", COLLECTION)
    assert found.hours.spans == spans(time(8), time(21))
    assert [(cap.cap_id, cap.limit, cap.window, cap.scope) for cap in found.caps] == [
        ("policy.per_bill", 12, Window.BILL, frozenset({Scope.BILL})),
        ("policy.per_day", 2, Window.LOCAL_DAY, frozenset({Scope.CUSTOMER})),
    ]
    assert all(not cap.channels and not cap.classes for cap in found.caps)
    assert found.hours_sources == (Source("policy p@1", Mark.HOUSE),)


def test_what_law_orders_waits_for_no_limit_of_the_lender() -> None:
    own = policy(CN, pack_of=BOTH, limits=Limits(2, 12))
    assert rules_of(own, "CN", MANDATED).caps == ()


def test_only_caps_that_concern_the_class_are_held() -> None:
    exempt = frozenset({MANDATED})
    caps = (daily(1), daily(2, classes=frozenset({COLLECTION})), daily(3, exempt=exempt))
    law = policy(pack("cn", caps=caps), pack_of=BOTH)
    assert rules_of(law, "CN", COLLECTION).caps == caps
    assert rules_of(law, "CN", MANDATED).caps == (daily(1),)
    assert rules_of(law, "CN", MessageClass.SERVICE_NOTICE).caps == (daily(1), caps[2])


def test_holidays_close_where_the_pack_says_so() -> None:
    closing = policy(pack("cn", holidays=True), US, pack_of=BOTH)
    assert rules_of(closing, "CN", COLLECTION).hours.closed_days == {HOLIDAY}
    assert rules_of(closing, "US", COLLECTION).hours.closed_days == frozenset()
    assert len(rules_of(closing, "", COLLECTION).hours.closed_days) == 2


def test_consent_and_content_are_those_of_the_class() -> None:
    both = policy(CN, HOUSE, pack_of=BOTH)
    offer = rules_of(both, "CN", MessageClass.MARKETING)
    assert offer.consent_needed
    assert offer.consent_sources == (LAW,)
    demand = rules_of(both, "CN", COLLECTION)
    assert not demand.consent_needed
    assert demand.required == {Content.LENDER}


def test_rules_are_kept_for_a_policy() -> None:
    one = policy(CN, pack_of=BOTH)
    assert rules_of(one, "CN", COLLECTION) is rules_of(one, "CN", COLLECTION)


def test_a_pack_that_the_policy_lacks_is_said() -> None:
    with pytest.raises(PolicyError, match="p@1 names the pack us"):
        rules_of(policy(CN, pack_of=BOTH), "US", COLLECTION)
