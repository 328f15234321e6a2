from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from reminders.services.demo.auditor import Inputs, audit
from reminders.services.demo.errors import BadData
from tests.unit.services.demo.story import D_3, DAY, POLICY, STAGES, Story


@pytest.fixture
def plain(tmp_path: Path) -> Story:
    told = Story(tmp_path)
    told.begin()
    return told


def test_a_bill_reminded_of_at_every_stage_is_in_order(plain: Story) -> None:
    plain.send_all()
    told = plain.audit()
    assert set(told.checks.values()) == {0}
    assert told.fence_ms["p50"] == pytest.approx(5, abs=0.1)


@pytest.mark.parametrize("days", STAGES)
def test_a_stage_without_a_message_is_lost(plain: Story, days: int) -> None:
    plain.send_all(but=(days,))
    assert plain.found() == {"lost": 1}


def test_nothing_is_lost_of_a_bill_that_was_paid_before_its_stages(plain: Story) -> None:
    plain.pay(D_3 - DAY)
    assert plain.found() == {}


def test_nothing_is_lost_while_the_minimum_is_met_and_the_bill_overdue(plain: Story) -> None:
    plain.send(D_3)
    plain.pay(D_3 + DAY, 2_000)
    plain.send(D_3 + 2 * DAY, "980.00")
    plain.send(D_3 + 3 * DAY, "980.00")
    assert plain.found() == {}


def test_nothing_is_lost_on_hold(plain: Story) -> None:
    plain.tell(
        "hold.placed", D_3 - DAY, hold_id="H", kind="dispute", from_at=(D_3 - DAY).isoformat()
    )
    assert plain.found() == {}


def test_nothing_is_lost_where_every_channel_was_refused(plain: Story) -> None:
    plain.tell(
        "preference.changed",
        D_3 - DAY,
        actor="customer",
        channel="sms",
        message_kind="*",
        allowed=False,
    )
    assert plain.found() == {}


def test_a_message_after_the_settling_payment_is_counted(plain: Story) -> None:
    plain.pay(D_3 - DAY)
    plain.send(D_3, began=(D_3 - DAY).timestamp() + 1.2)
    assert plain.found() == {"sent_after_payment": 1}


@pytest.mark.parametrize("after_s", [-0.005, 0.3, 0.99])
def test_a_payment_fenced_within_the_window_of_a_call_has_crossed_it(
    plain: Story, after_s: float
) -> None:
    plain.pay(D_3, fenced=D_3.timestamp() + 5)
    plain.send(D_3, began=D_3.timestamp() + 5 + after_s)
    assert plain.found() == {"crossed_payment": 1}


def test_a_call_before_the_payment_is_no_crossing(plain: Story) -> None:
    plain.send(D_3, began=D_3.timestamp() + 5)
    plain.pay(D_3 + timedelta(hours=4))
    assert plain.found() == {}


def test_a_cancelled_or_superseded_bill_is_no_longer_spoken_of(plain: Story) -> None:
    plain.tell("bill.cancelled", D_3 - DAY, bill_id="B-1", version=2)
    plain.send(D_3)
    assert plain.found() == {"sent_after_payment": 1}


def test_the_same_stage_twice_is_a_duplicate(plain: Story) -> None:
    plain.send_all()
    plain.send(D_3 + timedelta(hours=1))
    assert plain.found() == {"duplicate_sends": 1}


def test_what_asks_for_an_address_is_no_second_message_of_the_stage(plain: Story) -> None:
    plain.send_all()
    plain.ask_for_address(D_3 + timedelta(hours=1))
    assert plain.found() == {}
    plain.ask_for_address(D_3 + timedelta(days=1, hours=1))
    assert plain.found() == {"duplicate_sends": 1}


def test_what_asks_for_an_address_tells_nobody_of_a_bill(plain: Story) -> None:
    plain.send_all(but=(-3,))
    plain.ask_for_address(D_3)
    assert plain.found() == {"lost": 1}


def test_a_second_message_is_excused_where_the_first_had_no_answer(plain: Story) -> None:
    plain.send_all(but=(-3,))
    plain.send(D_3, answer_after=None)
    plain.send(D_3 + timedelta(hours=1))
    assert plain.found() == {}


def test_a_moved_due_date_begins_new_stages(plain: Story) -> None:
    plain.send_all(but=tuple(days for days in STAGES if days > 0))
    at = D_3 + 3 * DAY + timedelta(hours=4)
    plain.bill("bill.adjusted", at, version=2, due_on="2005-05-23")
    plain.send(D_3 + 5 * DAY)
    plain.send(D_3 + 6 * DAY)
    for days in STAGES:
        if days > 0:
            plain.send(D_3 + (6 + days) * DAY)
    assert plain.found() == {}


def test_a_reversed_payment_makes_the_bill_due_again(plain: Story) -> None:
    plain.pay(D_3 - DAY)
    at = D_3 + timedelta(hours=4)
    plain.tell(
        "payment.reversed",
        at,
        payment_id=f"P-{D_3 - DAY:%d%H}",
        bill_id="B-1",
        reversed_at=at.isoformat(),
    )
    plain.send_all(but=(-3, 3))
    assert plain.found() == {"lost": 1}


def test_the_amount_must_be_what_was_left(plain: Story) -> None:
    plain.send_all(but=(-3,))
    plain.send(D_3, "1,000.01")
    assert plain.found() == {"wrong_amount": 1}


@pytest.mark.parametrize(("amount", "found"), [("1,000.00", {}), ("400.00", {})])
def test_a_partial_payment_within_the_window_excuses_both_amounts(
    plain: Story, amount: str, found: dict[str, int]
) -> None:
    plain.pay(D_3, 60_000, fenced=D_3.timestamp() + 5)
    plain.send(D_3, amount, began=D_3.timestamp() + 5.5)
    plain.send(D_3 + 2 * DAY, "400.00")
    plain.send(D_3 + 3 * DAY, "400.00")
    assert plain.found() == found


def test_an_old_amount_well_after_a_partial_payment_is_wrong(plain: Story) -> None:
    plain.pay(D_3 - DAY, 60_000)
    plain.send(D_3)
    plain.send(D_3 + 2 * DAY, "400.00")
    plain.send(D_3 + 3 * DAY, "400.00")
    assert plain.found() == {"wrong_amount": 1}


def test_quiet_hours_are_those_of_the_customers_zone(plain: Story) -> None:
    plain.send_all(but=(-3,))
    plain.send(datetime(2005, 5, 17, 13, 0, tzinfo=UTC), reference="late", reached=False)
    plain.send(datetime(2005, 5, 17, 12, 59, tzinfo=UTC), reference="just")
    assert plain.found() == {"outside_hours": 1}


def test_a_message_to_an_opted_out_channel_is_counted(plain: Story) -> None:
    plain.tell(
        "preference.changed",
        D_3 - DAY,
        actor="customer",
        channel="sms",
        message_kind="pre_due",
        allowed=False,
    )
    plain.send_all(but=(-1,))
    assert plain.found() == {"opted_out_sends": 1}


def test_a_message_during_a_hold_is_counted(plain: Story) -> None:
    begin, end = D_3 - DAY, D_3 + 3 * DAY
    plain.tell("hold.placed", begin, hold_id="H", kind="dispute", from_at=begin.isoformat())
    plain.tell("hold.lifted", end, hold_id="H", lifted_at=end.isoformat())
    plain.send_all(but=(-1,))
    assert plain.found() == {"sent_on_hold": 1}


def test_an_event_fenced_again_counts_from_its_first_fence(plain: Story) -> None:
    plain.pay(D_3 - DAY)
    again = dict(plain.lines["fenced"][-1])
    again["fenced"] = again["fenced"] + 999_999
    plain.lines["fenced"].append(again)
    plain.send(D_3)
    assert plain.found() == {"sent_after_payment": 1}


def test_a_run_that_cannot_be_read_says_so(tmp_path: Path) -> None:
    with pytest.raises(BadData, match="cannot be read"):
        audit(Inputs.of(tmp_path, POLICY))
