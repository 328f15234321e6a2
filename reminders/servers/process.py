"""One process under its watcher: how to run it, and the handle on a running one."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from reminders.servers import watcher

Sink = Callable[[str, str], None]
"""Takes (process name, one line without its newline)."""


@dataclass(frozen=True, slots=True)
class Process:
    """How to run one process. Times are seconds; `env` is added to the supervisor's own."""

    name: str
    argv: tuple[str, ...]
    env: Mapping[str, str] = field(default_factory=dict)
    cwd: Path | None = None
    user: tuple[int, int] | None = None
    ready: Callable[[], bool] | None = None
    ready_within_s: float = 30.0
    before_start: Callable[[], None] | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    grace_s: float = 10.0


class Child:
    """A running process and its watcher. Ends when told to, or when we end in any way."""

    def __init__(self, process: Process, sink: Sink, held: tuple[int, ...] = ()) -> None:
        """`held`: descriptors that the watcher keeps open for as long as the process lives."""
        orders = watcher.Orders(
            process.stop_signal,
            process.grace_s,
            process.user,
            str(process.cwd or Path.cwd()),
            list(process.argv),
        )
        log_reader, log_writer = os.pipe()
        self._process = process
        try:
            # Ruff's S603: the program is this interpreter, the arguments are our own.
            self._watcher = subprocess.Popen(  # noqa: S603
                [sys.executable, "-I", "-S", watcher.__file__, *watcher.to_arguments(orders)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log_writer,
                env={**os.environ, **process.env},
                pass_fds=held,
                start_new_session=True,
                text=True,
            )
        except BaseException:
            os.close(log_reader)
            raise
        finally:
            os.close(log_writer)
        self._reader = threading.Thread(
            target=_read_lines, args=(log_reader, process.name, sink), daemon=True
        )
        self._reader.start()
        assert self._watcher.stdout is not None  # noqa: S101 - stdout=PIPE above
        with self._watcher.stdout as told:
            first = told.readline().strip()
        self.pid: int | None = int(first) if first else None

    @property
    def watcher_pid(self) -> int:
        return self._watcher.pid

    def ask_to_stop(self) -> None:
        assert self._watcher.stdin is not None  # noqa: S101 - stdin=PIPE above
        with contextlib.suppress(OSError, ValueError), self._watcher.stdin as lifeline:
            lifeline.write("stop\n")

    def send(self, number: int) -> None:
        if self.pid is not None and self._watcher.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def wait(self) -> int:
        """The exit code of the process, 128 + N if signal N ended it."""
        code = self._watcher.wait()
        if code < 0 and self.pid is not None:  # the watcher was killed: nobody else would clear up
            _end_group(self.pid)
        self.ask_to_stop()
        # A descendant that left the group may hold the log open; it must not hold us up.
        self._reader.join(timeout=2)
        return code


def _end_group(pid: int) -> None:
    """Kill what a killed watcher left, and see it gone before anything is started in its place."""
    with contextlib.suppress(psutil.Error):
        left = psutil.Process(pid)
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(pid, signal.SIGKILL)
        deadline = time.monotonic() + 5
        while left.status() != psutil.STATUS_ZOMBIE and time.monotonic() < deadline:
            time.sleep(0.01)


def _read_lines(descriptor: int, name: str, sink: Sink) -> None:
    with open(descriptor, encoding="utf-8", errors="replace") as lines:
        for line in lines:
            sink(name, line.rstrip("\n"))
