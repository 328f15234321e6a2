"""What a policy answers at once: a warning, a payment, an opt-out, a promise, a dead number."""

from __future__ import annotations

from datetime import timedelta

import pytest

from reminders.domain.identity import customer_id
from reminders.domain.outcome import Permanent
from reminders.ledger import usage
from tests.scenario.world import START, World


def rule(on: str, kind: str, hours: int = 48, *, backup: bool = False) -> dict[str, object]:
    return {"on": on, "kind": kind, "lasts_hours": hours, "backup": backup}


def state(world: World, stage: str) -> list[tuple[str, str]]:
    return [
        (row[0], row[1])
        for row in world.rows(
            "SELECT state, reason FROM reminder WHERE stage = :stage", stage=stage
        )
    ]


def test_an_anomaly_reaches_the_backup_channel_at_once(world: World) -> None:
    """S1.13, S1.19: not at the next stage, and not by the channel that everybody uses."""
    world.use("on-anomaly", events=[rule("anomaly", "pre_due", backup=True)])
    world.customer()
    world.bill()
    world.evaluate()
    world.clock.set(START + timedelta(days=2))
    observed = {
        "name": "anomaly",
        "value": 1,
        "source": "fraud desk",
        "observed_at": world.clock.now().isoformat(),
    }
    world.tell("risk.observed", observed)
    world.evaluate()
    world.deliver()
    assert [len(world.sms.sent), len(world.email.sent)] == [0, 1]
    assert world.clock.now() == START + timedelta(days=2)


def test_an_anomaly_at_night_waits_for_the_morning(world: World) -> None:
    world.use("on-anomaly", events=[rule("anomaly", "pre_due", backup=True)])
    world.customer()
    world.bill()
    night = START + timedelta(days=2, hours=13)  # 23:00 in Taipei
    world.run_until(night)
    observed = {"name": "anomaly", "value": 1, "source": "x", "observed_at": night.isoformat()}
    world.tell("risk.observed", observed)
    world.run_until(night + timedelta(hours=10))
    assert [each.at for each in world.email.sent] == [START + timedelta(days=2, hours=22)]


def test_a_payment_in_full_is_thanked_for_and_nothing_else_is_said(world: World) -> None:
    world.use("on-payment", events=[rule("payment", "payment_received")])
    world.customer()
    world.bill()
    world.run_until(START + timedelta(days=1))
    world.pay("P-1", 100_000)
    world.run_until(START + timedelta(days=30))
    (sent,) = world.sms.sent
    assert "https://" not in sent.message.text or "pay" not in sent.message.text.lower().split()
    assert state(world, "on-payment")[0][0] in ("satisfied", "contacting", "expired")
    assert {
        row[0] for row in world.rows("SELECT state FROM reminder WHERE stage <> 'on-payment'")
    } == {"cancelled"}


def test_a_broken_promise_is_followed_up_and_a_kept_one_is_not(world: World) -> None:
    world.use(
        "on-promise",
        events=[rule("promise_broken", "promise_followup", 72)],
        stages=[
            {
                "name": "d+9",
                "at": "due_date + 9d 10:00",
                "until": "due_date + 10d 10:00",
                "kind": "overdue",
                "urgency": "normal",
                "tiers": ["R0", "R1", "R2", "R3"],
            }
        ],
    )
    for who, pays in (("C-1", False), ("C-2", True)):
        world.customer(who)
        world.bill(f"B-{who}", who=who)
        promise = {
            "promise_id": f"PR-{who}",
            "bill_id": f"B-{who}",
            "amount_minor": 50_000,
            "currency": "TWD",
            "promised_on": "2026-03-05",
            "made_at": START.isoformat(),
        }
        world.tell("promise.made", promise, who=who)
        if pays:
            world.clock.set(START + timedelta(days=1))
            world.pay(f"P-{who}", 50_000, f"B-{who}", who=who)
    world.run_until(START + timedelta(days=6))
    assert len(world.sms.sent) == 1
    assert world.rows("SELECT DISTINCT bill_id FROM attempt") == [("B-C-1",)]


def test_a_number_that_died_asks_for_a_new_one_elsewhere(world: World) -> None:
    """S4.23: on another channel, and never with the whole number."""
    world.use("on-dead", events=[rule("contact_dead", "contact_update_request", 96)])
    world.customer()
    world.bill()
    world.sms.script = lambda message: Permanent("unknown subscriber", dead_contact=True)
    world.run_until(START + timedelta(days=8, hours=1))
    kinds = world.rows("SELECT kind, state FROM reminder WHERE stage = 'on-contact_dead'")
    assert kinds == [("contact_update_request", "contacting")] or kinds[0][1] == "satisfied"
    texts = [each.message.text for each in world.email.sent]
    assert any("16100000001" not in text for text in texts)
    assert not any("+8616100000001" in text for text in texts)


def test_an_opt_out_is_answered_on_another_channel(world: World) -> None:
    """S1.14: what follows from it, told where the customer still listens."""
    world.use("on-opt-out", events=[rule("opt_out", "optout_disclosure")])
    world.customer()
    world.bill()
    world.run_until(START + timedelta(hours=1))
    world.opt_out("sms")
    world.run_until(START + timedelta(hours=2))
    assert len(world.sms.sent) == 0
    assert len(world.email.sent) == 1
    who = customer_id("C-1")
    with world.engine.connect() as connection:
        (counted,) = usage.own(connection, [who], START)[who]
    assert (counted.kind, counted.tells) == ("optout_disclosure", False)  # it names no date


def test_what_a_customer_was_told_is_not_told_again_of_the_next_bill(world: World) -> None:
    """S1.14, S4.23: paying the bill it was told with makes nothing new of an old opt-out or of a
    number that died."""
    rules = [
        rule("opt_out", "optout_disclosure", 96),
        rule("contact_dead", "contact_update_request", 96),
    ]
    world.use("on-both", events=rules)
    world.sms.script = lambda message: Permanent("unknown subscriber", dead_contact=True)
    world.customer()
    world.bill("B-1")
    world.bill("B-2", due_on="2026-03-20")
    world.run_until(START + timedelta(days=7, hours=1))
    world.opt_out("sms")
    world.run_until(START + timedelta(days=7, hours=3))
    world.pay("P-1", 100_000)
    world.run_until(START + timedelta(days=8))
    told = world.rows("SELECT DISTINCT bill_id, stage FROM reminder WHERE stage LIKE 'on-%'")
    assert sorted(told) == [("B-1", "on-contact_dead"), ("B-1", "on-opt_out")]


def test_an_old_opt_out_does_not_stand_in_for_a_new_one(world: World) -> None:
    world.use("on-opt-outs", events=[rule("opt_out", "optout_disclosure", 24)])
    world.customer()
    world.run_until(START + timedelta(hours=1))
    world.opt_out("sms")
    world.clock.set(START + timedelta(days=3))
    world.bill(issued_at=world.clock.now().isoformat())
    world.run_until(START + timedelta(days=4))
    assert state(world, "on-opt_out") == []
    world.opt_out("email")
    world.run_until(START + timedelta(days=4, hours=1))
    assert state(world, "on-opt_out") == [("satisfied", "in_app")]


def test_a_payment_after_a_reversal_is_thanked_for_again(world: World) -> None:
    world.use("on-payments", events=[rule("payment", "payment_received")])
    world.customer()
    world.bill()
    for day in (1, 2):
        world.run_until(START + timedelta(days=day))
        world.pay(f"P-{day}", 100_000)
        world.run_until(START + timedelta(days=day, hours=1))
        assert len(world.sms.sent) == day
        if day == 1:
            world.reverse("P-1")
            world.run_until(START + timedelta(days=1, hours=5))
    assert len(world.sms.sent) == 2


def test_a_warning_that_was_taken_back_is_not_answered_unless_it_comes_again(world: World) -> None:
    """S1.13: reported at night, taken back before the morning; and reported again the next day."""
    world.use("on-warnings", events=[rule("anomaly", "pre_due", 24, backup=True)])
    world.customer()
    world.bill()
    night = START + timedelta(days=1, hours=13)
    world.run_until(night)
    for hours, value in ((0, 1), (1, 0)):
        world.clock.set(night + timedelta(hours=hours))
        seen = {"name": "anomaly", "value": value, "source": "desk"}
        world.tell("risk.observed", seen | {"observed_at": world.clock.now().isoformat()})
        world.evaluate()
    world.run_until(night + timedelta(hours=14))
    assert (world.email.sent, state(world, "on-anomaly")) == ([], [("planned", "condition")])
    seen = {"name": "anomaly", "value": 1, "source": "desk"}
    world.tell("risk.observed", seen | {"observed_at": world.clock.now().isoformat()})
    world.run_until(night + timedelta(hours=15))
    assert len(world.email.sent) == 1


def test_a_promise_that_was_kept_after_it_was_planned_for_is_not_followed_up(world: World) -> None:
    world.use("on-promises", events=[rule("promise_broken", "promise_followup", 72)])
    world.customer()
    world.bill()
    promise = {"promise_id": "PR", "bill_id": "B-1", "amount_minor": 5_000, "currency": "TWD"}
    made = {"promised_on": "2026-03-05", "made_at": START.isoformat()}
    world.tell("promise.made", promise | made)
    world.evaluate()
    world.clock.set(START + timedelta(days=1))
    world.pay("P-1", 5_000)
    world.run_until(START + timedelta(days=7, minutes=-1))
    assert world.sms.sent == []
    world.run_until(START + timedelta(days=9))
    assert state(world, "on-promise_broken") == [("expired", "stage_past")]


def test_a_usual_payer_who_paid_the_minimum_is_not_warned(world: World) -> None:
    """The warning is planned as soon as the bill is; the rest of a revolving bill may stay open."""
    world.use("on-lateness", events=[rule("anomaly", "pre_due", 24, backup=True)])
    world.customer()
    for n, due_on in enumerate(("2025-12-11", "2026-01-11", "2026-02-11"), 1):
        due = {"due_on": due_on, "issued_at": f"{due_on[:7]}-01T02:00:00+00:00"}
        world.bill(f"OLD-{n}", **due)
        paid = {"payment_id": f"OP-{n}", "bill_id": f"OLD-{n}", "amount_minor": 100_000}
        at = {"currency": "TWD", "paid_at": f"{due_on[:8]}10T02:00:00+00:00"}
        world.tell("payment.received", paid | at)
    world.bill()
    world.evaluate()
    assert state(world, "on-anomaly") == [("planned", "")]
    world.clock.set(START + timedelta(days=1))
    world.pay("P-1", 10_000)
    world.run_until(START + timedelta(days=12))
    assert state(world, "on-anomaly")[0][0] == "expired"


@pytest.mark.parametrize(("days", "asked"), [(10, 1), (31, 2)])
def test_new_contact_details_are_asked_for_once_in_thirty_days(
    world: World, days: int, asked: int
) -> None:
    """S4.23: also when the number that was given meanwhile dies as well."""
    world.use("on-dead", events=[rule("contact_dead", "contact_update_request", 96)])
    world.customer()
    world.bill(due_on="2026-03-11")
    world.sms.script = lambda message: Permanent("unknown subscriber", dead_contact=True)
    world.run_until(START + timedelta(days=8))
    requests = "SELECT count(*) FROM attempt a JOIN reminder r USING (customer_id, reminder_id)"
    requests += " WHERE r.kind = 'contact_update_request' AND a.state <> 'failed'"
    assert world.rows(requests) == [(1,)]
    world.tell("contact.changed", {"channel": "sms", "address": "+8616100000055"})
    world.pay("P-1", 100_000)
    world.run_until(START + timedelta(days=8 + days - 2))
    due_on = (START + timedelta(days=8 + days + 3)).date().isoformat()
    world.bill("B-2", due_on=due_on, issued_at=world.clock.now().isoformat())
    world.run_until(START + timedelta(days=8 + days + 4))
    assert world.rows(requests) == [(asked,)]
