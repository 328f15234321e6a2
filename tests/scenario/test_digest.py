"""Bills of one customer that are due together go in one message, and each still ends on its own."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest

from channels.contract import Message
from channels.fleet import Budget, Fleet
from channels.pacing import Grant
from reminders.domain.identity import customer_id
from reminders.domain.outcome import Accepted, Outcome, Permanent
from reminders.ledger import locks, reminders, usage
from reminders.ledger.reminders import Kept
from reminders.services.gate import gate
from tests.scenario.world import START, Free, World

D3_AT = START + timedelta(days=7)


@pytest.fixture
def together(world: World) -> World:
    """Three bills of one customer, due the same day, at the hour of the first stage of R1."""
    world.use("digest", digest=True)
    world.customer()
    for bill in ("B-1", "B-2", "B-3"):
        world.bill(bill, amount_due_minor=100_000 + int(bill[-1]) * 100)
    world.evaluate()
    world.clock.set(D3_AT)
    return world


def open_bills(world: World) -> dict[str, str]:
    rows = world.rows("SELECT bill_id, state FROM reminder WHERE stage = 'd-3' ORDER BY bill_id")
    return dict(rows)


def test_one_message_names_every_bill_and_counts_once(together: World) -> None:
    together.deliver()
    (sent,) = together.sms.sent
    assert "NT$3,006" in sent.message.text.replace(" ", "").replace(".00", "")
    assert open_bills(together) == dict.fromkeys(("B-1", "B-2", "B-3"), "contacting")
    counted = together.rows(
        "SELECT count(*) FILTER (WHERE leader_id IS NULL), count(*) FROM attempt"
    )
    assert counted == [(1, 3)]


def test_what_the_one_message_reaches_is_reached_for_all(together: World) -> None:
    together.deliver()
    leader = together.rows("SELECT attempt_id FROM attempt WHERE leader_id IS NULL")[0][0]
    together.receipt(leader, "delivered")
    together.deliver()
    assert open_bills(together) == dict.fromkeys(("B-1", "B-2", "B-3"), "satisfied")


def test_paying_one_changes_the_rest_of_the_message(together: World) -> None:
    together.sms.script = lambda message: Permanent("no such number", dead_contact=True)
    together.pay("P-1", 100_100, "B-1")
    together.evaluate()
    together.deliver()
    assert "B-1" not in together.email.sent[-1].message.text
    assert "B-2" in together.email.sent[-1].message.text + together.email.sent[-1].message.html
    assert open_bills(together)["B-1"] == "cancelled"


def test_when_the_first_is_paid_the_others_go_on(together: World) -> None:
    """The bill whose attempt led is paid while nobody has confirmed: the rest escalates."""
    together.deliver()
    leader = together.rows(
        "SELECT r.bill_id FROM attempt a JOIN reminder r USING (reminder_id)"
        " WHERE a.leader_id IS NULL"
    )[0][0]
    together.pay("P-1", 200_000, leader)
    together.evaluate()
    together.clock.set(D3_AT + timedelta(hours=2, minutes=1))
    together.deliver()
    assert len(together.email.sent) == 1
    assert open_bills(together)[leader] == "cancelled"
    rest = {bill: state for bill, state in open_bills(together).items() if bill != leader}
    assert set(rest.values()) == {"contacting"}


def test_a_failure_takes_all_of_them_to_the_next_channel_at_once(together: World) -> None:
    together.sms.script = lambda message: Permanent("barred")
    together.deliver()
    assert len(together.sms.sent) == 1
    assert len(together.email.sent) == 1
    channels = together.rows("SELECT channel, count(*) FROM attempt GROUP BY channel ORDER BY 1")
    assert channels == [("email", 3), ("sms", 3)]


def test_bills_that_another_worker_had_claimed_are_taken_along(together: World) -> None:
    claimed = [kept for kept in together.claim("sms") if kept.reminder.stage == "d-3"]
    mine, theirs = claimed[:1], claimed[1:]
    passed = together.gate(mine)
    assert len(passed.handovers) == 1
    assert together.gate(theirs).handovers == []  # their claim no longer holds
    together.record(together.call(passed))
    assert len(together.sms.sent) == 1


def test_bills_of_different_days_go_on_their_own(world: World) -> None:
    world.use("digest", digest=True)
    world.customer()
    world.bill("B-1")
    world.bill("B-2", due_on="2026-03-12")
    world.run_until(D3_AT + timedelta(days=1, minutes=1))
    assert len(world.sms.sent) == 2


class OneEach(Free):
    """Pacing that grants one token whenever it is asked, and counts them."""

    def __init__(self) -> None:
        self.taken: Counter[str] = Counter()

    def take(self, key: str, rate_per_s: float, burst: int, wanted: int) -> Grant:
        self.taken[key] += 1
        return Grant(1, timedelta(0))


@pytest.fixture
def apart(world: World) -> World:
    """Two bills of one customer whose stages fall due at the same hour and share no message."""
    world.use("digest", digest=True)
    world.customer()
    world.bill("B-1")
    world.bill("B-2", due_on="2026-03-09")
    world.evaluate()
    world.clock.set(D3_AT)
    return world


def due(world: World, lane: str, stage: str) -> list[Kept]:
    """Claimed in this lane alone."""
    claimed = world.claim(lane)
    chosen = [each for each in claimed if each.reminder.stage == stage]
    rest = [each for each in claimed if each not in chosen]
    locks.in_transaction(world.engine, lambda opened: reminders.give_back(opened, rest))
    return chosen


def test_what_is_gathered_takes_a_token_or_waits_for_one(apart: World) -> None:
    """One token is taken for the bill that was claimed: the other one is sent with its own."""
    first = gate(apart.resources, due(apart, "sms", "d-3"), Budget({"memory-sms": 1}))
    assert [each.kept.reminder.bill_id for each in first.handovers] == ["B-1"]
    second = gate(apart.resources, first.gathered, Budget({"memory-sms": 1}))
    assert [each.kept.reminder.bill_id for each in second.handovers] == ["B-2"]


def test_no_message_goes_without_a_token_of_its_own(apart: World) -> None:
    """Ten customers with two messages each, few tokens at a time: a call for each token."""
    for number in range(2, 11):
        apart.customer(f"C-{number}")
        apart.bill(f"B-{number}1", who=f"C-{number}")
        apart.bill(f"B-{number}2", who=f"C-{number}", due_on="2026-03-09")
    apart.evaluate()
    pacing, tokens = OneEach(), []

    def call(message: Message) -> Outcome:
        tokens.append(pacing.taken["memory-sms"])
        return Accepted("ref")

    apart.sms.script = call
    providers = apart.resources.fleet.by_name.values()
    apart.resources = replace(apart.resources, fleet=Fleet(providers, pacing))
    apart.deliver()
    assert len(tokens) == 20
    # Calls with the same number of tokens taken are of one gate, and of its tokens alone.
    gates = Counter(tokens)
    before = [0, *sorted(gates)]
    assert all(gates[at] <= at - last for last, at in pairwise(before))


def test_a_token_that_is_left_is_for_what_was_gathered(apart: World) -> None:
    passed = gate(apart.resources, due(apart, "sms", "d-3"), Budget({"memory-sms": 2}))
    assert sorted(each.kept.reminder.bill_id for each in passed.handovers) == ["B-1", "B-2"]


def test_what_is_gathered_from_another_lane_goes_by_that_lanes_tokens(apart: World) -> None:
    apart.sms.script = lambda message: Permanent("barred")
    failed = gate(apart.resources, due(apart, "sms", "d-1"), Budget({"memory-sms": 1}))
    apart.record(apart.call(failed))
    led_on = gate(apart.resources, due(apart, "sms", "d-1"), Budget())
    assert (led_on.handovers, led_on.lanes) == ([], {"email"})
    locks.in_transaction(apart.engine, lambda opened: reminders.give_back(opened, led_on.gathered))
    passed = gate(apart.resources, due(apart, "sms", "d-3"), Budget({"memory-sms": 5}))
    assert [each.attempt.attempt.channel for each in passed.handovers] == ["sms"]
    assert passed.lanes == {"email"}
    email = gate(apart.resources, apart.claim("email"), Budget({"memory-email": 1}))
    assert [each.attempt.attempt.channel for each in email.handovers] == ["email"]


def test_without_a_digest_each_bill_has_its_own(world: World) -> None:
    world.customer()
    world.bill("B-1")
    world.bill("B-2")
    world.evaluate()
    world.clock.set(D3_AT)
    world.deliver()
    assert len(world.sms.sent) == 2


def test_the_others_go_on_when_the_sender_is_lost_and_the_first_is_paid(together: World) -> None:
    """Nobody else asks what became of a message whose own bill has ended (I5)."""
    claimed = [kept for kept in together.claim("sms") if kept.reminder.stage == "d-3"]
    (handover,) = together.gate(claimed).handovers  # and its worker dies
    leader = handover.kept.reminder.bill_id
    together.pay("P-1", 200_000, leader)
    together.evaluate()
    together.run_until(D3_AT + timedelta(days=2, minutes=1))
    rest = {bill: state for bill, state in open_bills(together).items() if bill != leader}
    assert set(rest.values()) <= {"satisfied", "expired"}
    assert len(together.email.sent) == 1  # one message for both, two hours later
    state = together.rows(
        "SELECT state FROM attempt WHERE attempt_id = :id",
        id=handover.attempt.attempt.attempt_id,
    )
    lost = together.rows("SELECT count(*) FROM attempt_event WHERE state = 'uncertain'")
    assert (state, lost) == ([("uncertain",)], [(1,)])


def test_while_its_message_is_on_its_way_a_bill_waits(together: World) -> None:
    """However fast business time runs, a call is given up only with its worker's lease."""
    claimed = [kept for kept in together.claim("sms") if kept.reminder.stage == "d-3"]
    passed = together.gate(claimed)
    together.clock.set(D3_AT + timedelta(hours=3))
    assert together.gate(together.claim("sms")).handovers == []
    assert together.rows("SELECT count(*) FROM attempt_event WHERE state = 'uncertain'") == [(0,)]
    together.record(together.call(passed))
    assert set(open_bills(together).values()) == {"contacting"}


def test_a_message_that_never_left_counts_for_none_of_its_bills(together: World) -> None:
    """Else a notice that law orders is thought given, and caps fill up with nothing."""
    together.sms.script = lambda message: Permanent("barred")
    together.email.script = lambda message: Permanent("barred")
    together.deliver()
    with together.engine.connect() as connection:
        counted = usage.own(connection, [customer_id("C-1")], START)
    assert {each.channel for each in counted[customer_id("C-1")]} == {"in_app"}


@pytest.mark.parametrize("late", ["B-0", "B-1"])
def test_bills_on_different_rungs_are_each_told_of(world: World, late: str) -> None:
    """One goes on to the inbox, its SMS not confirmed, just as the other begins."""
    first = {"B-0": "B-1", "B-1": "B-0"}[late]
    world.use("rungs", digest=True)
    world.customer()
    world.opt_out("email")
    world.bill(first)
    world.evaluate()
    world.clock.set(D3_AT)
    world.deliver()
    world.clock.set(D3_AT + timedelta(hours=2, minutes=1))
    world.bill(late)
    world.evaluate()
    world.deliver()
    assert len(world.sms.sent) == 2
    told = world.rows(
        "SELECT channel, state, attempt_id IN (SELECT owner_id FROM message_secret)"
        " FROM attempt ORDER BY 1, 2"
    )
    assert told == [("in_app", "accepted", True), *[("sms", "accepted", True)] * 2]
