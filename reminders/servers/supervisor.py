"""Run named processes together: start in order, restart what crashes, stop in reverse order."""

import os
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

from reminders.servers import state
from reminders.servers.errors import ServerError
from reminders.servers.log import Log
from reminders.servers.process import Child, Process, Sink

STABLE_AFTER_S = 10.0
BACKOFF_FIRST_S, BACKOFF_CAP_S = 0.1, 15.0
CRASHES_BEFORE_READY = 3


def backoff(crashes: int) -> float:
    """Seconds to wait after the n-th crash in a row (n ≥ 1): 0.1, 0.2, 0.4 … 15."""
    return float(min(BACKOFF_CAP_S, BACKOFF_FIRST_S * 2 ** min(crashes - 1, 20)))


class Keeper(threading.Thread):
    """Keeps one process alive until told to stop."""

    def __init__(self, supervisor: "Supervisor", process: Process) -> None:
        super().__init__(name=f"keeper of {process.name}", daemon=True)
        self.process = process
        self.child: Child | None = None
        self.crashes = 0
        self._supervisor = supervisor
        self._ending = threading.Event()
        self._lock = threading.Lock()

    def run(self) -> None:
        while (child := self._spawn()) is not None:
            began = time.monotonic()
            code = child.wait()
            self.child = None
            self._supervisor.publish()
            if self._ending.is_set():
                return
            stable = time.monotonic() - began > STABLE_AFTER_S
            self.crashes = 1 if stable else self.crashes + 1
            said = self._supervisor.last_line(self.process.name)
            self._pause(f"ended with code {code}" + (f" after: {said}" if said else ""))

    def end(self) -> None:
        with self._lock:
            self._ending.set()
            if self.child is not None:
                self.child.ask_to_stop()
        self.join()

    def _spawn(self) -> Child | None:
        while not self._ending.is_set():
            try:
                if self.process.before_start is not None:
                    self.process.before_start()
                with self._lock:
                    if self._ending.is_set():
                        return None
                    self.child = self._supervisor.launch(self.process)
            except (OSError, ServerError) as error:
                self.crashes += 1
                self._pause(f"cannot start: {error}")
            else:
                self._supervisor.publish()
                return self.child
        return None

    def _pause(self, why: str) -> None:
        delay_s = backoff(self.crashes)
        self._supervisor.sink(self.process.name, f"{why}; restart in {delay_s:g} s")
        self._ending.wait(delay_s)


class Supervisor:
    """Owns a data folder while it lives; as a context manager it leaves no process behind."""

    def __init__(self, data_dir: Path, sink: Sink | None = None) -> None:
        """`sink` takes every line; by default standard output and `log/system.log` in the folder.

        Raises ServerError if the folder already has a supervisor.
        """
        state.make_private_folder(data_dir)
        self.data_dir = data_dir.resolve()
        self._held = state.take_lock(self.data_dir)
        state.end_leftovers(self.data_dir)
        self._log = None if sink else Log(self.data_dir / "log" / "system.log", sys.stdout)
        self._sink: Sink = sink or self._log or (lambda _name, _line: None)
        self._last: dict[str, str] = {}
        self._keepers: dict[str, Keeper] = {}
        self._urls: dict[str, str] = {}
        self._publishing = threading.Lock()
        self._finished = threading.Event()
        self.publish()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def sink(self, name: str, line: str) -> None:
        """Write one line to the log under a name."""
        self._last[name] = line
        self._sink(name, line)

    def last_line(self, name: str) -> str:
        return self._last.get(name, "")

    def start(self, *processes: Process) -> None:
        """Run processes; return once all are ready and other shells can read of them.

        ServerError if one never is.

        Each is launched when the one before it is, and not first when that one is ready: they
        load beside one another.
        """
        keepers: list[Keeper] = []
        try:
            for process in processes:
                keepers.append(self._begin(process))
                self._await(keepers[-1], self._is_launched)
            for keeper in keepers:
                self._await(keeper, self._is_ready)
            self.publish()  # the keepers do too, but perhaps a moment after they launched
        except BaseException:
            for keeper in reversed(keepers):
                self.end(keeper.process.name)
            raise

    def run(self, process: Process, *beside: Process) -> int:
        """Run a process that ends by itself, and return its exit code.

        Meanwhile those `beside` it are started; they run on.
        """
        child = self.launch(process)
        try:
            self.start(*beside)
            return child.wait()
        except BaseException:
            child.ask_to_stop()
            child.wait()
            raise

    def end(self, name: str) -> None:
        """Stop one process for good; nothing happens if it is not there."""
        keeper = self._keepers.pop(name, None)
        if keeper is not None:
            keeper.end()
            self.publish()

    def restart(self, name: str) -> None:
        """Stop and start one process in order, and wait until it is ready again."""
        process = self._keepers[name].process
        self.end(name)
        self.start(process)

    def kill(self, name: str, number: int) -> None:
        """Send a signal to the process itself; if it dies of it, it is restarted."""
        child = self._keepers[name].child
        if child is not None:
            child.send(number)

    def pids(self) -> dict[str, int]:
        """The processes that run right now, by name, in the order of their start."""
        running = {name: keeper.child for name, keeper in list(self._keepers.items())}
        return {name: child.pid for name, child in running.items() if child and child.pid}

    def tell(self, **urls: str) -> None:
        """Add to what other shells can read about this system."""
        self._urls.update(urls)
        self.publish()

    def request_stop(self) -> None:
        """Make `wait` return; safe in a signal handler."""
        self._finished.set()

    def wait(self, timeout_s: float | None = None) -> bool:
        """Block until `request_stop`; False if the time ran out first."""
        return self._finished.wait(timeout_s)

    def stop(self) -> None:
        """Stop everything in reverse order and let go of the folder. Harmless twice."""
        self._finished.set()
        for name in reversed(list(self._keepers)):
            self.end(name)
        if self._held < 0:
            return
        with self._publishing:
            (self.data_dir / state.STATE).unlink(missing_ok=True)
            os.close(self._held)
            self._held = -1
        if self._log is not None:
            self._log.close()

    def launch(self, process: Process) -> Child:
        """For keepers: one run of the process, under a watcher that shares our lock."""
        return Child(process, self.sink, (self._held,))

    def publish(self) -> None:
        """Rewrite the state file; other shells read it."""
        with self._publishing:
            if self._held >= 0:
                wanted = dict.fromkeys(list(self._keepers), 0)
                state.write_state(self.data_dir, wanted | self.pids(), self._urls)

    def _begin(self, process: Process) -> Keeper:
        if process.name in self._keepers:
            raise ServerError(f"{process.name} is already running")
        keeper = self._keepers[process.name] = Keeper(self, process)
        keeper.start()
        return keeper

    def _await(self, keeper: Keeper, condition: Callable[[Keeper], bool]) -> None:
        process = keeper.process
        deadline = time.monotonic() + process.ready_within_s
        while not condition(keeper):
            if keeper.crashes >= CRASHES_BEFORE_READY:
                raise ServerError(f"{process.name} does not start: {self._last[process.name]}")
            if time.monotonic() > deadline:
                raise ServerError(
                    f"{process.name} was not ready within {process.ready_within_s:g} s"
                )
            time.sleep(0.01)

    @staticmethod
    def _is_launched(keeper: Keeper) -> bool:
        child = keeper.child
        return child is not None and child.pid is not None

    @classmethod
    def _is_ready(cls, keeper: Keeper) -> bool:
        ready = keeper.process.ready
        return cls._is_launched(keeper) and (ready is None or ready())
