"""`/v1/tasks`: the queue of what is left to people, for their tools; a bearer token is a person.

GET /v1/tasks?kind=&owner=&limit=, GET /v1/tasks/{id}, POST /v1/tasks/{id}/take|give-back|done
with {"note": …} where there is one to keep.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from threading import Lock
from typing import Protocol

from pydantic_core import from_json
from sqlalchemy.exc import SQLAlchemyError

from reminders.console.asgi import Receive, Refused, Scope, Send, answer, asked, bearer, read_body
from reminders.console.operators import Operators
from reminders.domain.human_task import Task, TaskKind
from reminders.messages.facts import clean
from reminders.services.resources import Resources
from reminders.services.tasks import acts, queue
from reminders.services.tasks.as_json import shown_json, task_json
from reminders.services.tasks.errors import TaskError, UnknownTask
from reminders.services.tasks.queue import Shown

PATH = "/v1/tasks"
MAX_BODY = 16_384
_FIELDS = ("kind", "owner", "limit")
_MOST = 1_000
_FRESH = {"cache-control": "no-store"}


class TaskDesk(Protocol):
    """What the door does. Every call blocks and may raise `TaskError`."""

    def listed(self, kind: TaskKind | None, owner: str, size: int) -> Sequence[Task]: ...
    def show(self, task_id: str, actor: str) -> Shown: ...
    def take(self, task_id: str, actor: str) -> Task: ...
    def give_back(self, task_id: str, actor: str, note: str) -> Task: ...
    def done(self, task_id: str, actor: str, note: str) -> Task: ...


class LedgerTaskDesk:
    """On the ledger; what is opened is opened with the first visit. Safe to share by threads."""

    def __init__(self, opening: Callable[[], Resources]) -> None:
        self._opening = opening
        self._opened: Resources | None = None
        self._lock = Lock()

    def listed(self, kind: TaskKind | None, owner: str, size: int) -> Sequence[Task]:
        return queue.listed(self._resources(), kind, owner, size)

    def show(self, task_id: str, actor: str) -> Shown:
        return queue.show(self._resources(), task_id, reveal_to=actor)

    def take(self, task_id: str, actor: str) -> Task:
        return acts.take(self._resources(), task_id, actor)

    def give_back(self, task_id: str, actor: str, note: str) -> Task:
        return acts.give_back(self._resources(), task_id, actor, note)

    def done(self, task_id: str, actor: str, note: str) -> Task:
        return acts.done(self._resources(), task_id, actor, note)

    def close(self) -> None:
        """Give the connections back, where any were opened."""
        if self._opened is not None:
            self._opened.engine.dispose()
            self._opened.redis.close()

    def _resources(self) -> Resources:
        with self._lock:
            if self._opened is None:
                self._opened = self._opening()
            return self._opened


class TasksDoor:
    """`tokens`: a person's name → their token. Addresses are shown to a task's owner alone."""

    def __init__(self, desk: TaskDesk, tokens: Mapping[str, str]) -> None:
        self._desk = desk
        self._operators = Operators(tokens)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        actor = self._operators.named(bearer(scope))
        task_id, _, act = scope["path"].removeprefix(PATH).strip("/").partition("/")
        note = await _note(scope, receive) if scope["method"] == "POST" else ""
        try:
            found = await asyncio.to_thread(self._do, scope, actor, task_id, act, note)
        except UnknownTask as error:
            raise Refused(404, str(error)) from None
        except TaskError as error:
            raise Refused(409, str(error)) from None
        except SQLAlchemyError:
            raise Refused(503, "cannot do this now", retry_after="1") from None
        await answer(send, 200, found, _FRESH)

    def _do(self, scope: Scope, actor: str, task_id: str, act: str, note: str) -> object:
        match scope["method"], bool(task_id), act:
            case "GET", False, "":
                kind, owner, size = _wanted(scope)
                return {"tasks": [task_json(each) for each in self._desk.listed(kind, owner, size)]}
            case "GET", True, "":
                return shown_json(self._desk.show(task_id, actor))
            case "POST", True, "take":
                return task_json(self._desk.take(task_id, actor))
            case "POST", True, "give-back":
                return task_json(self._desk.give_back(task_id, actor, note))
            case "POST", True, "done":
                return task_json(self._desk.done(task_id, actor, note))
            case "GET" | "POST", _, _:
                raise Refused(404, "there is nothing here")
            case _:
                raise Refused(405, "only GET and POST work here", allow="GET, POST")


def _wanted(scope: Scope) -> tuple[TaskKind | None, str, int]:
    """Which tasks. Raises `Refused`."""
    query = asked(scope, _FIELDS)
    kind, owner, limit = (query.get(name, "") for name in _FIELDS)
    if kind and kind not in set(TaskKind):
        raise Refused(422, f"kind is one of {', '.join(TaskKind)}")
    if limit and not (limit.isascii() and limit.isdigit() and 1 <= len(limit) <= 4):
        raise Refused(422, f"limit is a number up to {_MOST}")
    return TaskKind(kind) if kind else None, clean(owner), max(1, min(int(limit or 200), _MOST))


async def _note(scope: Scope, receive: Receive) -> str:
    """The note of the body, "" where there is none. Raises `Refused`."""
    body = await read_body(scope, receive, MAX_BODY)
    if not body:
        return ""
    try:
        given = from_json(body)
    except ValueError:
        raise Refused(400, "the body is not JSON") from None
    note = given.get("note", "") if isinstance(given, dict) else None
    if not isinstance(note, str):
        raise Refused(422, 'want {"note": text}')
    return clean(note)
