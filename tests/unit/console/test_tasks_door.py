"""`/v1/tasks`: a token is a person, refusals are lines, the acts reach the desk."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from uuid import UUID

import pytest

from reminders.console.doors import Doors
from reminders.console.tasks import PATH, TasksDoor
from reminders.domain.human_task import Task, TaskKind, TaskState
from reminders.services.tasks.errors import TaskError, UnknownTask
from reminders.services.tasks.queue import Shown
from tests.unit.console.asgi_client import Answer, call, run

NOW = datetime(2026, 3, 25, 8, 0, tzinfo=UTC)
ID = UUID("20260300-0000-4000-8000-000000000001")
LIN, WANG = "lin-token", "wang-token"
TASK = Task(ID, 7, "C-7", TaskKind.REMINDER, "B-1", None, TaskState.OPEN, "", NOW, NOW)


@dataclass
class Desk:
    """Knows one task, which `lin` took if anybody did."""

    heard: list[tuple[str, ...]] = field(default_factory=list)

    def listed(self, kind: TaskKind | None, owner: str, size: int) -> Sequence[Task]:
        self.heard.append(("list", str(kind), owner, str(size)))
        return [TASK]

    def show(self, task_id: str, actor: str) -> Shown:
        if task_id != str(ID):
            raise UnknownTask(f"no task is called {task_id!r}")
        return Shown(TASK, [], "say this")

    def take(self, task_id: str, actor: str) -> Task:
        if actor != "lin":
            raise TaskError(f"task {task_id} is taken by lin")
        return replace(TASK, state=TaskState.TAKEN, owner=actor)

    def give_back(self, task_id: str, actor: str, note: str) -> Task:
        self.heard.append(("give-back", actor, note))
        return TASK

    def done(self, task_id: str, actor: str, note: str) -> Task:
        self.heard.append(("done", actor, note))
        return replace(TASK, state=TaskState.DONE, owner=actor)


async def nothing() -> None:
    return None


def ask(
    method: str, path: str, token: str = LIN, body: bytes = b"", desk: Desk | None = None
) -> Answer:
    door = TasksDoor(desk or Desk(), {"lin": "lin-token", "wang": "wang-token", "nobody": ""})
    app = Doors({PATH: door}, {f"{PATH}/": door}, nothing)
    headers = {"authorization": f"Bearer {token}"}
    path, _, query = path.partition("?")
    return run(call(app, method, path, body, headers, query))


@pytest.mark.parametrize("token", ["", "other", "lin-tokeN", "é"])
def test_without_a_persons_token_nothing_is_shown(token: str) -> None:
    assert ask("GET", "/v1/tasks", token).status == 401


def test_lists_and_shows() -> None:
    desk = Desk()
    listed = json.loads(ask("GET", "/v1/tasks?kind=reply&owner=lin&limit=7", desk=desk).body)
    assert [each["task"] for each in listed["tasks"]] == [str(ID)]
    assert desk.heard == [("list", "reply", "lin", "7")]
    assert json.loads(ask("GET", f"/v1/tasks/{ID}").body)["text"] == "say this"


def test_one_takes_it_and_the_other_is_told_who_has_it() -> None:
    assert json.loads(ask("POST", f"/v1/tasks/{ID}/take").body)["owner"] == "lin"
    refused = ask("POST", f"/v1/tasks/{ID}/take", "wang-token")
    assert refused.status == 409
    assert "taken by lin" in json.loads(refused.body)["error"]


def test_an_act_carries_who_did_it_and_the_note() -> None:
    desk = Desk()
    body = json.dumps({"note": "promised\nfor Friday"}).encode()
    assert ask("POST", f"/v1/tasks/{ID}/done", body=body, desk=desk).status == 200
    assert ask("POST", f"/v1/tasks/{ID}/give-back", "wang-token", desk=desk).status == 200
    assert desk.heard == [("done", "lin", "promised for Friday"), ("give-back", "wang", "")]


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/v1/tasks/none", b"", 404),
        ("POST", f"/v1/tasks/{ID}/burn", b"", 404),
        ("POST", "/v1/tasks", b"", 404),
        ("DELETE", f"/v1/tasks/{ID}", b"", 405),
        ("GET", "/v1/tasks?kind=other", b"", 422),
        ("GET", "/v1/tasks?limit=x", b"", 422),
        ("GET", "/v1/tasks?owners=lin", b"", 422),
        ("GET", "/v1/tasks?" + "&".join("abcdefghijkl"), b"", 400),
        ("POST", f"/v1/tasks/{ID}/done", b"{", 400),
        ("POST", f"/v1/tasks/{ID}/done", b"[]", 422),
        ("POST", f"/v1/tasks/{ID}/done", b'{"note": 7}', 422),
        ("POST", f"/v1/tasks/{ID}/done", b"x" * 20_000, 413),
    ],
)
def test_what_makes_no_sense_is_refused_in_a_line(
    method: str, path: str, body: bytes, status: int
) -> None:
    assert ask(method, path, body=body).status == status
