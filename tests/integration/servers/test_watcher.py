"""The watcher as the supervisor starts it: a word ends the process, so does the pipe's end."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import psutil

from reminders.servers import watcher
from reminders.servers.watcher import NOT_STARTED, Orders

DEAF = "import signal, time; signal.signal(15, signal.SIG_IGN); print('deaf'); time.sleep(1000)"


@contextmanager
def _watched(*argv: str, grace_s: float) -> Iterator[subprocess.Popen[str]]:
    orders = Orders(15, grace_s, None, "/", list(argv))
    with subprocess.Popen(  # noqa: S603 - our own module
        [sys.executable, "-I", "-S", watcher.__file__, *watcher.to_arguments(orders)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def _pid(process: subprocess.Popen[str]) -> int:
    assert process.stdout is not None
    return int(process.stdout.readline())


def test_a_word_gives_the_whole_grace_time() -> None:
    with _watched("sleep", "1000", grace_s=1000) as process:
        pid = _pid(process)
        assert process.stdin is not None
        process.stdin.write("stop\n")
        process.stdin.close()
        assert process.wait(50) == 128 + 15
        assert not psutil.pid_exists(pid)


def test_the_end_of_the_pipe_shortens_a_long_grace_time() -> None:
    with _watched(sys.executable, "-u", "-c", DEAF, grace_s=1000) as process:
        pid = _pid(process)
        assert process.stderr is not None
        assert process.stderr.readline() == "deaf\n"
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(watcher.ORPHAN_GRACE_S + 60) == 128 + 9
        assert not psutil.pid_exists(pid)


def test_the_log_s_reader_may_be_gone_as_well() -> None:
    with _watched(sys.executable, "-u", "-c", DEAF, grace_s=0.1) as process:
        _pid(process)
        assert process.stderr is not None
        assert process.stderr.readline() == "deaf\n"
        process.stderr.close()
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(50) == 128 + 9


def test_sigterm_to_the_watcher_ends_the_process_and_ctrl_c_does_not() -> None:
    with _watched("sleep", "1000", grace_s=1000) as process:
        pid = _pid(process)
        process.send_signal(2)
        assert psutil.Process(pid).is_running()
        process.terminate()
        assert process.wait(50) == 128 + 15


def test_a_program_that_is_not_there_is_told_in_one_line() -> None:
    with _watched("/absent", grace_s=1) as process:
        assert process.wait(50) == NOT_STARTED
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.read() == ""
        assert process.stderr.read().startswith("cannot run /absent: ")
