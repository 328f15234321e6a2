"""What others observed and customers chose: read back whole, and the same in any order."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reminders.domain.customer import ContactPoint, Promise, RiskInput
from reminders.domain.identity import customer_id
from reminders.domain.kinds import MessageClass
from reminders.domain.scorecard import Feature
from reminders.domain.usage import Contact
from tests.scenario.world import PROFILE, START, World, profile

Made = tuple[str, dict[str, Any]]  # Any: JSON
DAY = timedelta(days=1)


def sms(world: World) -> ContactPoint:
    return world.facts().customer.contacts["sms"]


def say(world: World, address: str | None, at: timedelta) -> None:
    world.tell("contact.changed", {"channel": "sms", "address": address}, at=START + at)


def confirm(world: World, at: timedelta) -> None:
    moment = (START + at).isoformat()
    world.tell("contact.confirmed", {"channel": "sms", "confirmed_at": moment})


def promise(name: str, amount: int, promised_on: str) -> Made:
    data = {"promise_id": name, "bill_id": "B-1", "amount_minor": amount, "currency": "TWD"}
    return "promise.made", data | {"promised_on": promised_on, "made_at": START.isoformat()}


def risk(name: str, value: float, at: timedelta = timedelta(0)) -> Made:
    data = {"name": name, "value": value, "source": "core"}
    return "risk.observed", data | {"observed_at": (START + at).isoformat()}


def met(name: str, channel: str, at: timedelta = timedelta(0), **more: Any) -> Made:  # Any: JSON
    data = {"contact_id": name, "channel": channel, "conversation": False}
    return "contact.made", data | {"at": (START + at).isoformat()} | more


def test_other_zones_are_sorted_each_once_and_without_the_main_one(world: World) -> None:
    zones = ["Europe/Paris", "Asia/Taipei", "Asia/Tokyo", "Asia/Tokyo"]
    world.customer(other_time_zones=zones)
    assert world.facts().customer.zones == ("Asia/Taipei", "Asia/Tokyo", "Europe/Paris")
    world.customer()
    assert world.facts().customer.other_zones == ()


def test_the_newest_choice_of_days_counts_and_none_gives_them_back(world: World) -> None:
    chosen = {"offsets": [-1, -5], "actor": "customer"}
    assert world.tell("preference.offsets_chosen", chosen).new == 1
    world.tell("preference.offsets_chosen", chosen | {"offsets": [-9]}, at=START - DAY)
    assert world.facts().customer.offsets == {-1, -5}
    world.tell("preference.offsets_chosen", chosen | {"offsets": []}, at=START + DAY)
    assert world.facts().customer.offsets == frozenset()


def test_promises_are_corrected_under_their_id(world: World) -> None:
    world.tell(*promise("PTP-1", 2**62, "2026-03-20"))
    world.tell(*promise("PTP-2", 1, "2020-01-01"))  # history
    world.tell(*promise("PTP-1", 5, "2026-03-21"), at=START - DAY)
    (kept,) = world.facts().customer.promises
    assert kept == Promise("PTP-1", "B-1", 2**62, kept.promised_on, START)
    assert kept.promised_on.isoformat() == "2026-03-20"


def test_risk_inputs_keep_their_history_and_what_held_before_it(world: World) -> None:
    """S1.6: each input with where it comes from and when it was observed."""
    for days, value in ((-900, 1), (-800, 2), (-20, 3), (-10, 4)):
        world.tell(*risk("credit_limit", value, days * DAY))
    world.tell(*risk("autopay", 1, -5 * DAY))
    world.tell(*risk("credit_limit", 9, -10 * DAY), at=START + DAY)  # a correction
    inputs = world.facts().customer.risk_inputs
    limits = [each.value for each in inputs if each.feature is Feature.CREDIT_LIMIT]
    assert limits == [2, 3, 9]
    assert inputs[-1] == RiskInput(Feature.AUTOPAY, 1, "core", START - 5 * DAY)


def test_contacts_by_others_are_there_for_the_caps(world: World) -> None:
    world.customer()
    said: dict[str, Any] = {"bill_id": "B-1", "connected": True, "conversation": True}
    said["excluded"] = ["b", "a"]
    world.tell(*met("CALL-1", "voice", **said))
    world.tell(*met("SMS-1", "sms", DAY, message_class="service_notice"))
    world.tell(*met("OLD", "voice", -500 * DAY))
    call, text = world.facts().contacts
    assert call == Contact(
        START,
        "voice",
        MessageClass.COLLECTION,
        str(customer_id("C-1")),
        "B-1",
        "",
        connected=True,
        conversation=True,
        excluded=frozenset({"a", "b"}),
    )
    assert (text.message_class, text.connected) == (MessageClass.SERVICE_NOTICE, None)
    assert text.contact_point == sms(world).key != ""


def test_who_shares_an_address_shares_its_key_and_nobody_shares_an_inbox(world: World) -> None:
    world.customer("C-1")
    world.customer("C-2", contact_points=profile(1)["contact_points"])
    world.customer("C-3")
    one, two, three = (world.facts(who).customer.contacts for who in ("C-1", "C-2", "C-3"))
    assert one["sms"].key == two["sms"].key != three["sms"].key
    assert len(one["sms"].key) == 64
    assert one["in_app"].key == three["in_app"].key == ""


def test_an_address_is_confirmed_only_when_it_was_seen_in_use(world: World) -> None:
    world.customer()
    assert sms(world).confirmed_at is None
    confirm(world, -DAY)  # before anything was known of the address
    assert sms(world).confirmed_at is None
    confirm(world, DAY)
    assert sms(world).confirmed_at == START + DAY
    world.customer(language="zh-CN")  # the same address again
    assert sms(world).confirmed_at == START + DAY


def test_another_address_is_unconfirmed_and_the_old_one_stays_confirmed(world: World) -> None:
    world.customer()
    confirm(world, DAY)
    say(world, "+8616100000009", 2 * DAY)
    assert sms(world).confirmed_at is None
    say(world, "+8616100000001", 3 * DAY)
    assert sms(world).confirmed_at == START + DAY


def test_a_confirmation_of_another_address_that_was_heard_of_later_is_taken_back(
    world: World,
) -> None:
    world.customer()
    confirm(world, 2 * DAY)
    say(world, "+8616100000001", 3 * DAY)
    assert sms(world).confirmed_at == START + 2 * DAY
    say(world, "+8616100000009", DAY)
    assert sms(world).confirmed_at is None


def change(world: World, *, at: timedelta = timedelta(0), **changed: Any) -> None:  # Any: JSON
    data = {"actor": "customer", "channel": "sms", "message_kind": "*", "allowed": False}
    world.tell("preference.changed", data | changed, at=START + at)


def test_a_preference_carries_who_when_where_and_the_number_of_its_changes(world: World) -> None:
    world.customer(consent={})
    change(world, source="sms_stop")
    change(world, at=DAY, actor="agent 7", allowed=True, source="agent")
    change(world, at=-DAY)
    change(world, message_kind="overdue")
    every, overdue = sorted(world.facts().customer.preferences, key=lambda each: each.kind)
    assert (every.actor, every.changed_at, every.version) == ("agent 7", START + DAY, 3)
    assert (every.allowed, overdue.allowed, overdue.version) == (True, False, 1)
    assert world.rows("SELECT source FROM preference WHERE kind = '*'") == [("agent",)]
    assert len(world.rows("SELECT 1 FROM preference_change WHERE held_for = ''")) == 4


@pytest.mark.parametrize("actor", [None, "", "  "])
def test_a_change_without_an_actor_is_kept_and_touches_nothing(
    world: World, actor: str | None
) -> None:
    """S4.24: a system's upgrade that switches reception off waits for a person."""
    world.customer(consent={})
    change(world, actor=actor)
    assert world.facts().customer.preferences == ()
    assert world.rows("SELECT allowed, held_for <> '' FROM preference_change") == [(False, True)]
    change(world)
    (kept,) = world.facts().customer.preferences
    assert kept.version == 1


def test_a_replay_of_a_change_finds_it_there_already(world: World) -> None:
    body = world.event(
        "preference.changed",
        {"actor": "customer", "channel": "sms", "message_kind": "*", "allowed": False},
    )
    world.take(body, body)
    world.clock.set(START + 40 * DAY)
    with world.engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM event_identity")
    world.take(body)
    assert len(world.rows("SELECT 1 FROM preference_change")) == 1


def test_a_dead_address_that_is_replaced_did_not_die(world: World) -> None:
    world.customer()
    with world.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE contact_point SET health = 'dead', died_at = now()")
    world.customer()
    assert sms(world).died_at is not None
    say(world, "+8616100000009", DAY)
    assert sms(world).died_at is None


_EVER = ("0001-01-01T00:00:00+00:00", "9999-12-31T23:59:59.999999+00:00")


@pytest.mark.parametrize("at", _EVER)
def test_what_is_odd_and_legal_is_taken_and_read(world: World, at: str) -> None:
    world.customer()
    _, said = promise("PTP-1", 2**63 - 1, at[:10])
    events = [
        ("promise.made", said | {"made_at": at}),
        ("contact.confirmed", {"channel": "sms", "confirmed_at": at}),
        ("contact.made", met("CALL-1", "visit")[1] | {"at": at, "excluded": ["NULL", "a.b:c-d"]}),
        *(
            ("risk.observed", risk(name, value)[1] | {"observed_at": at})
            for name, value in (("credit_limit", 1e15), ("lender_score", -1e15), ("autopay", 0))
        ),
        ("preference.offsets_chosen", {"offsets": list(range(-30, -25)), "actor": "顾客 💳"}),
        ("preference.changed", {"channel": "sms", "message_kind": "*", "allowed": False}),
    ]
    bodies = [json.loads(world.event(name, data)) | {"time": at} for name, data in events]
    taken = world.take(*(json.dumps(body).encode() for body in bodies))
    assert (taken.new, taken.dead) == (len(events), 0)
    known = world.facts()
    assert sorted(each.value for each in known.customer.risk_inputs) == [-1e15, 0, 1e15]
    assert len(known.contacts) == len(known.customer.promises) == (at == _EVER[1])
    assert known.customer.offsets == set(range(-30, -25))


_kinds = st.sampled_from(
    ["profile", "address", "confirm", "offsets", "risk", "promise", "contact", "prefer", "nobody"]
)


def story(world: World, kinds: Sequence[str], random: Random) -> list[bytes]:
    """Events at few instants, so that times, ids and addresses often meet."""
    bodies = []
    for kind in kinds:
        at = random.randint(0, 4) * DAY
        name, data = _said(kind, at, random)
        bodies.append(world.event(name, data, at=START + at))
    return bodies


def _said(kind: str, at: timedelta, random: Random) -> Made:
    number = random.randint(1, 2)
    match kind:
        case "profile":
            zones = {"other_time_zones": random.sample(["Asia/Tokyo", "UTC"], number)}
            return "customer.updated", profile(number) | zones
        case "address":
            address = random.choice([None, "+8616100000001", "+8616100000002"])
            return "contact.changed", {"channel": "sms", "address": address}
        case "confirm":
            moment = (START + at).isoformat()
            return "contact.confirmed", {"channel": "sms", "confirmed_at": moment}
        case "offsets":
            chosen = {"offsets": random.sample(range(-30, 1), number), "actor": "customer"}
            return "preference.offsets_chosen", chosen
        case "risk":
            return risk("lender_score", random.random(), number * DAY)
        case "promise":
            return promise(f"PTP-{number}", random.randint(1, 99), f"2026-03-2{number}")
        case "contact":
            return met(f"CALL-{number}", random.choice(["sms", "voice"]), at)
        case _:
            actor = "customer" if kind == "prefer" else None
            choice = {"actor": actor, "channel": "sms", "message_kind": "*"}
            return "preference.changed", choice | {"allowed": number == 1}


@settings(PROFILE)
@given(kinds=st.lists(_kinds, min_size=1, max_size=14), random=st.randoms(use_true_random=False))
def test_the_same_facts_in_any_order_and_number_are_the_same(
    world: World, kinds: list[str], random: Random
) -> None:
    """Design §3: events in any order give the same derived state."""
    world.start_again()
    bodies = story(world, kinds, random)
    assert world.take(*bodies).new == len(bodies)
    expected = world.facts()

    world.start_again()
    shuffled = [*bodies, *random.choices(bodies, k=3)]
    random.shuffle(shuffled)
    while shuffled:
        size = random.randint(1, 4)
        batch, shuffled = shuffled[:size], shuffled[size:]
        assert world.take(*batch).dead == 0
    assert world.facts() == expected
