"""A person as the last rung (S3.4, S4.20): the gate writes the task, "done" ends the ladder."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from channels.fleet import Fleet
from channels.human_task import HumanTaskChannel, HumanTaskSettings
from reminders.domain.human_task import Task
from reminders.services.tasks import acts, queue
from reminders.services.tasks.errors import TaskError
from reminders.services.tasks.tend import Tended, tend
from tests.scenario.test_ledger import due
from tests.scenario.world import Free, World

LADDER = [
    {"channel": "sms", "confirm": "delivered", "confirm_within_minutes": 60},
    {"channel": "human_task", "confirm": "acted", "confirm_within_minutes": 240},
]


def unanswered(world: World) -> Task:
    """A message that nobody confirms within its hour: the ladder comes to its last rung."""
    world.use("people", ladders=dict.fromkeys(("R0", "R1", "R2", "R3"), LADDER))
    human = HumanTaskChannel(HumanTaskSettings())
    fleet = Fleet((world.sms, world.email, human), Free())
    world.resources = replace(world.resources, fleet=fleet)
    due(world)
    world.deliver()
    assert queue.listed(world.resources) == []
    world.clock.set(world.clock.now() + timedelta(minutes=61))
    world.deliver()
    (task,) = queue.listed(world.resources)
    assert (task.kind, task.bill_id, task.ref) == ("reminder", "B-1", "C-1")
    return task


def test_the_last_rung_is_a_task_and_done_confirms_the_reminder(world: World) -> None:
    task = unanswered(world)
    assert task.due_at == world.clock.now() + timedelta(hours=4)
    acts.take(world.resources, str(task.task_id), "lin")
    assert "satisfied human_task" not in world.states().values()
    acts.done(world.resources, str(task.task_id), "lin", "will pay on Friday")
    world.deliver()
    assert world.attempts()[-1].endswith("acted")
    assert "satisfied human_task" in world.states().values()


def test_a_payment_takes_the_task_off_the_queue(world: World) -> None:
    task = unanswered(world)
    world.pay("P-1", 10_000_000)
    with pytest.raises(TaskError, match="the bill is paid"):
        acts.take(world.resources, str(task.task_id), "lin")
    assert tend(world.resources, None) == Tended(expired=1)
    assert queue.listed(world.resources) == []


def test_who_wants_no_calls_by_people_gets_none_though_one_was_queued(world: World) -> None:
    """Switching a channel off takes effect for what is planned, claimed or queued already."""
    task = unanswered(world)
    world.opt_out("sms")
    assert tend(world.resources, None) == Tended()
    world.opt_out("human_task")
    with pytest.raises(TaskError, match="wants no calls by people"):
        acts.take(world.resources, str(task.task_id), "lin")
    assert tend(world.resources, None) == Tended(expired=1)
    assert queue.listed(world.resources) == []
