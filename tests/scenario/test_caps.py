"""Contact caps where they are taken: under the locks, message by message, never exceeded (I4)."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from reminders.domain.outcome import Accepted, Outcome, Transient, Uncertain
from tests.scenario.world import CONFIG, PROFILE, START, World

ONE_A_DAY = {"per_day": 1, "per_bill": 12}
D3_AT = START + timedelta(days=7)  # 10:00 three days before the bills' due date


# A house pack with one cap more, written where the policy is read from.

Packs = Callable[[str, list[dict[str, Any]]], None]


def _cap(cap_id: str, limit: int, scope: str) -> dict[str, Any]:
    return {
        "id": cap_id,
        "channels": ["sms"],
        "count": "attempt",
        "limit": limit,
        "window": "local_day",
        "scope": [scope],
        "cite": "house",
        "mark": "house",
    }


def point(number: int) -> dict[str, str]:
    return {"channel": "sms", "address": f"+86161{number:08}"}


def point_cap(limit: int) -> dict[str, Any]:
    return _cap("test.point", limit, "contact_point")


def lender_cap(limit: int) -> dict[str, Any]:
    return _cap("test.lender", limit, "lender")


@pytest.fixture
def packs(world: World, tmp_path_factory: pytest.TempPathFactory) -> Packs:
    def use(name: str, caps: list[dict[str, Any]]) -> None:
        folder = tmp_path_factory.mktemp("packs")
        for path in (CONFIG / "packs").glob("*.yaml"):
            raw = yaml.safe_load(path.read_text())
            if raw["pack"] == "house":
                raw["caps"] = [*raw.get("caps", ()), *caps]
            (folder / path.name).write_text(yaml.safe_dump(raw))
        world.use(f"packs-{name}", packs_folder=folder)

    return use


def test_two_bills_of_one_customer_in_one_gate_take_one_day_cap(world: World) -> None:
    world.use("caps-day", limits=ONE_A_DAY)
    world.customer()
    world.bill("B-1")
    world.bill("B-2")
    world.evaluate()
    world.clock.set(D3_AT)
    passed = world.gate(world.claim("sms"))
    assert len(passed.handovers) == 1
    told = world.rows("SELECT channel FROM attempt ORDER BY channel")
    assert told == [("in_app",), ("sms",)]  # a note in the inbox reaches out to nobody


def test_what_no_channel_may_carry_waits_for_the_cap_to_open(world: World) -> None:
    world.use("caps-day", limits=ONE_A_DAY)
    world.customer(contact_points=[point(1)])
    world.bill("B-1")
    world.bill("B-2")
    world.evaluate()
    world.clock.set(D3_AT)
    world.gate(world.claim("sms"))
    held = world.rows("SELECT state, reason, next_at FROM reminder WHERE reason = 'cap'")
    assert held == [("planned", "cap", START.replace(day=8, hour=16))]  # midnight in Taipei


def test_the_decision_names_the_cap_and_where_it_comes_from(world: World) -> None:
    world.use("caps-day", limits=ONE_A_DAY)
    world.customer()
    world.bill("B-1")
    world.bill("B-2")
    world.evaluate()
    world.clock.set(D3_AT)
    world.gate(world.claim("sms"))
    checks = world.rows("SELECT checks FROM decision WHERE reason = 'in_app first'")[0][0]
    assert b"policy.per_day: 1 of 1" in bytes(checks)
    assert b"policy caps-day@5" in bytes(checks)


@pytest.mark.parametrize(
    ("answer", "counted"),
    [(Transient("busy"), False), (Uncertain("timeout"), True), (Accepted("ref"), True)],
)
def test_only_what_the_carrier_surely_refused_gives_a_cap_back(
    world: World, answer: Outcome, counted: bool
) -> None:
    world.use("caps-day", limits=ONE_A_DAY)
    world.customer()
    world.bill("B-1")
    world.evaluate()
    world.clock.set(D3_AT)
    world.sms.script = lambda message: answer
    world.record(world.call(world.gate(world.claim("sms"))))
    world.bill("B-2")
    world.evaluate()
    world.sms.script = lambda message: Accepted("ref")
    passed = world.gate([kept for kept in world.claim("sms") if kept.reminder.bill_id == "B-2"])
    assert bool(passed.handovers) is not counted


def test_two_customers_on_one_number_share_its_cap(world: World, packs: Packs) -> None:
    packs("point", [point_cap(1)])
    shared = point(77)
    for who in ("C-1", "C-2"):
        world.customer(who, contact_points=[shared])
        world.bill(f"B-{who}", who=who)
    world.evaluate()
    world.clock.set(D3_AT)
    passed = world.gate(world.claim("sms"))
    assert len(passed.handovers) == 1
    reasons = world.rows("SELECT state, reason FROM reminder WHERE reason <> '' AND stage = 'd-3'")
    assert reasons == [("planned", "cap")]


def test_a_cap_of_the_lender_counts_everybody(world: World, packs: Packs) -> None:
    packs("lender", [lender_cap(2)])
    for number in range(1, 5):
        world.customer(f"C-{number}", contact_points=[point(number)])
        world.bill(f"B-{number}", who=f"C-{number}")
    world.evaluate()
    world.clock.set(D3_AT)
    sent = sum(len(world.gate([kept]).handovers) for kept in world.claim("sms"))
    assert sent == 2


def test_no_cap_is_exceeded_by_gates_at_the_same_time(world: World, packs: Packs) -> None:
    """Four workers, eight customers on one number, a cap of three."""
    packs("race", [point_cap(3)])
    shared = point(88)
    for number in range(1, 9):
        world.customer(f"C-{number}", contact_points=[shared])
        world.bill(f"B-{number}", who=f"C-{number}")
    world.evaluate()
    world.clock.set(D3_AT)
    claimed = [kept for kept in world.claim("sms") if kept.reminder.stage == "d-3"]
    assert len(claimed) == 8
    sent: list[int] = []

    def work(mine: int) -> None:
        for kept in claimed[mine::4]:
            sent.append(len(world.gate([kept]).handovers))

    workers = [threading.Thread(target=work, args=(mine,)) for mine in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert sum(sent) == 3
    assert world.rows("SELECT count(*) FROM shared_use") == [(3,)]


_answers = st.lists(
    st.sampled_from([Accepted("ref"), Transient("busy"), Uncertain("timeout")]),
    min_size=1,
    max_size=4,
)


@PROFILE
@given(answers=_answers, bills=st.integers(1, 4), limit=st.integers(1, 3))
def test_no_day_ever_sees_more_than_the_cap(
    world: World, answers: list[Outcome], bills: int, limit: int
) -> None:
    world.start_again()
    world.use(f"caps-{limit}", limits={"per_day": limit, "per_bill": 12})
    world.customer()
    for number in range(bills):
        world.bill(f"B-{number}")
    calls = 0

    def script(message: object) -> Outcome:
        nonlocal calls
        calls += 1
        return answers[calls % len(answers)]

    world.sms.script = world.email.script = script
    world.run_until(START + timedelta(days=12))
    counted = world.rows(
        "SELECT max(n) FROM (SELECT count(*) AS n FROM attempt WHERE channel <> 'in_app'"
        " AND state NOT IN ('failed', 'released')"
        " GROUP BY customer_id, (submitted_at AT TIME ZONE 'Asia/Taipei')::date) AS days"
    )
    assert (counted[0][0] or 0) <= limit
