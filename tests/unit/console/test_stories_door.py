"""The stories of a bill are for operators, and what there is not is said in one line."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError

from reminders.cli import asking
from reminders.console.doors import Doors
from reminders.console.stories import EXPLAIN, TIMELINE, StoriesDoor
from reminders.domain.errors import PolicyError
from reminders.ledger.errors import LedgerError
from tests.unit.console.asgi_client import Answer, call, run

Json = dict[str, Any]  # Any: JSON
LIN = "lin-token"


class Desk:
    """Remembers what was asked."""

    def __init__(self, error: Exception | None = None) -> None:
        self.asked: list[object] = []
        self.error = error

    def explain(self, bill: str, at: datetime | None, said: Mapping[str, str]) -> list[Json]:
        return self._told(("explain", bill, at, dict(said)))

    def timeline(self, bill: str, said: Mapping[str, str]) -> list[Json]:
        return self._told(("timeline", bill, dict(said)))

    def _told(self, asked: object) -> list[Json]:
        if self.error:
            raise self.error
        self.asked.append(asked)
        return [{"bill": "B-1"}]


async def nothing() -> None: ...


def ask(
    path: str, query: str = "", token: str = LIN, desk: Desk | None = None
) -> tuple[Answer, Desk]:
    desk = desk or Desk()
    door = StoriesDoor(desk, {"lin": LIN, "nobody": ""})
    app = Doors({}, {EXPLAIN: door, TIMELINE: door}, nothing)
    headers = {"authorization": f"Bearer {token}"}
    return run(call(app, "GET", path, headers=headers, query=query)), desk


def test_an_operator_is_told_what_was_asked_for() -> None:
    told, desk = ask(f"{EXPLAIN}B-1", "stage=d-3&at=2026-03-20T10:00:00Z&customer=C-1")
    assert (told.status, told.json) == (200, [{"bill": "B-1"}])
    assert told.headers["cache-control"] == "no-store"
    at = datetime(2026, 3, 20, 10, tzinfo=UTC)
    said = {"stage": "d-3", "at": "2026-03-20T10:00:00Z", "customer": "C-1"}
    assert desk.asked == [("explain", "B-1", at, said)]
    told, desk = ask(f"{TIMELINE}B-1", "customer=C-1")
    assert (told.status, desk.asked) == (200, [("timeline", "B-1", {"customer": "C-1"})])
    said = {"for": "customer", "language": "zh-CN"}
    assert ask(f"{EXPLAIN}B-1", "for=customer&language=zh-CN")[1].asked[0] == (
        *("explain", "B-1", None),
        said,
    )


@pytest.mark.parametrize("token", ["", "other", "lin-tokeN", "é"])
@pytest.mark.parametrize("path", [f"{EXPLAIN}B-1", f"{TIMELINE}B-1"])
def test_nobody_else_is_told_anything(path: str, token: str) -> None:
    told, desk = ask(path, token=token)
    assert (told.status, desk.asked) == (401, [])


@pytest.mark.parametrize(
    ("path", "query", "status", "line"),
    [
        (EXPLAIN, "", 404, "no bill"),
        (f"{EXPLAIN}B\x00", "", 404, "no bill"),
        (f"{EXPLAIN}{'B' * 300}", "", 404, "no bill"),
        (f"{EXPLAIN}B-1", "at=yesterday", 422, "zone"),
        (f"{EXPLAIN}B-1", "at=2026-03-20T10:00:00", 422, "zone"),
        (f"{EXPLAIN}B-1", "at=9999-12-31T23:59:59Z", 422, "zone"),
        (f"{EXPLAIN}B-1", "for=all", 422, "customer"),
        (f"{EXPLAIN}B-1", "language=en", 422, "for=customer"),
        (f"{EXPLAIN}B-1", "verify=1", 422, "there is no verify"),
        (f"{TIMELINE}B-1", "stage=d-3", 422, "there is no stage"),
        (f"{EXPLAIN}B-1", "&".join(f"{x}=1" for x in "abcdefghijkl"), 400, "too many"),
    ],
)
def test_what_makes_no_sense_is_refused_in_a_line(
    path: str, query: str, status: int, line: str
) -> None:
    told, desk = ask(path, query)
    assert (told.status, desk.asked) == (status, [])
    assert line in told.json["error"]
    assert "\n" not in told.json["error"]


@pytest.mark.parametrize(
    ("error", "status", "line"),
    [
        (LedgerError("no bill is called B-1"), 404, "no bill is called B-1"),
        (PolicyError("bill B-1 has no stage d-9"), 422, "bill B-1 has no stage d-9"),
        (OperationalError("SELECT", {"a": "+8616100000001"}, Exception()), 503, "cannot look now"),
        (LookupError("nobody set the clock"), 503, "cannot look now"),
    ],
)
def test_what_cannot_be_told_says_why(error: Exception, status: int, line: str) -> None:
    told, _ = ask(f"{EXPLAIN}B-1", desk=Desk(error))
    assert (told.status, told.json) == (status, {"error": line})


def test_commands_know_the_answers_of_this_door() -> None:
    """Whatever else stands at that address answers without the header."""
    for told, _ in (ask(f"{EXPLAIN}B-1"), ask(EXPLAIN), ask(f"{EXPLAIN}B-1", token="")):
        assert told.headers[asking.FORM_HEADER] == asking.FORM


def test_one_story_is_told_after_another() -> None:
    """Each takes two connections of the pool: as many at once as it has would wait for ever."""

    class Slow(Desk):
        def __init__(self) -> None:
            super().__init__()
            self.at_once, self.most = 0, 0

        def timeline(self, bill: str, said: Mapping[str, str]) -> list[Json]:
            self.at_once += 1
            self.most = max(self.most, self.at_once)
            time.sleep(0.005)
            self.at_once -= 1
            return []

    desk = Slow()
    door = StoriesDoor(desk, {"lin": LIN})

    async def many() -> None:
        headers = {"authorization": f"Bearer {LIN}"}
        asked = (call(door, "GET", f"{TIMELINE}B-1", headers=headers) for _ in range(4))
        assert {each.status for each in await asyncio.gather(*asked)} == {200}

    run(many())
    assert desk.most == 1
