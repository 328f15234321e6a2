"""The processes of the whole system on one machine, and how each is started."""

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from reminders.servers import development, ports, providers
from reminders.servers.development import Ports
from reminders.servers.errors import ServerError
from reminders.servers.process import Process
from reminders.servers.supervisor import Supervisor

ROOT = Path(__file__).parents[2]
Words = tuple[str, ...]
MIGRATE: Words = ("reminders.cli.main", "db", "migrate")
INTAKE: Words = ("reminders.cli.main", "intake")
LISTEN: Words = ("reminders.cli.main", "listen")
WORKER: Words = ("celery", "-q", "-A", "workers.app", "worker", "--loglevel", "INFO")
BEAT: Words = ("celery", "-q", "-A", "workers.app", "beat", "--loglevel", "INFO")
HTTP: Words = ("uvicorn", "reminders.console.app:app", "--host", ports.HOST, "--no-access-log")
SANDBOX: Words = ("channels.sandbox",)
# A worker ends the sends that it has begun: a time-out of a provider and a commit.
WORKER_GRACE_S = 30.0
# All of them load beside one another, on a machine that may have other work.
READY_WITHIN_S = 180.0


@dataclass(frozen=True, slots=True)
class System:
    """One development system in one data folder. `env` is what every process gets.

    `listens`: some account speaks over a connection of ours (SMPP, a mailbox). `everywhere` makes
    a providers' file of what the carriers say: settings of every account, and `own` by its name.
    """

    data_dir: Path
    ports: Ports
    env: Mapping[str, str]
    workers: int = 2
    queues: tuple[str, ...] = ()
    sandbox: bool = True
    sandbox_options: tuple[str, ...] = ()
    listens: bool = False
    everywhere: Mapping[str, object] | None = None
    own: Mapping[str, Mapping[str, object]] = field(default_factory=dict)

    def migrate(self) -> Process:
        return self._module("migrate", MIGRATE)

    def processes(self) -> list[Process]:
        """In the order of their start; stopped the other way round, so that doors close last."""
        return [*self.theirs(), *self.ours()]

    def theirs(self) -> list[Process]:
        """What stands in for others: it needs nothing of ours."""
        return [self.carriers()] if self.sandbox else []

    def ours(self) -> list[Process]:
        """What needs a migrated database, and carriers that have said how they are reached."""
        doors = [self.http(), *([self.listen()] if self.listens else [])]
        return [*doors, self.intake(), self.worker(), self.beat()]

    def carriers(self) -> Process:
        at, folder = self.ports, self.data_dir / "sandbox"
        options = {
            "--data": folder,
            "--receipts-url": f"{at.http_url}/v1/receipts",
            "--sms-port": at.sms,
            "--smtp-port": at.smtp,
            "--control-port": at.control,
            "--sms-name": development.SMS_PROVIDER,
            "--email-name": development.EMAIL_PROVIDER,
            "--secrets": self.data_dir / development.SECRETS,
        }
        told = [str(word) for option in options.items() for word in option]
        return self._module(
            "sandbox", (*SANDBOX, *told, *self.sandbox_options), self.ports.sms, folder
        )

    def http(self) -> Process:
        found = self._module("http", (*HTTP, "--port", str(self.ports.http)), self.ports.http)
        if self.everywhere is None:
            return found
        # The first of ours to start: by now the carriers have said how they are reached.
        write = partial(providers.write_providers, self.data_dir, self.everywhere, self.own)
        return replace(found, before_start=write)

    def listen(self) -> Process:
        return self._module("listen", LISTEN)

    def intake(self) -> Process:
        return self._module("intake", INTAKE)

    def worker(self, name: str = "worker") -> Process:
        wanted = ("-Q", ",".join(self.queues)) if self.queues else ()
        options = ("--concurrency", str(self.workers), "--hostname", f"{name}@%h", *wanted)
        return self._module(name, (*WORKER, *options), grace_s=WORKER_GRACE_S)

    def beat(self, name: str = "beat") -> Process:
        """Each beat has a schedule file of its own, so that two may run."""
        folder = self.data_dir / "beat"
        return self._module(name, (*BEAT, "-s", str(folder / name)), folder=folder)

    def _module(
        self,
        name: str,
        words: Words,
        port: int | None = None,
        folder: Path | None = None,
        grace_s: float = 10.0,
    ) -> Process:
        search = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
        return Process(
            name=name,
            argv=(sys.executable, "-m", *words),
            env={"PYTHONPATH": search, **self.env},
            cwd=ROOT,
            ready=None if port is None else partial(ports.answers, port),
            before_start=None if folder is None else partial(_make, folder),
            ready_within_s=READY_WITHIN_S,
            grace_s=grace_s,
        )


def start(supervisor: Supervisor, system: System) -> None:
    """Migrate the database, then start every process. ServerError names the one that failed."""
    if supervisor.run(system.migrate(), *system.theirs()):
        raise ServerError(f"the database is not migrated: {supervisor.last_line('migrate')}")
    supervisor.start(*system.ours())


def _make(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
