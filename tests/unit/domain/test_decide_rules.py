"""Packs, caps, choices, conditions and experiments, as the one brain asks them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Any

import pytest

from reminders.domain.bill import BillPosition
from reminders.domain.case import REFUSED
from reminders.domain.compliance import (
    Cap,
    ClassHours,
    Count,
    Freshness,
    Mandate,
    Mark,
    Pack,
    Scope,
    Source,
    Window,
)
from reminders.domain.customer import Customer, Preference
from reminders.domain.decide import decide
from reminders.domain.decision import Check, Decision, Defer, Exhaust, Reason, Send, Suppress
from reminders.domain.experiments import HOLDOUT, group_of
from reminders.domain.hours import Hours, spans
from reminders.domain.kinds import MessageClass, MessageKind
from reminders.domain.outcome import AttemptState
from reminders.domain.planning import NO_LEGAL_HOUR, plan
from reminders.domain.policy import Experiment, Policy, Stage
from reminders.domain.reminder import Attempt, Reminder
from reminders.domain.tier import Tier
from reminders.domain.usage import NOTHING_USED, Contact, Usage
from tests.unit.domain.facts import attempt, bill, contacts, customer, default_policy

LAW = Source("Some Act s. 1", Mark.VERIFIED)
BASE = replace(default_policy(), packs={}, pack_of={}, calendars={})


def policy(law: Pack | None = None, **changed: Any) -> Policy:  # Any: the fields of a policy
    packs = {} if law is None else {"law": law}
    return replace(BASE, packs=packs, pack_of={"*": "law"} if packs else {}, **changed)


def pack(**given: Any) -> Pack:  # Any: the fields of a pack
    return Pack("law", "1", **{"hours": {}, **given})


def stage_of(rules: Policy, name: str, who: Customer | None = None) -> Reminder:
    return {each.stage: each for each in plan(bill(), who or customer(), rules)}[name]


def ask(
    rules: Policy,
    name: str = "d-3",
    *,
    who: Customer | None = None,
    tier: Tier = Tier.R1,
    now: datetime | None = None,
    usage: Usage = NOTHING_USED,
    history: tuple[Attempt, ...] = (),
    position: BillPosition | None = None,
) -> Decision:
    who = who or customer()
    reminder = stage_of(rules, name, who)
    now = now or reminder.due_at
    return decide(now, reminder, position or bill(), who, rules, tier, history, usage)


def cap(limit: int, *channels: str, window: Window = Window.LOCAL_DAY, length: int = 1) -> Cap:
    return Cap(
        "law.cap",
        Count.ATTEMPT,
        limit,
        window,
        length,
        frozenset({Scope.CUSTOMER}),
        LAW,
        frozenset(channels),
    )


def sent(at: datetime, channel: str = "sms") -> Contact:
    return Contact(at, channel, MessageClass.SERVICE_NOTICE, "7", "B", "")


def last(decision: Decision) -> tuple[str, bool, str]:
    check = decision.checks[-1]
    return check.rule, check.passed, check.cite


# What the customer chose (S1.18).


def test_a_chosen_day_is_kept_and_the_others_are_left_out() -> None:
    who = replace(customer(), offsets=frozenset({-1}))
    left_out = ask(policy(), "d-3", who=who)
    assert isinstance(left_out, Suppress)
    assert left_out.reason is Reason.NOT_CHOSEN
    assert isinstance(ask(policy(), "d-1", who=who), Send)


def test_a_chosen_day_is_kept_even_where_the_tier_has_none() -> None:
    who = replace(customer(), offsets=frozenset({-7}))
    assert isinstance(ask(policy(), "d-7", who=who, tier=Tier.R0), Send)


@pytest.mark.parametrize("offsets", [{-30}, {-30, -29}, set()])
def test_a_choice_that_the_lender_does_not_offer_changes_nothing(offsets: set[int]) -> None:
    who = replace(customer(), offsets=frozenset(offsets))
    assert isinstance(ask(policy(), "d-3", who=who), Send)


def test_a_choice_never_reaches_beyond_the_due_date() -> None:
    who = replace(customer(), offsets=frozenset({-1}))
    assert isinstance(ask(policy(), "d+1", who=who), Send)


# Conditions and experiments.


def with_condition(when: str) -> Policy:
    stages: tuple[Stage, ...] = tuple(replace(each, when=when) for each in BASE.stages)
    return policy(stages=stages)


def test_a_condition_that_does_not_hold_keeps_the_stage_quiet() -> None:
    decision = ask(with_condition("amount_due > 5000"))
    assert isinstance(decision, Suppress)
    assert decision.reason is Reason.CONDITION
    assert isinstance(ask(with_condition("amount_due > 500")), Send)


def held_out(rules: Policy) -> Customer:
    assert rules.experiment is not None
    names = (f"C-{number}" for number in range(1000))
    found = next(name for name in names if group_of(rules.experiment, name) == HOLDOUT)
    return replace(customer(), ref=found)


def test_who_is_held_out_hears_nothing() -> None:
    rules = policy(experiment=Experiment("quiet", holdout=0.5))
    decision = ask(rules, who=held_out(rules))
    assert isinstance(decision, Suppress)
    assert decision.reason is Reason.HOLDOUT


def test_nobody_is_held_out_from_what_the_law_orders() -> None:
    law = pack(mandates=(Mandate(MessageKind.PRE_DUE, "Some Act s. 2", LAW),))
    rules = policy(law, experiment=Experiment("quiet", holdout=0.5))
    assert isinstance(ask(rules, who=held_out(rules)), Send)


# Caps.


def test_a_cap_moves_to_the_next_channel_and_waits_where_there_is_none() -> None:
    at = stage_of(policy(), "d-3").due_at
    used = Usage((sent(at - timedelta(hours=1)),))
    decision = ask(policy(pack(caps=(cap(1, "sms"),))), usage=used)
    assert isinstance(decision, Send)
    assert decision.rung.channel == "email"
    who = replace(customer(), contacts={"sms": contacts()["sms"]})
    waits = ask(policy(pack(caps=(cap(1),))), usage=used, who=who)
    assert isinstance(waits, Defer)
    assert (waits.reason, waits.until) == (Reason.CAP, at.replace(hour=16))
    assert ("caps.sms", False, "Some Act s. 1") in {
        (check.rule, check.passed, check.cite) for check in waits.checks
    }


def test_a_cap_that_opens_too_late_ends_the_stage() -> None:
    at = stage_of(policy(), "d-3").due_at
    used = Usage((sent(at - timedelta(hours=1)),))
    who = replace(customer(), contacts={"sms": contacts()["sms"]})
    rules = policy(pack(caps=(cap(1, length=7),)))
    decision = ask(rules, usage=used, who=who)
    assert isinstance(decision, Suppress)
    assert decision.reason is Reason.CAP


def test_the_decision_says_what_it_uses_up() -> None:
    rules = policy(pack(caps=(cap(2),)))
    decision = ask(rules)
    assert isinstance(decision, Send)
    at = stage_of(rules, "d-3").due_at
    contact = decision.contact
    assert (contact.at, contact.channel, contact.bill) == (at, "sms", "B")
    again = ask(rules, usage=NOTHING_USED.after(contact).after(contact))
    assert isinstance(again, Send)
    assert again.rung.channel == "in_app"  # a note in the inbox reaches out to nobody


# Consent, freshness, mandates.


def test_where_consent_is_needed_silence_is_none() -> None:
    rules = policy(pack(consent={MessageClass.SERVICE_NOTICE: LAW}))
    decision = ask(rules)
    assert isinstance(decision, Suppress)
    assert decision.reason is Reason.NO_CONSENT
    who = replace(customer(), preferences=(Preference("email", "*", True),))
    asked = ask(rules, who=who)
    assert isinstance(asked, Send)
    assert asked.rung.channel == "email"


@pytest.mark.parametrize(("days", "channel"), [(59, "sms"), (61, "email")])
def test_a_number_must_be_as_fresh_as_the_pack_asks(days: int, channel: str) -> None:
    fresh = Freshness(frozenset({"sms"}), 60, LAW)
    rules = policy(pack(freshness=(fresh,)))
    at = stage_of(rules, "d-3").due_at
    points = dict(contacts())
    points["sms"] = replace(points["sms"], confirmed_at=at - timedelta(days=days))
    decision = ask(rules, who=replace(customer(), contacts=points))
    assert isinstance(decision, Send)
    assert decision.rung.channel == channel


ALL = ("sms", "email", "in_app")


def test_only_a_law_that_is_named_passes_an_opt_out_and_once_per_bill() -> None:
    """S1.2, card measures art. 67: one channel must stay, the least intrusive one."""
    who = customer(opted_out=ALL)
    refused = ask(policy(), who=who)
    assert isinstance(refused, Suppress)
    assert refused.reason is Reason.OPTED_OUT
    ordered = policy(pack(mandates=(Mandate(MessageKind.PRE_DUE, "Some Act s. 2", LAW),)))
    decision = ask(ordered, who=who)
    assert isinstance(decision, Send)
    assert decision.rung.channel == "in_app"
    assert ("mandate.in_app", True, "Some Act s. 2") in {
        (check.rule, check.passed, check.cite) for check in decision.checks
    }
    told = ask(ordered, "d-1", who=who, usage=NOTHING_USED.after(decision.contact))
    assert isinstance(told, Suppress)
    assert told.reason is Reason.OPTED_OUT
    overdue = ask(ordered, "d+1", who=who)
    assert isinstance(overdue, Suppress)


@pytest.mark.parametrize(
    ("kind", "said", "goes"),
    [
        (MessageKind.PRE_DUE, MessageKind.OPTOUT_DISCLOSURE, True),
        (MessageKind.PRE_DUE, MessageKind.DUE_TODAY, False),
        (MessageKind.LEGAL_NOTICE, MessageKind.PRE_DUE, True),
        (MessageKind.LEGAL_NOTICE, MessageKind.LEGAL_NOTICE, False),
    ],
)
def test_what_the_law_orders_is_given_only_by_what_says_it(
    kind: MessageKind, said: MessageKind, goes: bool
) -> None:
    """An answer to the opt-out reminds of no date, and a reminder is no legal notice."""
    stage = next(each for each in BASE.stages if each.name == "d-3")
    law = pack(mandates=(Mandate(kind, "Some Act s. 2", LAW),))
    rules = policy(law, stages=(replace(stage, kind=kind),))
    before = replace(sent(stage_of(rules, "d-3").due_at - timedelta(days=2), "email"), kind=said)
    about = replace(before, bill=bill().bill_id)
    decision = ask(rules, who=customer(opted_out=ALL), usage=NOTHING_USED.after(about))
    assert isinstance(decision, Send) is goes


def test_a_channel_that_is_left_is_used_before_any_mandate() -> None:
    ordered = policy(pack(mandates=(Mandate(MessageKind.PRE_DUE, "Some Act s. 2", LAW),)))
    decision = ask(ordered, who=customer(opted_out=("sms", "in_app")))
    assert isinstance(decision, Send)
    assert decision.rung.channel == "email"


def test_a_customer_of_no_contact_at_all_is_told_of_as_such() -> None:
    decision = ask(policy(), who=replace(customer(), contacts={}))
    assert isinstance(decision, Exhaust)
    assert decision.reason is Reason.NO_CONTACT


# Hours.


def open_from(opens: int, closes: int, shut: Iterable[date] = ()) -> dict[MessageClass, ClassHours]:
    hours = Hours(spans(time(opens), time(closes)), closed_days=frozenset(shut))
    return {each: ClassHours(hours, LAW) for each in MessageClass}


def test_outside_the_hours_of_its_class_it_waits_for_the_opening() -> None:
    rules = policy(pack(hours=open_from(8, 20)))
    at = stage_of(rules, "d-3").due_at
    decision = ask(rules, now=at.replace(hour=12, minute=30))  # 20:30 in Taipei
    assert isinstance(decision, Defer)
    assert decision.reason is Reason.QUIET_HOURS
    assert decision.until == at.replace(hour=0, minute=0) + timedelta(days=1)
    assert last(decision) == ("hours", False, "Some Act s. 1, policy default@5")


def test_every_zone_the_customer_may_be_in_must_be_awake() -> None:
    rules = policy(pack(hours=open_from(8, 21)))
    who = replace(customer("America/New_York"), other_zones=("America/Los_Angeles",))
    placed = stage_of(rules, "d-3", who)
    assert placed.due_at.hour == 15  # 11:00 in New York is 08:00 in Los Angeles (daylight time)


def test_a_stage_that_the_night_would_swallow_comes_earlier() -> None:
    """Deadlines are solved backwards."""
    late, early = time(21, 30), time(7)
    stages = tuple(
        replace(each, at=late, until_days=-2, until_at=early)
        for each in BASE.stages
        if each.name == "d-3"
    )
    rules = policy(pack(hours=open_from(8, 20)), stages=stages)
    placed = stage_of(rules, "d-3")
    assert placed.flag == ""
    assert placed.due_at < stage_of(policy(stages=stages), "d-3").due_at
    assert isinstance(ask(rules, "d-3"), Send)


def test_what_fits_nowhere_is_flagged_when_the_bill_arrives() -> None:
    march = [date(2026, 3, day) for day in range(1, 32)]
    shut = open_from(8, 20, march)
    rules = policy(pack(hours=shut))
    reminder = stage_of(rules, "d-3")
    assert reminder.flag == NO_LEGAL_HOUR
    decision = ask(rules)
    assert isinstance(decision, Suppress)
    assert decision.reason is Reason.NO_LEGAL_HOUR


def test_a_call_under_way_is_waited_for_while_the_hours_are_shut() -> None:
    rules = policy(pack(hours=open_from(8, 12)))
    at = stage_of(rules, "d-3").due_at
    silent = attempt(AttemptState.ACCEPTED, submitted_at=at, within=timedelta(hours=2))
    decision = ask(rules, history=(silent,), now=at + timedelta(hours=3))
    assert isinstance(decision, Defer)
    assert decision.reason is Reason.QUIET_HOURS


# Words that a channel does not carry.


def ask_with(down: dict[str, str], *, history: tuple[Attempt, ...] = ()) -> Decision:
    rules, who = BASE, customer()
    reminder = stage_of(rules, "d-3", who)
    return decide(reminder.due_at, reminder, bill(), who, rules, Tier.R1, history, down=down)


def test_words_that_are_refused_pass_over_their_channel() -> None:
    found = ask_with({"sms": f"{REFUSED}too_long"})
    assert isinstance(found, Send)
    assert found.rung.channel == "email"
    assert Check("words.sms", "too_long", False) in found.checks


def test_words_are_not_waited_for_but_what_is_behind_them_is() -> None:
    every = dict.fromkeys(("sms", "email", "in_app"), f"{REFUSED}too_long")
    ended = ask_with(every)
    assert isinstance(ended, Suppress)
    assert ended.reason is Reason.CONTENT
    assert isinstance(ask_with(every | {"email": "broken"}), Defer)
    tried = (attempt(AttemptState.UNDELIVERED, "email"),)
    spent = ask_with(every, history=tried)
    assert isinstance(spent, Exhaust)
    assert spent.reason is Reason.CONTENT
