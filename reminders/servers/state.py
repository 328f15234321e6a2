"""What a data folder remembers: who supervises it, ports and passwords. Files are 0600."""

import contextlib
import fcntl
import json
import os
import signal
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import psutil

from reminders.servers.errors import ServerError

STATE = "supervisor.json"
LOCK = "supervisor.lock"
# After a supervisor's death its watchers still hold the lock while the servers shut down.
LOCK_WAIT_S = 40.0  # longer than any grace time
DYING_WITHIN_S = 1.0  # one that was killed a moment ago may still be listed


def make_private_folder(path: Path) -> None:
    """Create the folder where it is missing; an existing one keeps its mode and owner."""
    path.mkdir(parents=True, exist_ok=True, mode=0o700)


def write_private_text(path: Path, text: str) -> None:
    """Replace a file at once, never readable by anyone else."""
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    with contextlib.suppress(FileNotFoundError):
        fresh.unlink()
    with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
    fresh.replace(path)


def write_private(path: Path, value: dict[str, Any]) -> None:
    """Replace a JSON file. Any: JSON has no closer type."""
    write_private_text(path, json.dumps(value, indent=1))


def read_private(path: Path) -> dict[str, Any]:
    """The file's JSON object; empty where it is missing or was cut short."""
    try:
        value = json.loads(path.read_text())
    except (FileNotFoundError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}


@dataclass(frozen=True, slots=True)
class State:
    """What a running supervisor tells other shells. `began` guards against a reused pid.

    `children` are pids by name, 0 for one that waits for its restart.
    """

    pid: int
    began: float
    children: dict[str, int] = field(default_factory=dict)
    urls: dict[str, str] = field(default_factory=dict)

    def alive(self) -> bool:
        try:
            process = psutil.Process(self.pid)
            same = abs(process.create_time() - self.began) < 1
            return same and process.status() != psutil.STATUS_ZOMBIE
        except psutil.Error:
            return False


def write_state(data_dir: Path, children: dict[str, int], urls: dict[str, str]) -> None:
    me = psutil.Process()
    write_private(data_dir / STATE, asdict(State(me.pid, me.create_time(), children, urls)))


def read_state(data_dir: Path) -> State | None:
    """The supervisor of the folder, or None where there is none alive."""
    value = read_private(data_dir / STATE)
    try:
        state = State(**value)
    except TypeError:
        return None
    return state if state.alive() else None


def end_leftovers(data_dir: Path) -> None:
    """End what a dead supervisor left, where even its watchers were killed and could not.

    Two servers on one folder would ruin it. The lock must be held. A reused pid is told by its
    age: the state file is written after each start, so what it names is older than the file.
    """
    path = data_dir / STATE
    children = read_private(path).get("children")
    if not isinstance(children, dict) or read_state(data_dir) is not None:
        return
    left: list[psutil.Process] = []
    for pid in children.values():
        with contextlib.suppress(psutil.Error):
            process = psutil.Process(pid)
            if pid and process.create_time() <= path.stat().st_mtime:
                process.send_signal(signal.SIGINT)  # of PostgreSQL's shutdowns the fast one
                left.append(process)
    _, deaf = psutil.wait_procs(left, timeout=LOCK_WAIT_S)
    for process in deaf:
        with contextlib.suppress(psutil.Error):
            process.kill()
            process.wait(LOCK_WAIT_S)


def take_lock(data_dir: Path) -> int:
    """A descriptor that holds the folder for us and whoever inherits it.

    Raises ServerError if another supervisor lives, and after LOCK_WAIT_S if the servers of a dead
    one do not end.
    """
    descriptor = os.open(data_dir / LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    began = time.monotonic()
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            owner = read_state(data_dir)
            if time.monotonic() - began > (DYING_WITHIN_S if owner else LOCK_WAIT_S):
                os.close(descriptor)
                who = f"process {owner.pid}" if owner else "servers that are still shutting down"
                raise ServerError(
                    f"{data_dir} is in use by {who}: run `reminders down` first, "
                    "or choose another data folder"
                ) from None
            time.sleep(0.05)
        else:
            return descriptor
