"""Whole weeks of a bill: what is sent, what becomes of it, and how each reminder ends."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from reminders.domain.outcome import (
    Accepted,
    Outcome,
    Permanent,
    ReceiptStatus,
    Transient,
    Uncertain,
    Unsent,
)
from tests.scenario.world import START, World

WEEKS = START + timedelta(days=30)


def begin(world: World) -> None:
    """A bill whose next stage (d-3, 8 March 10:00) is due right now; tier R1: sms first."""
    world.customer()
    world.bill()
    world.evaluate()
    world.clock.set(START + timedelta(days=7))


def test_a_bill_that_nobody_pays_is_reminded_of_at_every_stage(world: World) -> None:
    begin(world)

    def confirm() -> None:
        for (attempt,) in world.rows("SELECT attempt_id FROM attempt WHERE state = 'accepted'"):
            world.receipt(attempt, "delivered")

    world.run_until(WEEKS, confirm)
    assert world.states() == {
        "d-7 0": "suppressed not_for_tier",
        "d-3 0": "satisfied sms",
        "d-1 0": "satisfied sms",
        "d0 0": "satisfied sms",
        "d+1 0": "satisfied sms",
        "d+3 0": "satisfied sms",
        "d+7 0": "satisfied sms",
    }
    assert [sent.at.strftime("%d %H") for sent in world.sms.sent] == [
        "08 02",
        "10 02",
        "11 02",
        "12 02",
        "14 02",
        "18 02",
    ]


def test_silence_leads_to_the_next_channel_and_no_bounce_satisfies(world: World) -> None:
    begin(world)
    world.run_until(START + timedelta(days=8))
    assert world.attempts() == ["sms first accepted", "email unconfirmed accepted"]
    assert world.states()["d-3 0"] == "satisfied email"
    waited = world.email.sent[0].at - world.sms.sent[0].at
    assert waited == timedelta(hours=2)


def test_a_bounce_after_it_was_satisfied_is_noted_and_reopens_nothing(world: World) -> None:
    begin(world)
    world.run_until(START + timedelta(days=8))
    applied = world.receipt(world.last_attempt(), "undelivered", channel="email")
    assert (applied.late, applied.changed) == (1, 1)
    assert world.deliver() == 0
    assert world.attempts() == ["sms first accepted", "email unconfirmed undelivered"]
    assert world.states()["d-3 0"] == "satisfied email"
    assert world.rows("SELECT status, late FROM receipt") == [("undelivered", True)]


def test_a_bounce_in_time_leads_to_the_next_channel(world: World) -> None:
    begin(world)
    world.run_until(START + timedelta(days=7, hours=3))
    world.receipt(world.last_attempt(), "undelivered", channel="email")
    world.deliver()
    assert world.attempts()[-1] == "in_app failed accepted"
    assert world.states()["d-3 0"] == "satisfied in_app"


def test_an_undelivered_message_leads_to_the_next_channel_at_once(world: World) -> None:
    begin(world)
    world.deliver()
    world.receipt(world.last_attempt(), "undelivered")
    world.deliver()
    assert world.attempts() == ["sms first undelivered", "email failed accepted"]
    assert world.email.sent[0].at == world.sms.sent[0].at


def test_a_permanent_failure_leads_to_the_next_channel_and_a_dead_contact_is_kept(
    world: World,
) -> None:
    begin(world)
    world.sms.script = lambda _: Permanent("no such number", dead_contact=True)
    world.run_until(START + timedelta(days=9, hours=1))
    assert len(world.sms.sent) == 1
    assert [sent.at.day for sent in world.email.sent] == [8, 8, 10]
    asked = [each for each in world.email.sent if "contact details" in each.message.text]
    assert [each.at.day for each in asked] == [8]  # S4.23, once in thirty days
    assert world.facts().customer.contacts["sms"].health == "dead"


def test_a_new_address_is_tried_again(world: World) -> None:
    begin(world)
    world.sms.script = lambda _: Permanent("no such number", dead_contact=True)
    world.deliver()
    world.sms.script = lambda _: Accepted("ref")
    world.tell("contact.changed", {"channel": "sms", "address": "+8616199999999"})
    world.run_until(START + timedelta(days=9, hours=1))
    assert [sent.message.address for sent in world.sms.sent] == ["+8616100000001", "+8616199999999"]


def test_retries_wait_as_the_policy_says_and_then_the_next_channel_is_due(world: World) -> None:
    begin(world)
    world.sms.script = lambda _: Transient("busy")
    world.run_until(START + timedelta(days=7, hours=1))
    minutes = [(sent.at - world.sms.sent[0].at) // timedelta(minutes=1) for sent in world.sms.sent]
    assert minutes == [0, 1, 6, 21]
    assert world.attempts()[-1] == "email failed accepted"


def test_a_retry_that_succeeds_stays_on_its_channel(world: World) -> None:
    begin(world)
    outcomes: list[Outcome] = [Transient("busy", timedelta(minutes=30)), Unsent("too late")]
    world.sms.script = lambda _: outcomes.pop(0) if outcomes else Accepted("ref")
    world.run_until(START + timedelta(days=7, hours=1))
    assert world.attempts() == ["sms first failed", "sms retry released", "sms retry accepted"]
    assert world.sms.sent[1].at - world.sms.sent[0].at == timedelta(minutes=30)


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (Accepted("ref"), ["sms first accepted"]),
        (Unsent("never seen"), ["sms first failed", "sms retry accepted"]),
        (Permanent("refused"), ["sms first failed", "email failed accepted"]),
    ],
)
def test_an_uncertain_message_is_asked_about_and_never_blindly_sent_again(
    world: World, answer: Outcome, expected: list[str]
) -> None:
    begin(world)
    outcomes = [Uncertain("timed out")]
    world.sms.script = lambda _: outcomes.pop(0) if outcomes else Accepted("ref")
    world.sms.answers = lambda _: answer
    world.run_until(START + timedelta(days=7, minutes=30))
    assert world.attempts() == expected
    assert len(world.sms.asked) == 1
    assert world.rows("SELECT count(*) FROM attempt WHERE was_uncertain") == [(1,)]


def test_a_provider_that_cannot_say_is_asked_until_the_wait_is_over(world: World) -> None:
    begin(world)
    world.sms.script = lambda _: Uncertain("timed out")
    world.sms.answers = lambda _: None
    world.run_until(START + timedelta(days=7, minutes=5))
    assert len(world.sms.asked) == 5
    world.clock.set(START + timedelta(days=7, hours=2))
    world.deliver()
    assert len(world.sms.sent) == 1
    assert world.attempts() == ["sms first uncertain", "email unconfirmed accepted"]


def test_a_receipt_resolves_what_was_uncertain(world: World) -> None:
    begin(world)
    world.sms.script = lambda _: Uncertain("timed out")
    world.sms.answers = lambda _: None
    world.deliver()
    world.receipt(world.last_attempt(), "delivered")
    assert world.states()["d-3 0"] == "satisfied sms"
    assert world.rows("SELECT was_uncertain FROM attempt") == [(True,)]


@pytest.mark.parametrize("status", [ReceiptStatus.DELIVERED, ReceiptStatus.UNDELIVERED])
def test_a_receipt_before_the_record_ends_as_one_after_it(world: World, status: str) -> None:
    begin(world)
    results = world.call(world.gate(world.claim("sms")))
    world.receipt(results[0].attempt_id, status)
    world.record(results)
    state, reason = world.rows("SELECT state, reason FROM reminder WHERE stage = 'd-3'")[0]
    assert world.attempts() == [f"sms first {status}"]
    assert (state, reason) == (
        ("satisfied", "sms") if status == "delivered" else ("contacting", "")
    )
    world.deliver()
    assert len(world.sms.sent) == 1
    assert len(world.email.sent) == (status == "undelivered")


def test_a_late_receipt_of_an_earlier_rung_satisfies_while_the_next_one_waits(world: World) -> None:
    begin(world)
    world.run_until(START + timedelta(days=7, hours=3))
    first = world.rows("SELECT attempt_id FROM attempt WHERE number = 1")[0][0]
    world.receipt(first, "delivered")
    assert world.states()["d-3 0"] == "satisfied sms"
    assert world.deliver() == 0


def test_receipts_of_one_body_count_though_another_of_it_is_broken(world: World) -> None:
    begin(world)
    world.deliver()
    good = world.last_attempt()
    applied = world.receipts([("not an id", "delivered"), (good, "delivered")])
    assert (applied.receipts, applied.dead) == (1, 1)
    assert world.states()["d-3 0"] == "satisfied sms"


def test_a_payment_silences_what_was_planned_and_a_reversal_speaks_again(world: World) -> None:
    begin(world)
    world.pay("P-1", 100_000)
    world.run_until(START + timedelta(days=9))
    assert set(world.states().values()) == {"cancelled settled"}
    assert not world.sms.sent
    world.reverse("P-1")
    world.run_until(WEEKS)
    states = world.states()
    assert {name: states[name] for name in states if name.endswith("1")}.keys() == {
        "d0 1",
        "d+1 1",
        "d+3 1",
        "d+7 1",
    }
    assert [sent.at.day for sent in world.sms.sent] == [11, 12, 14, 18]


def test_a_partial_payment_changes_the_amount_and_the_minimum_ends_overdue(world: World) -> None:
    begin(world)
    world.pay("P-1", 25_000)
    world.run_until(WEEKS)
    assert {row[0] for row in world.rows("SELECT amount FROM attempt")} == {75_000}
    assert all("750.00" in sent.message.text for sent in world.sms.sent)
    assert world.states()["d+1 0"] == world.states()["d+3 0"] == "suppressed minimum_met"


def test_quiet_hours_are_the_customers_own(world: World) -> None:
    zones = {1: "Asia/Taipei", 2: "America/New_York"}
    for number, zone in zones.items():
        world.customer(f"C-{number}", time_zone=zone)
        world.bill(f"B-{number}", who=f"C-{number}")
    world.sms.script = lambda _: Transient("busy", timedelta(hours=13))
    world.evaluate()
    world.clock.set(START + timedelta(days=7))
    world.run_until(START + timedelta(days=9, hours=11))  # 08:00 in New York on its last day
    heard = set()
    for sent in [*world.sms.sent, *world.email.sent]:
        number = int(sent.message.address.removesuffix("@example.com")[-1])
        heard.add((number, sent.message.address[0]))
        assert 8 <= sent.at.astimezone(ZoneInfo(zones[number])).hour < 21
    assert heard == {(1, "+"), (1, "c"), (2, "+"), (2, "c")}


def test_an_opt_out_half_way_moves_to_another_channel(world: World) -> None:
    begin(world)
    world.run_until(START + timedelta(days=8))
    world.opt_out("sms")
    world.opt_out("in_app")
    world.run_until(WEEKS)
    assert len(world.sms.sent) == 1
    assert [sent.at.day for sent in world.email.sent] == [8, 10, 11, 12, 14, 18]


def test_who_opted_out_of_everything_hears_nothing(world: World) -> None:
    begin(world)
    for channel in ("sms", "email", "in_app"):
        world.opt_out(channel)
    world.run_until(WEEKS)
    assert world.attempts() == []
    assert set(world.states().values()) == {"suppressed opted_out", "suppressed not_for_tier"}


def test_a_hold_pauses_and_its_lifting_frees(world: World) -> None:
    begin(world)
    world.hold()
    world.run_until(START + timedelta(days=8))
    assert world.attempts() == []
    world.lift()
    world.run_until(START + timedelta(days=8, hours=1))
    assert world.attempts() == ["sms first accepted"]


def test_a_hold_that_outlasts_the_stages_ends_them(world: World) -> None:
    begin(world)
    world.hold()
    world.run_until(WEEKS)
    assert world.attempts() == []
    assert set(world.states().values()) == {"suppressed hold"}


def test_a_statement_that_contains_the_rest_takes_over(world: World) -> None:
    begin(world)
    world.bill("B-2", supersedes="B-1", due_on="2026-03-20", amount_due_minor=150_000)
    world.run_until(WEEKS)
    rows = world.rows("SELECT bill_id, state, reason FROM reminder")
    assert {row[1:] for row in rows if row[0] == "B-1"} == {("cancelled", "superseded")}
    assert {row[0] for row in world.rows("SELECT amount FROM attempt")} == {150_000}


def test_every_reminder_ends_and_stays_ended(world: World) -> None:
    begin(world)
    world.run_until(WEEKS)
    ended = world.states()
    assert not [state for state in ended.values() if state in {"planned", "contacting"}]
    for (attempt,) in world.rows("SELECT attempt_id FROM attempt"):
        world.receipt(attempt, "read")
    world.pay("P-1", 100_000)
    world.run_until(WEEKS + timedelta(days=30))
    assert world.states() == ended
