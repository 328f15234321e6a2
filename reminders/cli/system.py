"""`reminders up`, `status` and `down`: the whole system on one's own machine."""

import os
import signal
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from shlex import quote
from types import FrameType
from typing import Annotated, NoReturn

import psutil
import psycopg
import redis
import typer
from rich.console import Console
from rich.table import Table

from reminders.cli import backlog
from reminders.cli.running import called
from reminders.servers import development, ports, providers, state, system
from reminders.servers.embedded import start_servers
from reminders.servers.errors import ServerError
from reminders.servers.supervisor import Supervisor
from reminders.services.clock import CLOCK_KEY

DOWN_WITHIN_S = 90.0  # the processes' grace times, one after another, and some air
Data = Annotated[Path, typer.Option(help="Folder of the servers' data, secrets and log.")]
Workers = Annotated[int, typer.Option(min=1, max=64, help="Processes of the Celery worker.")]
Port = Annotated[int, typer.Option(min=0, max=65535, help="Of the HTTP door; 0 chooses one.")]
Sandbox = Annotated[bool, typer.Option(help="Start the sandbox carriers, which send nothing out.")]

Row = tuple[str, str, bool]
"""(what, what is known of it, whether it is well)"""


def up(
    data: Data = Path(".data"), workers: Workers = 2, sandbox: Sandbox = True, port: Port = 8080
) -> None:
    """Run the whole system for development until Ctrl-C, `reminders down` or SIGTERM.

    Redis and PostgreSQL are embedded unless REDIS_URL or DATABASE_URL is set.
    """
    if port and not ports.is_free(port):
        _fail(f"port {port} is in use: choose another with --port, or --port 0", code=2)
    with _one_line_of_error(), _supervisor(data) as supervisor:
        servers = start_servers(
            supervisor, redis_url=_given("REDIS_URL"), database_url=_given("DATABASE_URL")
        )
        at = development.choose_ports(supervisor.data_dir, port)
        drawn = development.load_secrets(supervisor.data_dir)
        env = development.environment(servers, drawn, at, sandbox=sandbox, given=os.environ)
        clock = _clock(servers.redis_url)
        env["REMINDERS_CLOCK"] = clock
        listens = providers.is_listened_to(os.environ.get("REMINDERS_PROVIDER_FILE"))
        running = system.System(
            supervisor.data_dir, at, env, workers, sandbox=sandbox, listens=listens
        )
        system.start(supervisor, running)
        supervisor.tell(http=at.http_url, clock=clock)
        typer.echo("\n".join(greeting(supervisor.data_dir, at, env, sandbox=sandbox)))
        supervisor.wait()


def status(data: Data = Path(".data")) -> None:
    """Say what is up, how far behind it is, and since when the oldest due reminder is unsent.

    Exit code 1 if anything is not up.
    """
    owner = state.read_state(data)
    urls = owner.urls if owner else {}
    rows = [*_processes(owner), *_servers(urls)]
    table = Table("part", "state", "", box=None)
    for what, known, well in rows:
        table.add_row(what, known, "[green]up[/]" if well else "[red]down[/]")
    for what, known in _backlog(urls, rows):
        table.add_row(what, known, "")
    Console().print(table)
    if not all(well for _, _, well in rows):
        raise typer.Exit(1)


def down(data: Data = Path(".data")) -> None:
    """Stop the system that runs in the folder, and wait until it is gone."""
    owner = state.read_state(data)
    if owner is None:
        typer.echo(f"nothing is running in {data}")
        return
    try:
        os.kill(owner.pid, signal.SIGTERM)
    except PermissionError:
        _fail(f"process {owner.pid} belongs to another user: run this as that user")
    deadline = time.monotonic() + DOWN_WITHIN_S
    while owner.alive():
        if time.monotonic() > deadline:
            _fail(f"process {owner.pid} still runs after {DOWN_WITHIN_S:g} s: kill -9 {owner.pid}")
        time.sleep(0.05)
    typer.echo("stopped")


@contextmanager
def _supervisor(data: Path) -> Iterator[Supervisor]:
    """A supervisor that ends in order on Ctrl-C, SIGTERM and a closed terminal."""
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

    def end(number: int, _frame: FrameType | None) -> None:
        for other in numbers:
            signal.signal(other, signal.SIG_IGN)  # once is enough; the end takes its time
        sys.stderr.write(f"\n{signal.Signals(number).name}: stopping\n")
        raise typer.Exit(0)

    with Supervisor(data) as supervisor:
        for number in numbers:
            signal.signal(number, end)
        yield supervisor


@contextmanager
def _one_line_of_error() -> Iterator[None]:
    try:
        yield
    except ServerError as error:
        _fail(str(error))
    except OSError as error:
        _fail(f"{error.filename or 'the system'}: {error.strerror or error}", code=2)


def _fail(line: str, code: int = 1) -> NoReturn:
    typer.echo(f"error: {line}", err=True)
    raise typer.Exit(code)


def _given(name: str) -> str | None:
    """A server's address from the environment, directly or as a file; nothing is embedded then."""
    path = os.environ.get(f"{name}_FILE")
    return Path(path).read_text().strip() if path else os.environ.get(name)


def _clock(redis_url: str) -> str:
    """Where a demo has moved the clock, it stands as it was left, so that stories end with it."""
    with redis.Redis.from_url(redis_url, socket_timeout=5) as client:
        return os.environ.get("REMINDERS_CLOCK") or (
            "virtual" if client.exists(CLOCK_KEY) else "machine"
        )


def greeting(
    folder: Path, at: development.Ports, env: Mapping[str, str], *, sandbox: bool
) -> Iterator[str]:
    """What one wants to know once all of it runs. The secrets are drawn for this folder alone."""
    yield f"up: {at.http_url}"
    if env["REMINDERS_CLOCK"] == "virtual":
        yield "    clock: stands where a demo left it"
    yield f"    producer tokens (development): {_drawn(env, 'REMINDERS_PRODUCER_TOKENS')}"
    drawn = "REMINDERS_OPERATOR_TOKENS" in env
    token = development.load_secrets(folder)["operator_token"] if drawn else "<an operator's>"
    yield f"    how it stands, in a browser: {at.http_url}/v1/operations?token={token}"
    yield f"    every secret of this folder: {folder / development.SECRETS}"
    if sandbox:
        control = f"http://{ports.HOST}:{at.control}"
        yield f"    sandbox carriers: SMS {at.sms}, SMTP {at.smtp}, control {control}"
    down = f"{called()} down --data {quote(str(folder))}"
    yield f"    to stop it: Ctrl-C, or `{down}` from another terminal"


def _drawn(env: Mapping[str, str], name: str) -> str:
    return env.get(name, "as set in the environment")


def _processes(owner: state.State | None) -> list[Row]:
    if owner is None:
        return [("supervisor", "not running", False)]
    children = {"supervisor": owner.pid, **owner.children}
    return [(name, *_process(pid)) for name, pid in children.items()]


def _process(pid: int) -> tuple[str, bool]:
    if not pid:
        return "ended, will be restarted", False
    try:
        process = psutil.Process(pid)
        with process.oneshot():
            minutes = (time.time() - process.create_time()) / 60
            megabytes = process.memory_info().rss / 2**20
            well = process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return f"pid {pid} is gone", False
    return f"pid {pid}, {minutes:.0f} min, {megabytes:.0f} MB", well


def _servers(urls: dict[str, str]) -> list[Row]:
    rows: list[Row] = []
    if redis_url := urls.get("redis") or _given("REDIS_URL"):
        rows.append(("redis answers", *_redis(redis_url)))
    if database_url := urls.get("database") or _given("DATABASE_URL"):
        rows.append(("database answers", *_database(database_url)))
    if http_url := urls.get("http"):
        port = int(http_url.rpartition(":")[2])
        rows.append(("HTTP answers", http_url, ports.answers(port)))
    return rows


def _backlog(urls: dict[str, str], rows: list[Row]) -> list[backlog.Line]:
    """How far behind it is, where both servers answer."""
    answering = {what for what, _, well in rows if well}
    if not {"redis answers", "database answers"} <= answering:
        return []
    redis_url = urls.get("redis") or _given("REDIS_URL") or ""
    database_url = urls.get("database") or _given("DATABASE_URL") or ""
    return backlog.backlog(redis_url, database_url)


def _redis(url: str) -> tuple[str, bool]:
    try:
        with redis.Redis.from_url(url, socket_timeout=2, socket_connect_timeout=2) as client:
            began = time.perf_counter()
            client.ping()
    except (redis.RedisError, ValueError) as error:
        return str(error), False
    return f"in {(time.perf_counter() - began) * 1000:.1f} ms", True


def _database(url: str) -> tuple[str, bool]:
    plain = "postgresql://" + url.partition("://")[2]
    try:
        began = time.perf_counter()
        with psycopg.connect(plain, connect_timeout=2) as connection:
            connection.execute("SELECT 1")
    except psycopg.Error as error:
        return str(error).splitlines()[0], False
    return f"in {(time.perf_counter() - began) * 1000:.1f} ms", True
