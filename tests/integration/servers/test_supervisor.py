"""Order, restarts and grace, on processes that take no time to start."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from reminders.servers import state
from reminders.servers.errors import ServerError
from reminders.servers.process import Process
from reminders.servers.supervisor import Supervisor
from tests.integration.servers.conftest import until


@pytest.fixture
def supervisor(tmp_path: Path, lines: list[str]) -> Iterator[Supervisor]:
    with Supervisor(tmp_path, sink=lambda name, line: lines.append(f"{name}: {line}")) as running:
        yield running


def _python(name: str, code: str, grace_s: float = 5.0) -> Process:
    return Process(name, (sys.executable, "-I", "-S", "-c", code), grace_s=grace_s)


def _sleeping(name: str) -> Process:
    return Process(name, ("sleep", "1000"))


STUBBORN = "import signal, time; signal.signal(15, signal.SIG_IGN); print('deaf', flush=True); "


def test_processes_start_in_order_and_end_in_reverse(
    supervisor: Supervisor, lines: list[str]
) -> None:
    said = "import signal, sys; print('up', flush=True); signal.sigwait([15]); print('end')"
    code = "import signal; signal.pthread_sigmask(signal.SIG_BLOCK, [15]); " + said
    for name in ("first", "second"):
        supervisor.start(_python(name, code))
        until(lambda name=name: f"{name}: up" in lines)  # type: ignore[misc]  # a bound default
    assert list(supervisor.pids()) == ["first", "second"]
    supervisor.stop()
    assert lines == ["first: up", "second: up", "second: end", "first: end"]


def test_processes_started_together_are_launched_before_the_first_is_ready(
    supervisor: Supervisor,
) -> None:
    slow = replace(_sleeping("slow"), ready=lambda: "quick" in supervisor.pids())
    supervisor.start(slow, _sleeping("quick"))
    assert list(supervisor.pids()) == ["slow", "quick"]


def test_what_a_process_prepares_is_there_before_the_next_is_launched(
    supervisor: Supervisor, tmp_path: Path
) -> None:
    told = tmp_path / "told"

    def prepare() -> None:
        time.sleep(0.2)
        told.touch()

    found: list[bool] = []
    first = replace(_sleeping("first"), before_start=prepare)
    second = replace(_sleeping("second"), before_start=lambda: found.append(told.exists()))
    supervisor.start(first, second)
    assert found == [True]


def test_if_one_of_several_is_never_ready_all_of_them_end(supervisor: Supervisor) -> None:
    never = replace(_sleeping("never"), ready=lambda: False, ready_within_s=0.2)
    with pytest.raises(ServerError, match="never was not ready"):
        supervisor.start(_sleeping("one"), never)
    assert not supervisor.pids()


def test_others_start_beside_a_process_that_ends_by_itself(supervisor: Supervisor) -> None:
    waits = _python("waits", "import time; time.sleep(0.3); raise SystemExit(7)")
    assert supervisor.run(waits, _sleeping("beside")) == 7
    assert list(supervisor.pids()) == ["beside"]


def test_a_crashed_process_is_restarted_and_the_log_says_why(
    supervisor: Supervisor, lines: list[str]
) -> None:
    supervisor.start(_sleeping("one"))
    before = supervisor.pids()["one"]
    supervisor.kill("one", signal.SIGKILL)
    until(lambda: supervisor.pids().get("one", before) != before)
    assert lines == ["one: ended with code 137; restart in 0.1 s"]


def test_the_state_file_names_what_runs_as_soon_as_it_is_started(
    supervisor: Supervisor, tmp_path: Path
) -> None:
    supervisor.start(_sleeping("one"))
    found = state.read_state(tmp_path)
    assert found is not None
    assert found.children == supervisor.pids()
    supervisor.end("one")
    left = state.read_state(tmp_path)
    assert left is not None
    assert left.children == {}


def test_restart_is_ordered_and_gives_a_new_process(supervisor: Supervisor) -> None:
    supervisor.start(_sleeping("one"))
    before = supervisor.pids()["one"]
    supervisor.restart("one")
    assert supervisor.pids()["one"] != before
    assert not psutil.pid_exists(before)


def test_what_does_not_stop_in_its_grace_is_killed(
    supervisor: Supervisor, lines: list[str]
) -> None:
    supervisor.start(_python("deaf", STUBBORN + "time.sleep(1000)", grace_s=0.2))
    until(lambda: "deaf: deaf" in lines)
    pid = supervisor.pids()["deaf"]
    supervisor.end("deaf")
    assert not psutil.pid_exists(pid)
    assert lines[-1] == "deaf: still running 0.2 s after being asked to stop: killed"


def test_what_a_process_leaves_behind_ends_with_it(
    supervisor: Supervisor, lines: list[str]
) -> None:
    code = "import os, time; pid = os.fork(); pid and print(pid, flush=True); time.sleep(1000)"
    supervisor.start(_python("parent", code))
    until(lambda: bool(lines))
    left = psutil.Process(int(lines[0].removeprefix("parent: ")))
    supervisor.kill("parent", signal.SIGKILL)
    until(lambda: not left.is_running() or left.status() == psutil.STATUS_ZOMBIE)


def test_a_program_that_is_not_there_is_one_line_of_error(supervisor: Supervisor) -> None:
    with pytest.raises(ServerError, match=r"absent does not start: .*cannot run /absent"):
        supervisor.start(Process("absent", ("/absent",)))
    assert supervisor.pids() == {}


def test_a_process_that_never_gets_ready_is_ended(supervisor: Supervisor) -> None:
    never = Process("never", ("sleep", "1000"), ready=lambda: False, ready_within_s=0.3)
    with pytest.raises(ServerError, match=r"never was not ready within 0\.3 s"):
        supervisor.start(never)
    assert supervisor.pids() == {}


def test_one_name_is_one_process(supervisor: Supervisor) -> None:
    supervisor.start(_sleeping("one"))
    with pytest.raises(ServerError, match="already running"):
        supervisor.start(_sleeping("one"))


def test_a_process_that_ends_by_itself_tells_its_code(
    supervisor: Supervisor, lines: list[str]
) -> None:
    assert supervisor.run(_python("step", "print('done'); raise SystemExit(3)")) == 3
    assert lines == ["step: done"]


def test_what_a_dead_supervisor_left_is_ended_before_anything_is_started(tmp_path: Path) -> None:
    # Background jobs of a shell, and what they start, ignore SIGINT until they say otherwise.
    code = "import signal; signal.signal(2, signal.SIG_DFL); print(flush=True); signal.pause()"
    command = [sys.executable, "-I", "-S", "-c", code]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as left:  # noqa: S603 - our own code
        assert left.stdout is not None
        assert left.stdout.readline() == b"\n"
        gone = {"pid": left.pid, "began": 0.0, "children": {"redis": left.pid, "waits": 0}}
        state.write_private(tmp_path / state.STATE, gone)
        Supervisor(tmp_path, sink=lambda _name, _line: None).stop()
        assert left.poll() is not None


def test_a_younger_process_under_a_number_of_old_is_left_alone(tmp_path: Path) -> None:
    with subprocess.Popen(["sleep", "1000"]) as other:  # noqa: S607 - found on PATH everywhere
        gone = {"pid": other.pid, "began": 0.0, "children": {"redis": other.pid}}
        state.write_private(tmp_path / state.STATE, gone)
        os.utime(tmp_path / state.STATE, (0, 0))
        Supervisor(tmp_path, sink=lambda _name, _line: None).stop()
        assert other.poll() is None
        other.kill()


def test_stopping_twice_is_harmless_and_frees_the_folder(
    supervisor: Supervisor, tmp_path: Path
) -> None:
    supervisor.stop()
    supervisor.stop()
    Supervisor(tmp_path, sink=lambda _name, _line: None).stop()
