"""`reminders task` on a real ledger: one takes it, the other is told; what is paid is no task."""

from __future__ import annotations

import asyncio
import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import text
from standardwebhooks import Webhook

from channels.fleet import Fleet
from channels.human_task import HumanTaskChannel, HumanTaskSettings
from channels.pacing import Pacer
from channels.sandbox.http_server import HttpServer, Request
from reminders.domain.human_task import Task, TaskKind, TaskState
from reminders.domain.identity import customer_id, make_id
from reminders.ledger import attempts, inbound, tasks
from reminders.services.resources import Resources
from reminders.services.tasks import acts, queue
from reminders.services.tasks.errors import TaskError
from reminders.services.tasks.tend import Receiver, Tended, tend
from tests.integration.cli.conftest import Command, World

SECRET = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3"  # noqa: S105  (made up)


def with_people(world: World) -> Resources:
    """The world's resources, with tasks for people as one more channel."""
    human = HumanTaskChannel(HumanTaskSettings(name="collections-desk"))
    pacer = Pacer(world.resources.redis)
    return replace(world.resources, fleet=Fleet((world.sms, world.email, human), pacer))


def reminded(world: World) -> UUID:
    """A customer with a bill, and the attempt that reminded them."""
    world.customer("C-1")
    world.bill("C-1", "B-1")
    world.at("2026-03-22T10:00")
    with world.resources.engine.connect() as connection:
        found = connection.execute(text("SELECT attempt_id FROM attempt LIMIT 1")).scalar_one()
    return UUID(str(found))


def task_of(world: World, attempt_id: UUID | None = None) -> Task:
    """A task about the bill, due in four hours; that of an attempt where one is given."""
    now = world.clock.now()
    kind = TaskKind.REMINDER if attempt_id else TaskKind.UNREACHABLE
    with world.resources.engine.begin() as connection:
        due_at = now + timedelta(hours=4)
        made = tasks.make(
            connection, kind, customer_id("C-1"), "B-1", due_at, now, "B-1", attempt_id
        )
        found = tasks.one(connection, made)
    assert found is not None
    return found


def test_the_queue_is_listed_taken_given_back_and_refused(world: World, reminders: Command) -> None:
    reminded(world)
    task = task_of(world)
    task_of(world)  # made once, however often it is asked for
    (listed,) = json.loads(reminders("task", "list", "--json").stdout)
    assert (listed["customer"], listed["bill"], listed["owner"]) == ("C-1", "B-1", "")
    task_id = listed["task"]
    assert task_id == str(task.task_id)
    assert "is yours, lin" in reminders("task", "take", task_id, "--as", "lin").stdout
    with pytest.raises(TaskError, match="is taken by lin"):
        acts.take(world.resources, task_id, "wang")
    shown = reminders("task", "show", task_id, "--reveal-to", "lin").stdout
    assert "+8616100000001" in shown
    assert queue.show(world.resources, task_id, reveal_to="wang").addresses == {}
    acts.give_back(world.resources, task_id, "lin")
    assert reminders("task", "done", task_id, "--as", "wang", "--note", "called").exit_code == 0
    assert queue.listed(world.resources) == []
    history = queue.show(world.resources, task_id).acts
    assert [(act.act, act.actor, act.note) for act in history] == [
        ("take", "lin", ""),
        ("give_back", "lin", ""),
        ("done", "wang", "called"),
    ]
    for wrong in ("none", "20260300-0000-4000-8000-000000000001"):
        with pytest.raises(TaskError, match="no task is called"):
            acts.take(world.resources, wrong, "lin")


def test_of_two_at_once_one_wins_and_the_other_hears_who(world: World) -> None:
    reminded(world)
    task_id = str(task_of(world).task_id)

    def take(actor: str) -> str:
        try:
            return acts.take(world.resources, task_id, actor).owner
        except TaskError as error:
            return str(error)

    with ThreadPoolExecutor(2) as people:
        said = sorted(people.map(take, ["lin", "wang"]), key=len)
    assert said[0] in ("lin", "wang")
    assert said[1].endswith(f"is taken by {said[0]}")


def test_a_task_that_is_done_confirms_its_attempt(world: World) -> None:
    """S3.4: what a person did counts as the customer's own act would."""
    attempt_id = reminded(world)
    resources = with_people(world)
    with resources.engine.begin() as connection:
        by = text("UPDATE attempt SET provider = 'collections-desk' WHERE attempt_id = :id")
        connection.execute(by, {"id": attempt_id})
    task = task_of(world, attempt_id)
    acts.take(resources, str(task.task_id), "lin")
    shown = queue.show(resources, str(task.task_id))
    assert "1,234.00" in shown.text
    assert acts.done(resources, str(task.task_id), "lin").state is TaskState.DONE
    with resources.engine.connect() as connection:
        state = connection.execute(
            text("SELECT state FROM attempt WHERE attempt_id = :id"), {"id": attempt_id}
        ).scalar_one()
    assert state == "acted"
    with pytest.raises(TaskError, match="is done by lin"):
        acts.done(resources, str(task.task_id), "lin")


def test_nobody_is_called_about_a_bill_that_is_paid_or_on_hold(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("reminders.services.tasks.tend.BATCH", 1)  # the queue has many pages
    task_id = str(task_of(world, reminded(world)).task_id)
    task_of(world)
    at = world.clock.now().isoformat()
    hold = {"customer_id": "C-1", "hold_id": "H-1"}
    world.publish("hold.placed", **hold, kind="dispute", bill_id="B-1", from_at=at)
    with pytest.raises(TaskError, match=r"on hold \(dispute\)"):
        acts.take(world.resources, task_id, "lin")
    world.publish("hold.lifted", **hold, lifted_at=at)
    world.pay("C-1", "B-1", 123_400)
    with pytest.raises(TaskError, match="the bill is paid"):
        acts.take(world.resources, task_id, "lin")
    assert tend(world.resources, None) == Tended(expired=2)
    assert queue.listed(world.resources) == []
    assert queue.show(world.resources, task_id).acts[-1].note == "the bill is paid"


def test_a_reply_is_read_answered_and_closed(world: World) -> None:
    """Whoever wrote may be nobody's customer: only the task's owner sees the number."""
    now, nobody, unanswered = world.clock.now(), 0, None
    number = make_id(202603, nobody, "inbound", "ref-1")
    words = json.dumps({"subject": "", "text": "who are you?", "sender": "+8616100000009"})
    with world.resources.engine.begin() as connection:
        sealed = world.resources.ring.seal(words)
        attempts.SECRETS.insert(
            connection, [(nobody, 202603, number, sealed.key_id, sealed.ciphertext)]
        )
        what = ("sms-gateway", "sms", "other", None, now, now, "open", None, unanswered)
        inbound.INBOUND.insert(connection, [(nobody, 202603, number, *what)])
        due_at = now + timedelta(hours=4)
        tasks.make(connection, TaskKind.REPLY, nobody, "", due_at, now, task_id=number)
    task_id = str(number)
    acts.take(world.resources, task_id, "lin")
    assert queue.show(world.resources, task_id).addresses == {}
    shown = queue.show(world.resources, task_id, reveal_to="lin")
    assert (shown.text, shown.addresses) == ("who are you?", {"sender": "+8616100000009"})
    acts.done(world.resources, task_id, "lin", "told them")
    with world.resources.engine.connect() as connection:
        closed = connection.execute(text("SELECT state, handled_by FROM inbound_message")).one()
    assert tuple(closed) == ("done", "lin")


def test_the_lenders_system_is_told_once_of_each_and_again_when_it_was_away(world: World) -> None:
    reminded(world)
    task_of(world)
    heard: list[tuple[str, str]] = []
    answers = [503, 200, 200, 200]

    def receive(request: Request) -> None:
        Webhook(SECRET).verify(request.body, request.headers)
        status = answers.pop(0)
        if status == 200:
            event = json.loads(request.body)
            heard.append((event["type"], request.headers["webhook-id"]))
        request.respond(status, {})

    async def serve() -> None:
        server = HttpServer(receive)
        await server.start(0)
        receiver = Receiver(f"http://127.0.0.1:{server.port}/tasks", SECRET)
        for _ in range(3):
            await asyncio.to_thread(tend, world.resources, receiver)
        world.clock.set(world.clock.now() + timedelta(hours=5))
        for _ in range(2):
            await asyncio.to_thread(tend, world.resources, receiver)
        await server.close()

    asyncio.run(serve())
    assert [kind for kind, _ in heard] == ["task.made", "task.overdue"]
    assert len({event_id for _, event_id in heard}) == 2
    assert queue.waiting(world.resources) == {TaskKind.UNREACHABLE: (1, 1)}
