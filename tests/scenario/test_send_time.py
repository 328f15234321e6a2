"""The first message of a stage goes at the hour at which its customer acts (S3.14), in time."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from reminders.domain.identity import customer_id
from reminders.services import maintain
from tests.scenario.world import START, World

SEND_TIME = {"at": "11:00", "tiers": {"R3": "12:00"}, "leave_minutes": 240}


def due(world: World, name: str, **more: Any) -> None:  # Any: YAML
    world.use(name, send_time=SEND_TIME | more)
    world.customer()
    world.bill()
    world.evaluate()


def acts(world: World, hour_in_taipei: int) -> None:
    """Five readings at that hour, on the days before."""
    with world.engine.begin() as connection:
        for day in range(5):
            at = (
                START.replace(hour=0)
                - timedelta(days=day + 1)
                + timedelta(hours=hour_in_taipei - 8)
            )
            connection.execute(
                text("INSERT INTO engagement VALUES (:customer, 'read', :at, 'email')"),
                {"customer": customer_id("C-1"), "at": at},
            )


def first_sent(world: World) -> datetime:
    world.run_until(START + timedelta(days=8))
    found = world.rows("SELECT min(submitted_at) FROM attempt")[0][0]
    assert isinstance(found, datetime)
    return found


@pytest.mark.parametrize(("hour", "sent"), [(18, "2026-03-08 18:00"), (15, "2026-03-08 15:00")])
def test_at_their_own_hour(world: World, hour: int, sent: str) -> None:
    due(world, f"own-{hour}")
    acts(world, hour)
    told = world.rows("SELECT count(*) FROM engagement")
    assert told == [(5,)]
    local = first_sent(world) + timedelta(hours=8)
    assert f"{local:%Y-%m-%d %H:%M}" == sent


def test_learned_from_what_customers_answer(world: World) -> None:
    """Two links followed at six in the evening, as receipts tell, and the third notice waits."""
    due(world, "answers")
    for day in (8, 10):
        world.run_until(datetime(2026, 3, day, 10, tzinfo=UTC))
        world.receipt(world.last_attempt(), "acted", channel="email")
    world.run_until(datetime(2026, 3, 11, 12, tzinfo=UTC))
    assert sent_at(world) == ["03-08 11:00", "03-10 11:00", "03-11 18:00"]


def test_learned_from_when_they_pay(world: World) -> None:
    world.customer()
    for day in (3, 10, 17):
        paid = {"payment_id": f"P-{day}", "bill_id": "OLD", "amount_minor": 1, "currency": "TWD"}
        world.tell("payment.received", paid | {"paid_at": f"2026-02-{day:02}T08:00:00+00:00"})
    due(world, "payments")
    world.run_until(datetime(2026, 3, 9, tzinfo=UTC))
    assert sent_at(world) == ["03-08 16:00"]


def sent_at(world: World) -> list[str]:
    """When each stage first left, in Taipei."""
    rows = world.rows("SELECT submitted_at FROM attempt WHERE number = 1 ORDER BY submitted_at")
    return [f"{at + timedelta(hours=8):%m-%d %H:%M}" for (at,) in rows]


def test_without_acts_at_the_policys(world: World) -> None:
    due(world, "fallback")
    assert first_sent(world) == datetime(2026, 3, 8, 3, 0, tzinfo=UTC)


def test_never_outside_the_allowed_hours(world: World) -> None:
    """An hour of the night gives way to the policy's."""
    due(world, "night")
    acts(world, 23)
    assert first_sent(world) == datetime(2026, 3, 8, 3, 0, tzinfo=UTC)


def test_never_so_late_that_its_use_is_over(world: World) -> None:
    """An hour that leaves too little of the stage for further channels is not waited for."""
    due(world, "late", leave_minutes=24 * 60)
    acts(world, 18)
    world.run_until(START + timedelta(days=12))
    late = world.rows(
        "SELECT count(*) FROM attempt a JOIN reminder r USING (customer_id, month, reminder_id)"
        " WHERE a.submitted_at > r.expires_at - interval '1 day' AND r.stage = 'd-1'"
        " AND a.number = 1 AND a.submitted_at > r.due_at + interval '5 minutes'"
    )
    assert late == [(0,)]


def test_acts_that_nothing_is_learned_from_any_more_are_forgotten(world: World) -> None:
    world.customer()
    acts(world, 18)
    world.clock.set(START + timedelta(days=300))
    assert maintain.prune(world.resources) == 0
    world.clock.set(START + timedelta(days=500))
    small = replace(world.resources, limits=replace(world.resources.limits, batch=2))
    assert maintain.prune(small) == 5
