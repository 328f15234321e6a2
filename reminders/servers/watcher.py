"""Stand between the supervisor and one process, and end the process when the supervisor is gone.

Run by its path under `python -I -S` so that it starts in milliseconds: standard library only.
Standard input is the read end of a pipe that only the supervisor holds open: a word on it is the
order to stop, end-of-file without one says that the supervisor was killed. Standard output tells
the pid.
"""

import contextlib
import ctypes
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

LIFELINE = 0
PR_SET_PDEATHSIG = 1  # linux/prctl.h
NOT_STARTED = 127
# Without the supervisor everything ends at the same time: a Celery worker would wait for a Redis
# that is gone already. What is killed here recovers as from any crash.
ORPHAN_GRACE_S = 5.0


class Orders(NamedTuple):
    """What to run, and how to end it. `user` is (uid, gid), or None to stay who we are."""

    stop_signal: int
    grace_s: float
    user: tuple[int, int] | None
    cwd: str
    argv: list[str]


def to_arguments(orders: Orders) -> list[str]:
    user = "-" if orders.user is None else f"{orders.user[0]}:{orders.user[1]}"
    return [str(orders.stop_signal), str(orders.grace_s), user, orders.cwd, *orders.argv]


def from_arguments(arguments: Sequence[str]) -> Orders:
    stop_signal, grace_s, user, cwd, *argv = arguments
    uid, _, gid = user.partition(":")
    return Orders(
        int(stop_signal), float(grace_s), (int(uid), int(gid)) if gid else None, cwd, argv
    )


def _die_with_parent(stop_signal: int) -> Callable[[], None] | None:
    """On Linux the process is told to stop even if this watcher itself is killed with SIGKILL."""
    if not sys.platform.startswith("linux"):
        return None
    libc = ctypes.CDLL(None)
    return lambda: libc.prctl(PR_SET_PDEATHSIG, stop_signal)


def _launch(orders: Orders) -> subprocess.Popen[bytes]:
    uid, gid = orders.user or (None, None)
    # S603: argv comes from the supervisor that started us, never from outside.
    # PLW1509 does not apply: this process has one thread.
    return subprocess.Popen(  # noqa: S603
        orders.argv,
        stdin=subprocess.DEVNULL,
        stdout=sys.stderr.fileno(),
        stderr=sys.stderr.fileno(),
        cwd=orders.cwd,
        start_new_session=True,
        user=uid,
        group=gid,
        extra_groups=None if orders.user is None else [],
        preexec_fn=_die_with_parent(orders.stop_signal),
    )


def _wakeups(asked: list[int]) -> int:
    """A descriptor that becomes readable on SIGCHLD and SIGTERM; the latter is noted in `asked`."""
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.signal(signal.SIGTERM, lambda *_: asked.append(1))
    return reader


def _stop(child: subprocess.Popen[bytes], orders: Orders, grace_s: float) -> None:
    """Ask the process alone, so that it can end its own children in order; then insist."""
    child.send_signal(orders.stop_signal)
    try:
        child.wait(grace_s)
    except subprocess.TimeoutExpired:
        # The log's reader may be gone together with the supervisor.
        with contextlib.suppress(OSError):
            os.write(2, f"still running {grace_s:g} s after being asked to stop: killed\n".encode())


def _wait_for_end(
    child: subprocess.Popen[bytes], orders: Orders, wakeups: int, asked: list[int]
) -> None:
    while child.poll() is None:
        readable, _, _ = select.select([LIFELINE, wakeups], [], [])
        if asked or LIFELINE in readable:
            ordered = bool(asked or os.read(LIFELINE, 64))
            shorter = min(orders.grace_s, ORPHAN_GRACE_S)
            _stop(child, orders, orders.grace_s if ordered else shorter)
            return
        if wakeups in readable:
            os.read(wakeups, 64)


def _clear_group(child: subprocess.Popen[bytes]) -> None:
    """Nothing of the process's own group may outlive it, or a restart would meet it."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, signal.SIGKILL)
    deadline = time.monotonic() + 5
    while child.poll() is None and time.monotonic() < deadline:
        time.sleep(0.01)


def main(arguments: Sequence[str]) -> int:
    """Run one process to its end; the result is its exit code, 128 + N if a signal ended it."""
    orders = from_arguments(arguments)
    for ignored in (signal.SIGINT, signal.SIGHUP, signal.SIGPIPE):
        signal.signal(ignored, signal.SIG_IGN)
    # Before the child is there: whoever knows its pid may end us at once.
    asked: list[int] = []
    wakeups = _wakeups(asked)
    try:
        child = _launch(orders)
    except (OSError, subprocess.SubprocessError) as error:
        sys.stderr.write(f"cannot run {orders.argv[0]}: {error}\n")
        return NOT_STARTED
    sys.stdout.write(f"{child.pid}\n")
    sys.stdout.flush()
    _wait_for_end(child, orders, wakeups, asked)
    _clear_group(child)
    code = child.returncode
    if code is None:
        return 1
    return code if code >= 0 else 128 - code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
