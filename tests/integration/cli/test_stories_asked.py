"""A console tells the very stories that the commands read from the ledger, addresses masked."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
from collections.abc import Iterator

import pytest
import uvicorn

from reminders.cli import asking
from reminders.console.doors import Doors
from reminders.console.operations import Opened
from reminders.console.stories import EXPLAIN, TIMELINE, LedgerStoryDesk, StoriesDoor
from reminders.domain.outcome import Accepted
from tests.integration.cli.conftest import Command, World

STORIES = (
    ("explain", "B-1"),
    ("explain", "B-1", "--json"),
    ("explain", "B-1", "--stage", "d-3", "--at", "2026-03-22T11:00:00+08:00"),
    ("explain", "B-1", "--for-customer", "--language", "zh-CN"),
    ("explain", "B-1", "--for-customer", "--json", "--customer", "C-1"),
    ("timeline", "B-1"),
    ("timeline", "B-1", "--json"),
)


@pytest.fixture
def told(world: World) -> World:
    """SMS silent on d-3, then e-mail; the rest is ahead."""
    world.customer("C-1")
    world.bill("C-1", "B-1")
    world.work()
    world.sms.answers = [Accepted("r")]
    world.at("2026-03-22T10:00:00")
    world.at("2026-03-22T12:00:00")
    return world


@pytest.fixture
def console(told: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The address of the door on the world's ledger, for who has Lin's token."""

    async def nothing() -> None: ...

    door = StoriesDoor(LedgerStoryDesk(Opened(lambda: told.resources)), {"lin": "lin-token"})
    app = Doors({}, {EXPLAIN: door, TIMELINE: door}, nothing)
    listening = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="on"))
    thread = threading.Thread(target=lambda: asyncio.run(server.serve([listening])))
    thread.start()
    monkeypatch.setattr(asking, "_WITHIN_S", 60.0)  # else a busy machine reads the ledger
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(30)
        listening.close()


def test_the_console_tells_what_the_ledger_tells(
    console: str, reminders: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """S3, S5.14: the same words, from a process that has everything open; no address in them."""
    read = [reminders(*words).stdout for words in STORIES]
    monkeypatch.setenv("REMINDERS_ASK_URL", console)
    monkeypatch.setenv("REMINDERS_ASK_TOKEN", "lin-token")
    for name in ("DATABASE_URL", "REDIS_URL"):  # whoever asks needs no ledger
        monkeypatch.delenv(name)
    for words, expected in zip(STORIES, read, strict=True):
        asked = reminders(*words)
        assert (asked.stdout, asked.stderr) == (expected, "")
        assert expected
        for address in ("16100000001", "person@example.com"):
            assert address not in asked.stdout


def test_what_the_console_refuses_is_what_the_ledger_refuses(
    console: str, reminders: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REMINDERS_ASK_URL", console)
    monkeypatch.setenv("REMINDERS_ASK_TOKEN", "lin-token")
    for words, line in {
        ("timeline", "B-9"): "no bill is called B-9",
        ("explain", "B-1", "--stage", "d-9"): "bill B-1 has no stage d-9: it has d-7, d-3",
        ("explain", "B-1", "--for-customer", "--language", "tlh"): "no words in tlh",
    }.items():
        found = reminders(*words)
        assert found.exit_code == 2
        assert found.stderr.startswith(f"error: {line}")


def test_with_another_token_the_ledger_itself_is_read(
    console: str, reminders: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REMINDERS_ASK_URL", console)
    monkeypatch.setenv("REMINDERS_ASK_TOKEN", "other")
    found = reminders("explain", "B-1", "--json")
    assert json.loads(found.stdout)[0]["bill"] == "B-1"
    assert found.stderr.startswith("note: no answer from the console (401")
