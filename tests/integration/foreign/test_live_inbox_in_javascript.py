"""A live inbox read by a client that knows nothing of ours: the npm package eventsource."""

from __future__ import annotations

import json
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from reminders.servers.ports import choose
from reminders.services.inbox_token import inbox_token
from tests.integration.foreign import live_inbox_server

HERE = Path(__file__).parent
NODE = shutil.which("node")
pytestmark = pytest.mark.skipif(
    NODE is None or not (HERE / "node_modules" / "eventsource").exists(),
    reason="needs Node.js, and `npm ci` in tests/integration/foreign",
)
Process = subprocess.Popen[str]


@contextmanager
def started(*command: str) -> Iterator[Process]:
    """A process of ours, ended at the latest with the test."""
    with subprocess.Popen(  # noqa: S603 - our own scripts
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            yield process
        finally:
            with suppress(ProcessLookupError):
                process.kill()


def line(process: Process) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def tell(process: Process, text: str) -> None:
    assert process.stdin is not None
    process.stdin.write(f"{text}\n")
    process.stdin.flush()


def wait_for(port: int) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.05)
    raise AssertionError("the server did not come up")


def test_the_javascript_client_follows_an_inbox_over_reconnections() -> None:
    port = choose()
    token = inbox_token("C-1", live_inbox_server.KEY, datetime.now(UTC) + timedelta(minutes=5))
    url = f"http://127.0.0.1:{port}/v1/inbox/C-1/events?token={token}"
    server_command = (sys.executable, "-m", live_inbox_server.__name__, str(port))
    with started(*server_command) as server:
        wait_for(port)
        with started(str(NODE), str(HERE / "live_inbox.mjs"), url) as client:
            first: dict[str, Any] = json.loads(line(client))
            assert (first["unread"], first["banner"], first["newest"]) == (1, None, "a1")
            assert line(server) == ""  # the first stream knows of none before
            assert line(server) == first["id"]  # the server ended it: the client came back
            tell(server, "2")
            second = json.loads(line(client))  # and was not told the first state again
            assert second["unread"] == 2
            assert second["id"] != first["id"]
            server.send_signal(signal.SIGTERM)
            assert server.wait(30) in {0, -signal.SIGTERM}  # open streams hold up no shutdown
