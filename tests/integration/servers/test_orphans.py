"""However a supervisor ends, nothing that it started outlives it."""

import os
import signal
import subprocess
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from reminders.servers import state
from tests.integration.servers.conftest import Start, until

Apart = tuple[subprocess.Popen[str], list[psutil.Process]]


def _all_gone(processes: list[psutil.Process]) -> bool:
    return not any(process.is_running() for process in processes)


def test_kill_9_of_the_supervisor_leaves_no_process(apart: Apart, tmp_path: Path) -> None:
    supervisor, below = apart
    assert len(below) > 6  # two watchers, Redis, and PostgreSQL with its own processes
    supervisor.kill()
    until(lambda: _all_gone(below))
    assert not (tmp_path / "data/postgres/cluster/postmaster.pid").exists()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_everything_in_order(
    apart: Apart, tmp_path: Path, number: signal.Signals
) -> None:
    supervisor, below = apart
    os.killpg(supervisor.pid, number)  # as Ctrl-C does: the whole group of the terminal
    assert supervisor.wait(60) == 0
    assert _all_gone(below)
    assert not (tmp_path / "data" / state.STATE).exists()


def test_kill_9_of_supervisor_and_watchers_together_leaves_no_process(apart: Apart) -> None:
    supervisor, below = apart
    for process in [psutil.Process(supervisor.pid), *below]:
        with suppress(psutil.NoSuchProcess):  # PostgreSQL had one for the first connection
            if process.name().startswith("python"):
                process.kill()
    until(lambda: _all_gone(below))


def test_a_new_supervisor_waits_for_the_servers_of_a_killed_one(apart: Apart, start: Start) -> None:
    supervisor, _ = apart
    supervisor.kill()
    supervisor.wait()
    with start() as (running, _):
        assert set(running.pids()) == {"redis", "database"}


def test_a_killed_watcher_takes_its_process_along_and_both_come_back(
    start: Start, lines: list[str]
) -> None:
    with start() as (supervisor, _):
        before = supervisor.pids()["redis"]
        watcher = psutil.Process(before).parent()
        assert watcher is not None
        watcher.kill()
        until(lambda: supervisor.pids().get("redis", before) != before)
        assert not (psutil.pid_exists(before) and psutil.Process(before).status() != "zombie")
        assert any("restart in" in line for line in lines)
