"""Alive is this process; ready is what it needs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from reminders.console.doors import Doors
from reminders.console.health import ReadyDoor
from tests.unit.console.asgi_client import call, run
from tests.unit.console.conftest import House


async def here() -> None:
    return


async def away() -> None:
    raise ConnectionRefusedError


def ready(**checks: Callable[[], Awaitable[None]]) -> Doors:
    return Doors({"/readyz": ReadyDoor(checks)}, {}, here)


def test_a_process_is_alive_whatever_is_away(house: House) -> None:
    house.server.connected = False
    assert run(call(house.app, "GET", "/healthz")).status == 200


def test_ready_when_everything_answers() -> None:
    assert run(call(ready(Redis=here), "GET", "/readyz")).status == 200


def test_not_ready_names_what_is_away() -> None:
    answer = run(call(ready(Redis=here, PostgreSQL=away), "GET", "/readyz"))
    assert (answer.status, answer.json) == (503, {"error": "cannot reach PostgreSQL"})


def test_a_house_without_its_database_is_not_ready(house: House) -> None:
    assert run(call(house.app, "GET", "/readyz")).json == {"error": "cannot reach PostgreSQL"}
