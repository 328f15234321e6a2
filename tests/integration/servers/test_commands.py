"""`reminders up`, `status` and `down`, as a person in two shells uses them."""

import json
import os
import socket
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from reminders.servers import state
from tests.integration.servers.conftest import until

COMMAND = [sys.executable, "-m", "tests.integration.servers.command"]
# `listen` runs where the providers' file names an account that speaks over our connection.
PARTS = ["redis", "database", "sandbox", "http", "listen", "intake", "worker", "beat"]
CARRIER = {"adapter": "smpp", "host": "127.0.0.1", "port": 1, "system_id": "id", "source": "1069"}


def _environment() -> dict[str, str]:
    ours = ("REDIS_URL", "DATABASE_URL", "REMINDERS_")
    return {name: value for name, value in os.environ.items() if not name.startswith(ours)}


def _run(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 - our own test module
        [*COMMAND, *words],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env=_environment() | {"COLUMNS": "120"},
    )


class Shell:
    """`up` in a shell of its own, whose lines can be read while it runs."""

    def __init__(self, data: Path, providers: Path) -> None:
        self.lines: list[str] = []
        self.process = subprocess.Popen(  # noqa: S603 - our own test module
            [*COMMAND, "up", "--data", str(data), "--port", "0"],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=_environment() | {"REMINDERS_PROVIDER_FILE": str(providers)},
        )
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        with self.process.stdout:
            self.lines += self.process.stdout

    def end(self) -> None:
        self.process.kill()
        self.process.wait()
        self._reader.join()


@pytest.fixture
def up(tmp_path: Path) -> Iterator[Shell]:
    data = tmp_path / "data"
    providers = tmp_path / "providers.json"
    providers.write_text(json.dumps({"providers": [CARRIER]}))
    shell = Shell(data, providers)
    below: list[psutil.Process] = []
    try:
        until(lambda: "http" in _urls(data), within_s=120)
        below = psutil.Process(shell.process.pid).children(recursive=True)
        yield shell
    finally:
        shell.end()
        until(lambda: not any(process.is_running() for process in below))


def _urls(data: Path) -> dict[str, str]:
    found = state.read_state(data)
    return found.urls if found else {}


def test_up_starts_all_status_shows_all_and_down_ends_all(up: Shell, tmp_path: Path) -> None:
    data = tmp_path / "data"
    running = state.read_state(data)
    assert running is not None
    assert list(running.children) == PARTS
    tries = 10  # each server has two seconds to answer, which a busy machine may need
    while (shown := _run("status", "--data", str(data))).returncode and (tries := tries - 1):
        pass
    assert shown.returncode == 0, shown.stdout + shown.stderr
    for part in [*PARTS, "redis answers", "database answers", "HTTP answers"]:
        assert part in shown.stdout
    stopped = _run("down", "--data", str(data))
    assert (stopped.returncode, stopped.stdout) == (0, "stopped\n"), stopped.stderr
    assert up.process.wait(60) == 0
    assert not any(psutil.pid_exists(pid) for pid in running.children.values())
    again = _run("down", "--data", str(data))
    assert again.returncode == 0
    assert again.stdout == f"nothing is running in {data}\n"
    assert _run("status", "--data", str(data)).returncode == 1


def test_up_prints_the_producer_token_and_keeps_its_secrets_private(
    up: Shell, tmp_path: Path
) -> None:
    path = tmp_path / "data" / "dev-secrets.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    token = json.loads(path.read_text())["producer_token"]
    assert _run("down", "--data", str(tmp_path / "data")).returncode == 0
    up.process.wait(60)
    up.end()
    assert token in "".join(up.lines)
    assert token not in (tmp_path / "data" / "log" / "system.log").read_text()


def test_a_second_up_in_the_same_folder_is_one_line_of_error(up: Shell, tmp_path: Path) -> None:
    assert up.process.poll() is None
    second = _run("up", "--data", str(tmp_path / "data"), "--port", "0")
    assert second.returncode == 1
    assert second.stderr.startswith("error: ")
    assert len(second.stderr.splitlines()) == 1


def test_a_taken_port_and_a_file_as_data_folder_are_bad_input(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        refused = _run("up", "--data", str(tmp_path / "data"), "--port", str(port))
    assert refused.returncode == 2
    assert (
        refused.stderr == f"error: port {port} is in use: choose another with --port, or --port 0\n"
    )
    file = tmp_path / "file"
    file.touch()
    refused = _run("up", "--data", str(file), "--port", "0")
    assert refused.returncode == 2
    assert refused.stderr == f"error: {file}: File exists\n"
