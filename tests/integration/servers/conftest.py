"""Servers that a test may stop, kill and start again, apart from those of the session."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path

import psutil
import pytest

from reminders.servers import state
from reminders.servers.development import Servers
from reminders.servers.embedded import start_servers
from reminders.servers.supervisor import Supervisor

Running = tuple[Supervisor, Servers]
Start = Callable[[], AbstractContextManager[Running]]


@pytest.fixture
def lines() -> list[str]:
    """What the supervisor logged, as `name: line`."""
    return []


@pytest.fixture
def start(tmp_path: Path, lines: list[str]) -> Start:
    """Start both servers in this test's folder, as often as the test wants."""

    @contextmanager
    def run() -> Iterator[Running]:
        sink: Callable[[str, str], None] = lambda name, line: lines.append(f"{name}: {line}")  # noqa: E731
        with Supervisor(tmp_path / "data", sink=sink) as supervisor:
            yield supervisor, start_servers(supervisor)

    return run


@pytest.fixture
def apart(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[str], list[psutil.Process]]]:
    """A supervisor process of its own that is ready, and every process that it has under it."""
    command = [sys.executable, "-m", "tests.integration.servers.running", str(tmp_path / "data")]
    with subprocess.Popen(  # noqa: S603 - our own test module
        command, stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        assert state.read_state(tmp_path / "data") is not None
        below = psutil.Process(process.pid).children(recursive=True)
        yield process, below
        process.kill()
    for left in below:  # only where the test has failed
        with suppress(psutil.Error):
            left.kill()


def until(condition: Callable[[], bool], within_s: float = 60) -> None:
    """Wait for a condition; fail the test if it does not come true."""
    deadline = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < deadline, "did not come true in time"
        time.sleep(0.02)
