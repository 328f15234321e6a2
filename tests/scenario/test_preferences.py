"""Preferences from the change to the send: fenced at once, disclosed, never below the minimum."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reminders.domain.kinds import MessageKind
from reminders.services.intake import Incoming, Taken, ingest
from reminders.services.preferences import held
from reminders.services.preferences.alarm import (
    BULK,
    MOST_BY_ONE_HAND,
    NO_ACTOR,
    PAGE,
    STOP_REPLY,
)
from reminders.services.preferences.change import Changed, change, choose_offsets
from reminders.services.preferences.disclosure import acknowledge
from reminders.services.preferences.errors import LastChannel, PreferenceError, UnknownCustomer
from reminders.services.preferences.passes import PATH, PreferenceLinks, customer_of_pass
from reminders.services.preferences.show import open_channels, show
from reminders.services.resources import Resources
from tests.scenario.world import PROFILE, START, World, profile

DUE = START + timedelta(days=7)
CHANNELS = ("sms", "email", "in_app")


def switch(
    world: World, channel: str, kind: str = "*", *, on: bool = False, source: str = PAGE
) -> Changed:
    return change(
        world.resources, "C-1", channel, kind, allowed=on, actor="customer", source=source
    )


def due(world: World) -> None:
    world.customer()
    world.bill()
    world.evaluate()
    world.clock.set(DUE)


def test_a_channel_switched_off_between_claim_and_gate_is_not_used_and_another_is(
    world: World,
) -> None:
    """S1.3, S1.16, I3: claimed already, and still the text goes by what remains."""
    due(world)
    claimed = world.claim("sms")
    assert claimed
    changed = switch(world, "sms")
    assert changed.effective
    passed = world.gate(claimed)
    assert {each.attempt.attempt.channel for each in passed.handovers} <= {"email"}
    world.run_until(DUE + timedelta(hours=12))
    assert world.sms.sent == []
    assert world.attempts()
    assert not any(line.startswith("sms") for line in world.attempts())


def test_switching_off_answers_with_what_follows_and_what_remains(world: World) -> None:
    """S1.14-S1.16: disclosed in versioned words, with the next notices and their channel."""
    due(world)
    changed = switch(world, "sms")
    assert changed.remaining == ("email", "in_app")
    assert changed.disclosure is not None
    assert changed.disclosure.version.startswith("en/optout_disclosure.in_app@")
    assert "check your bills regularly" in changed.disclosure.text
    assert "by e-mail and in-app message" in changed.disclosure.text
    assert changed.notices
    assert {notice.channel for notice in changed.notices} <= {"email", "in_app"}
    assert switch(world, "sms", on=True).disclosure is None


def test_a_disclosure_is_acknowledged_once_and_kept(world: World) -> None:
    """S1.14: version, language, instant and source, append-only."""
    world.customer()
    changed = switch(world, "sms")
    assert changed.disclosure is not None
    seen = (changed.change_no, changed.disclosure.version, "en", PAGE)
    assert acknowledge(world.resources, "C-1", *seen)
    assert not acknowledge(world.resources, "C-1", *seen)
    rows = world.rows(
        "SELECT change_no, version, language, acknowledged_at, source FROM disclosure"
    )
    assert rows == [(seen[0], seen[1], "en", START, PAGE)]


def test_only_ones_own_switching_off_is_acknowledged(world: World) -> None:
    world.customer()
    world.customer("C-2")
    changed = switch(world, "sms")
    assert changed.disclosure is not None
    version = changed.disclosure.version
    for ref, change_no, words in (
        ("C-2", changed.change_no, version),
        ("C-1", switch(world, "sms", on=True).change_no, version),
        ("C-1", changed.change_no, "en/pre_due.sms@1"),
    ):
        with pytest.raises(PreferenceError):
            acknowledge(world.resources, ref, change_no, words, "en", PAGE)
    assert world.rows("SELECT count(*) FROM disclosure") == [(0,)]


@pytest.mark.parametrize("order", list(permutations(CHANNELS)))
def test_the_last_channel_before_the_due_date_stays_on(
    world: World, order: tuple[str, str, str]
) -> None:
    """I8: one notice before the due date on one channel, whichever the customer keeps."""
    world.customer()
    for channel in order[:2]:
        switch(world, channel)
    for kind in ("*", "pre_due"):
        with pytest.raises(LastChannel, match=f"{order[2]} stays on"):
            switch(world, order[2], kind)
    switch(world, order[2], "overdue")
    assert open_channels(world.facts().customer, MessageKind.PRE_DUE) == (order[2],)


def test_a_channel_that_no_policy_uses_is_no_channel_that_is_left(world: World) -> None:
    """I8: a telephone that nobody calls does not stand in for the messages that come."""
    points = [{"channel": "sms", "address": "+8616100000001"}]
    world.customer(contact_points=[*points, {"channel": "voice", "address": "+8616100000001"}])
    with pytest.raises(LastChannel, match="sms stays on"):
        switch(world, "sms")


def test_two_last_channels_cannot_be_switched_off_at_once(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """I8: each looks and finds the other on; what came second is taken back."""
    world.customer()
    switch(world, "email")

    def meanwhile(resources: Resources, batch: Sequence[Incoming]) -> Taken:
        monkeypatch.undo()
        switch(world, "in_app")
        return ingest(resources, batch)

    monkeypatch.setattr("reminders.services.preferences.change.ingest", meanwhile)
    with pytest.raises(LastChannel, match="sms stays on"):
        switch(world, "sms")
    assert open_channels(world.facts().customer, MessageKind.PRE_DUE) == ("sms",)


def test_a_stop_reply_and_billing_are_honoured_whatever_they_leave(world: World) -> None:
    """I3: what the law grants is not refused for the sake of the minimum."""
    world.customer()
    world.opt_out("in_app")
    switch(world, "email")
    changed = switch(world, "sms", source=STOP_REPLY)
    assert changed.effective
    assert changed.remaining == ()
    assert changed.disclosure is not None
    assert "No other channel is on" in changed.disclosure.text


_CHOICES = st.lists(
    st.tuples(
        st.sampled_from(CHANNELS), st.sampled_from(["*", "pre_due", "overdue"]), st.booleans()
    ),
    max_size=8,
)


@PROFILE
@given(choices=_CHOICES)
def test_no_choice_on_the_page_goes_below_the_minimum(
    world: World, choices: list[tuple[str, str, bool]]
) -> None:
    """I8, and what is shown is what holds."""
    world.start_again()
    world.customer()
    for channel, kind, on in choices:
        try:
            changed = switch(world, channel, kind, on=on)
        except PreferenceError:
            continue
        assert changed.effective or on
    customer = world.facts().customer
    assert open_channels(customer, MessageKind.PRE_DUE)
    for setting in show(world.resources, "C-1").settings:
        assert setting.kinds == {
            kind: not customer.opted_out(setting.channel, kind) for kind in setting.kinds
        }


def test_of_two_changes_at_one_instant_the_later_wins(world: World) -> None:
    world.customer()
    for on in (False, True, False, True):
        assert switch(world, "sms", on=on).effective
    assert world.facts().customer.opted_out("sms", "pre_due") is False
    assert [each.allowed for each in show(world.resources, "C-1").changes] == [
        True,
        False,
        True,
        False,
    ]


def test_what_cannot_be_set_is_refused_in_one_line(world: World) -> None:
    world.customer()
    for wrong, says in (
        (("pigeon", "*", "customer"), "channel 'pigeon' is none of sms"),
        (("sms", "gossip", "customer"), "kind 'gossip' is none of"),
        (("sms", "*", "  "), "an actor is wanted"),
        (("sms", "*", "x" * 65), "an actor is wanted"),
    ):
        channel, kind, actor = wrong
        with pytest.raises(PreferenceError, match=says):
            change(world.resources, "C-1", channel, kind, allowed=False, actor=actor, source=PAGE)
    with pytest.raises(UnknownCustomer, match="no customer is called C-9"):
        show(world.resources, "C-9")
    switch(world, "sms")
    with pytest.raises(PreferenceError, match="off as a whole"):
        switch(world, "sms", "overdue", on=True)


def test_days_are_chosen_within_what_the_lender_offers(world: World) -> None:
    """S1.18: three days before and one day before, say; nothing that is not offered."""
    world.customer()
    choose_offsets(world.resources, "C-1", [-1, -3, -3], actor="customer")
    standing = show(world.resources, "C-1")
    assert standing.offsets == (-3, -1)
    assert standing.choices == (-7, -3, -1)
    with pytest.raises(PreferenceError, match="days -4 are not offered, only -7, -3, -1"):
        choose_offsets(world.resources, "C-1", [-4], actor="customer")
    choose_offsets(world.resources, "C-1", [], actor="customer")
    assert show(world.resources, "C-1").offsets == ()


# Alarm (S4.24).


def silent(world: World, who: str = "C-1", **data: object) -> None:
    given = {"channel": "sms", "message_kind": "*", "allowed": False} | data
    world.tell("preference.changed", given, who=who)


def test_a_change_by_nobody_changes_nothing_until_a_person_lets_it(world: World) -> None:
    """S4.24: a system upgrade silently turned reception off."""
    due(world)
    silent(world)
    assert not world.facts().customer.opted_out("sms", "pre_due")
    (waiting,) = held.listed(world.resources, 10)
    assert (waiting.ref, waiting.held_for, waiting.waiting) == ("C-1", NO_ACTOR, True)
    decided = held.decide(world.resources, [waiting], approved=True, actor="ops", reason="asked")
    assert decided == 1
    assert world.facts().customer.opted_out("sms", "pre_due")
    assert held.listed(world.resources, 10) == []
    with pytest.raises(PreferenceError, match="it was approved"):
        held.find(world.resources, waiting.change_no)


def test_what_is_rejected_never_takes_effect(world: World) -> None:
    world.customer()
    silent(world)
    (waiting,) = held.listed(world.resources, 10)
    held.decide(world.resources, [waiting], approved=False, actor="ops", reason="an upgrade")
    assert not world.facts().customer.opted_out("sms", "pre_due")
    assert held.decide(world.resources, [waiting], approved=True, actor="o", reason="r") == 0
    assert not world.facts().customer.opted_out("sms", "pre_due")
    assert world.rows("SELECT approved, actor, reason FROM preference_verdict") == [
        (False, "ops", "an upgrade")
    ]


def test_what_is_approved_late_yields_to_what_the_customer_chose_since(world: World) -> None:
    world.customer()
    silent(world)
    world.clock.set(START + timedelta(hours=1))
    switch(world, "sms", on=True)
    (waiting,) = held.listed(world.resources, 10)
    held.decide(world.resources, [waiting], approved=True, actor="ops", reason="late")
    assert not world.facts().customer.opted_out("sms", "pre_due")


def off(world: World, number: int, actor: str) -> bytes:
    data = {"channel": "sms", "message_kind": "*", "allowed": False, "actor": actor}
    return world.event("preference.changed", data, who=f"C-{number}")


def test_one_hand_on_many_waits_also_when_it_comes_in_batches(world: World) -> None:
    """S4.24: as many as a clerk does pass; what follows within minutes waits."""
    world.take(*(off(world, number, "upgrade") for number in range(MOST_BY_ONE_HAND)))
    assert held.listed(world.resources, 100) == []
    world.take(off(world, 100, "upgrade"), off(world, 101, "clerk"))
    (waiting,) = held.listed(world.resources, 100)
    assert (waiting.ref, waiting.held_for) == ("C-100", BULK)
    world.clock.set(START + timedelta(minutes=6))
    world.take(off(world, 102, "upgrade"))
    assert len(held.listed(world.resources, 100)) == 1
    assert len(held.of_actor(world.resources, "upgrade")) == 1
    with pytest.raises(PreferenceError, match="no change by clerk waits"):
        held.of_actor(world.resources, "clerk")


def test_customers_who_answer_stop_are_never_held_however_many(world: World) -> None:
    stop = {"channel": "sms", "message_kind": "*", "allowed": False, "source": STOP_REPLY}
    world.take(
        *(world.event("preference.changed", stop, who=f"C-{n}") for n in range(3 * 20)),
        *(off(world, number, "customer") for number in range(100, 160)),
    )
    assert held.listed(world.resources, 1_000) == []
    assert world.facts("C-7").customer.opted_out("sms", "pre_due")


def test_a_mail_carries_the_link_to_its_customers_own_page(world: World) -> None:
    links = PreferenceLinks("https://console.example.com", "k")
    world.resources = replace(world.resources, preference_links=links)
    world.customer(contact_points=[{"channel": "email", "address": "customer.1@example.com"}])
    world.bill()
    world.run_until(START + timedelta(days=8))
    mail = world.email.sent[0].message
    for text in (mail.headers["List-Unsubscribe"].strip("<>"), mail.text):
        token = text.partition(PATH)[2].partition("\n")[0].strip()
        assert customer_of_pass(token, "k") == "C-1"
    assert mail.headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"  # RFC 8058


def withdraw(world: World, customers: int) -> None:
    """One upgrade of billing: profiles that take back every consent, in one batch."""
    none = dict.fromkeys(("sms", "email", "in_app"), False)
    world.take(
        *(
            world.event("customer.updated", profile(n) | {"consent": none}, who=f"C-{n}")
            for n in range(1, customers + 1)
        )
    )


def consents(world: World) -> dict[bool, int]:
    rows = world.rows("SELECT allowed, count(*) FROM preference GROUP BY allowed")
    return dict(rows)


def test_an_upgrade_that_takes_back_everybodys_consent_waits_for_a_person(world: World) -> None:
    """S4.24: a system upgrade silently switched reminders off."""
    for number in range(1, 31):
        world.customer(f"C-{number}")
    world.clock.set(START + timedelta(hours=1))
    withdraw(world, 30)
    assert consents(world) == {True: 90}
    waiting = held.listed(world.resources, 1000)
    assert len(waiting) == 90
    assert {each.held_for for each in waiting} == {"bulk"}
    held.decide(world.resources, waiting, approved=True, actor="ana", reason="asked billing")
    assert consents(world) == {False: 90}
    world.clock.set(START + timedelta(hours=2))
    world.customer("C-1")  # billing gives it again: the same fact, newer
    assert consents(world) == {False: 87, True: 3}


def test_a_consent_that_one_customer_takes_back_holds_at_once(world: World) -> None:
    world.customer()
    world.clock.set(START + timedelta(hours=1))
    withdraw(world, 1)
    assert consents(world) == {False: 3}
    assert world.rows("SELECT count(*) FROM preference_change WHERE held_for = ''") == [(3,)]


def test_profiles_that_never_had_consent_raise_no_alarm(world: World) -> None:
    """A lender moves in with its customers: "never confirmed" is no switching-off."""
    withdraw(world, 30)
    assert consents(world) == {False: 90}
    assert held.listed(world.resources, 10) == []
