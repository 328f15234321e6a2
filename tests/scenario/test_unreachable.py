"""No live contact point before a bill is due: one task for a person, for as long as it is true."""

from __future__ import annotations

from datetime import timedelta

import pytest

from reminders.domain.human_task import Task, TaskState
from reminders.domain.kinds import DATED
from reminders.services import unreachable
from reminders.services.tasks import acts
from reminders.services.tasks.tend import tend
from tests.scenario.world import START, World


@pytest.fixture
def soon(world: World) -> World:
    """A bill due in four days."""
    world.customer()
    world.bill()
    world.evaluate()
    world.clock.set(START + timedelta(days=6))
    return world


def lose(world: World, *channels: str, who: str = "C-1") -> None:
    for channel in channels:
        world.tell("contact.changed", {"channel": channel, "address": None}, who=who)


def found(world: World) -> list[Task]:
    unreachable.find(world.resources)
    return unreachable.listed(world.resources)


def test_who_can_be_reached_is_nobodys_task(soon: World) -> None:
    lose(soon, "sms", "email")  # an app alone is a way to reach them
    assert found(soon) == []


def test_missing_dead_and_switched_off_is_one_task_for_a_bill(soon: World) -> None:
    lose(soon, "sms")
    soon.opt_out("in_app")
    with soon.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE contact_point SET health = 'dead'")
    (task,) = found(soon)
    assert (task.ref, task.bill_id, task.state) == ("C-1", "B-1", TaskState.OPEN)
    assert task.due_at == soon.clock.now() + timedelta(days=1)
    assert unreachable.find(soon.resources) == 0
    acts.done(soon.resources, str(task.task_id), "lin")
    soon.clock.set(soon.clock.now() + timedelta(days=30))
    assert found(soon) == []  # once for each bill


def test_a_bill_far_ahead_can_wait_and_an_overdue_one_cannot(soon: World) -> None:
    lose(soon, "sms", "email", "in_app")
    soon.clock.set(START - timedelta(days=5))
    assert found(soon) == []
    soon.clock.set(START + timedelta(days=15))
    assert len(found(soon)) == 1


@pytest.mark.parametrize("why", ["paid", "held"])
def test_nobody_is_sent_after_who_has_paid_or_is_on_hold(soon: World, why: str) -> None:
    lose(soon, "sms", "email", "in_app")
    if why == "paid":
        soon.pay("P-1", 100_000)
    else:
        soon.hold()
    assert found(soon) == []


def test_a_new_address_ends_the_task(soon: World) -> None:
    lose(soon, "sms", "email", "in_app")
    assert len(found(soon)) == 1
    soon.tell("contact.changed", {"channel": "sms", "address": "+8616100000009"})
    assert found(soon) == []


def test_a_payment_ends_the_task(soon: World) -> None:
    lose(soon, "sms", "email", "in_app")
    assert len(found(soon)) == 1
    soon.pay("P-1", 100_000)
    tend(soon.resources, None)
    assert unreachable.listed(soon.resources) == []


def test_an_opt_out_of_one_kind_leaves_the_channel(soon: World) -> None:
    lose(soon, "email", "in_app")
    data = {"actor": "customer", "channel": "sms", "message_kind": "payment_received"}
    soon.tell("preference.changed", data | {"allowed": False})
    assert found(soon) == []


def test_what_is_switched_off_by_kind_is_one_task_and_stays_one(soon: World) -> None:
    lose(soon, "email", "in_app")
    for kind in DATED:
        data = {"actor": "customer", "channel": "sms", "message_kind": kind, "allowed": False}
        soon.tell("preference.changed", data)
    assert len(found(soon)) == 1
    assert len(found(soon)) == 1


def test_those_on_hold_keep_nobody_else_waiting(
    soon: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unreachable, "_BATCH", 1)
    for number in range(2, 6):
        who = f"C-{number}"
        soon.customer(who)
        soon.bill(f"B-{number}", who=who)
        lose(soon, "sms", "email", "in_app", who=who)
        if number != 4:
            soon.hold(f"H-{number}", who=who)
    soon.evaluate()
    assert [task.ref for task in found(soon)] == ["C-4"]
