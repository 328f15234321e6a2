"""The embedded PostgreSQL: made once in its folder, started under our supervision."""

import os
import secrets
import shutil
import signal
import socket
import struct
import subprocess
from collections.abc import Sequence
from pathlib import Path

import psutil

from reminders.servers import ports, postgres_binaries, state, unprivileged
from reminders.servers.errors import ServerError
from reminders.servers.process import Process

NAME = "database"
RECOVERY_WITHIN_S = 300.0  # after a kill, the log since the last checkpoint is replayed
ROLE = DATABASE = "reminders"
PROTOCOL_3 = 196608
ENVIRONMENT = {"LC_ALL": "C"}  # messages in English, whatever the host speaks
SETTINGS = """\
# Written anew at every start.
listen_addresses = '{host}'
port = {port}
unix_socket_directories = ''
max_connections = 100
password_encryption = 'scram-sha-256'
shared_buffers = 256MB
work_mem = 16MB
maintenance_work_mem = 128MB
effective_cache_size = 1GB
random_page_cost = 1.1
jit = off
# A commit that was answered is on disk; speed comes from writing less, not from waiting less.
fsync = on
synchronous_commit = on
wal_level = minimal
max_wal_senders = 0
max_wal_size = 2GB
checkpoint_timeout = 15min
# The sweep's partial index must not fill up with rows that are already claimed.
autovacuum_naptime = 10s
autovacuum_vacuum_scale_factor = 0.02
autovacuum_analyze_scale_factor = 0.02
track_commit_timestamp = on
timezone = 'UTC'
log_timezone = 'UTC'
log_line_prefix = '%p '
log_checkpoints = off
"""
ACCESS = "# Written anew at every start.\nhost all all 127.0.0.1/32 scram-sha-256\n"


class Postgres:
    """One server in one folder. Port and password are kept from run to run.

    TCP with scram alone: a Unix socket would bring the 107-byte limit of its path, and peer
    authentication cannot work where the server runs under another account than its clients.
    """

    def __init__(self, folder: Path) -> None:
        self._user = unprivileged.choose_user(folder)
        self._installation = postgres_binaries.usable_by(postgres_binaries.find(), self._user)
        self._folder, self._cluster = folder, folder / "cluster"
        unprivileged.make_folder(folder, self._user)
        # Beside the folder, which on a root-owned system belongs to another account.
        self._identity = folder.with_suffix(".json")
        known = state.read_private(self._identity)
        self._password: str = known.get("password") or secrets.token_hex(24)
        self.port = ports.choose(known.get("port"))
        self._remember()
        if not self._cluster.exists():
            self._create()
        self._check_version()

    @property
    def url(self) -> str:
        address = f"{ports.HOST}:{self.port}"
        return f"postgresql+psycopg://{ROLE}:{self._password}@{address}/{DATABASE}"

    def move(self) -> None:
        """Take another port, where someone else was quicker to take ours."""
        self.port = ports.choose()
        self._remember()

    def process(self) -> Process:
        name = unprivileged.name_of(self._cluster, self._user)
        return Process(
            name=NAME,
            argv=(str(self._installation.postgres), "-D", name),
            env=ENVIRONMENT,
            cwd=self._cluster,
            user=self._user,
            ready=self.ready,
            before_start=self._prepare,
            stop_signal=signal.SIGINT,  # fast shutdown: end sessions, write a checkpoint
            ready_within_s=RECOVERY_WITHIN_S,
            grace_s=20.0,
        )

    def ready(self) -> bool:
        """Whether it asks for our password, which it only does once recovery is over."""
        named = b"user\0" + ROLE.encode() + b"\0database\0" + DATABASE.encode() + b"\0\0"
        hello = struct.pack("!ii", len(named) + 8, PROTOCOL_3) + named
        try:
            with socket.create_connection((ports.HOST, self.port), 1) as connection:
                connection.sendall(hello)
                return connection.recv(1024)[:1] == b"R"
        except OSError:
            return False

    def _remember(self) -> None:
        state.write_private(self._identity, {"port": self.port, "password": self._password})

    def _create(self) -> None:
        """Make the cluster under another name first: one that was cut short is never used."""
        fresh = self._folder / "cluster.new"
        shutil.rmtree(fresh, ignore_errors=True)
        unprivileged.make_folder(fresh, self._user)
        name = unprivileged.name_of(fresh, self._user)
        # Nobody can connect before the access rules are written: no server listens until then.
        making = ["-D", name, "-U", ROLE, "-E", "UTF8", "--locale=C", "--auth=trust"]
        self._run(fresh, [str(self._installation.initdb), *making, "--no-instructions"])
        orders = (
            f"ALTER ROLE {ROLE} PASSWORD '{self._password}';\n"  # our own hex digits
            f"CREATE DATABASE {DATABASE};\n"
        )
        program = str(self._installation.postgres)
        self._run(fresh, [program, "--single", "-D", name, "postgres"], orders)
        fresh.rename(self._cluster)

    def _run(self, cwd: Path, argv: Sequence[str], said: str = "") -> None:
        uid, gid = self._user or (None, None)
        # S603: the programs that find() chose, with arguments of our own.
        done = subprocess.run(  # noqa: S603
            argv,
            input=said,
            text=True,
            capture_output=True,
            check=False,
            cwd=cwd,
            user=uid,
            group=gid,
            extra_groups=None if self._user is None else [],
            env={**os.environ, **ENVIRONMENT},
            timeout=120,
        )
        if done.returncode or "ERROR" in done.stderr:
            lines = done.stderr.strip().splitlines() or ["it said nothing"]
            why = next((line for line in lines if "FATAL" in line or "rror" in line), lines[-1])
            raise ServerError(f"{Path(argv[0]).name} failed in {cwd}: {why}")

    def _check_version(self) -> None:
        kept = (self._cluster / "PG_VERSION").read_text().strip()
        if kept != (found := str(self._installation.major())):
            raise ServerError(
                f"{self._cluster} was made by PostgreSQL {kept} and the one found is {found}: "
                "install the older one and dump the data, or choose another data folder"
            )

    def _prepare(self) -> None:
        settings = SETTINGS.format(host=ports.HOST, port=self.port)
        for file, text in (("postgresql.conf", settings), ("pg_hba.conf", ACCESS)):
            path = self._cluster / file
            state.write_private_text(path, text)
            if self._user is not None:
                os.chown(path, *self._user)
        self._clear_stale_pid()

    def _clear_stale_pid(self) -> None:
        """After a kill the pid file stays, and its number may now be another process's."""
        file = self._cluster / "postmaster.pid"
        try:
            process = psutil.Process(int(file.read_text().split("\n", 1)[0]))
            running = process.name() == "postgres" and Path(process.cwd()) == self._cluster
        except (FileNotFoundError, ValueError, psutil.Error):
            running = False
        if not running:
            file.unlink(missing_ok=True)
