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


def next_task(world: World, known: Task) -> Task:
    """The task that a later stage of the same bill comes to."""
    for _ in range(20):
        world.clock.set(world.clock.now() + timedelta(hours=12))
        world.evaluate()
        world.deliver()
        found = [each for each in queue.listed(world.resources) if each.task_id != known.task_id]
        if found:
            return found[0]
    raise AssertionError("no later stage came to a task")


@pytest.mark.parametrize("taken", [False, True])
def test_a_later_stage_takes_the_place_of_a_task_that_nobody_took(
    world: World, taken: bool
) -> None:
    """S1.17: two people would call about one bill, one of them with words that are past."""
    first = unanswered(world)
    if taken:
        acts.take(world.resources, str(first.task_id), "lin")
    second = next_task(world, first)
    assert second.bill_id == first.bill_id
    if not taken:
        with pytest.raises(TaskError, match="a later task is about the same bill"):
            acts.take(world.resources, str(first.task_id), "lin")
    assert tend(world.resources, None) == Tended(expired=0 if taken else 1)
    left = [each.task_id for each in queue.listed(world.resources)]
    assert left == [first.task_id, second.task_id] if taken else [second.task_id]
    assert acts.take(world.resources, str(second.task_id), "wang").owner == "wang"
