"""The settings of a command: the environment's, or those of the system that runs in a folder."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

# What a command does not need it does not import: reading a story is to take no longer than that.
if TYPE_CHECKING:
    from rich.console import Console

    from config.settings import Settings
    from reminders.services.reading import OpenLedger
    from reminders.services.resources import Resources

DATA = Path(".data")
CLOCK = "REMINDERS_CLOCK"


def logs_aside() -> None:
    """Without a system's settings, warnings go to standard error: the output may be JSON."""
    import structlog

    if not structlog.is_configured():
        structlog.configure(logger_factory=lambda *_: structlog.PrintLogger(sys.stderr))


def wrong(line: str) -> NoReturn:
    """Bad input: one line on standard error and exit code 2."""
    sys.stdout.flush()
    sys.stderr.write(f"error: {line}\n")
    raise SystemExit(2)


def settings(data: Path = DATA) -> Settings:
    """As the environment says; without it, as the system that runs in `data` was started.

    Raises `SettingsError` where there is neither.
    """
    from config.asking import names_a_ledger
    from config.settings import NoSettings, SettingsError, load, settings_from

    try:
        return load()
    except SettingsError as error:
        from reminders.servers import state

        running = state.read_state(data)
        if running is None or not {"redis", "database"} <= running.urls.keys():
            if not names_a_ledger():
                raise NoSettings(_nothing_runs(data)) from None
            raise SettingsError(f"{error}\n({_nothing_runs(data)})") from None
    return settings_from(_environment(data, running.urls))


def _environment(data: Path, urls: dict[str, str]) -> dict[str, str]:
    from reminders.servers import development, state

    known = state.read_private(data / development.PORTS)
    at = development.Ports(**{name: int(port) for name, port in known.items()})
    servers = development.Servers(redis_url=urls["redis"], database_url=urls["database"])
    drawn = development.load_secrets(data)
    env = development.environment(servers, drawn, at, sandbox=True, given=os.environ)
    if "clock" in urls and CLOCK not in os.environ:  # a demo moves it, or has
        env[CLOCK] = urls["clock"]
    return env


def redis_url(data: Path = DATA) -> str:
    """The Redis of the settings; without them, that of the system that runs in `data`."""
    from config.asking import names_a_ledger
    from config.settings import SettingsError, load

    try:
        return load().redis_url
    except SettingsError as error:
        from reminders.servers import state

        running = state.read_state(data)
        if running is None or "redis" not in running.urls:
            none = _nothing_runs(data)
            wrong(f"{error}\n({none})" if names_a_ledger() else none)
        return running.urls["redis"]


def _nothing_runs(data: Path) -> str:
    start = f"start one with `{called()} up`"
    return f"no system runs in {data}: {start}, or name yours by REDIS_URL and DATABASE_URL"


def called() -> str:
    """How a shell in this folder calls us: by name where it would find that, else by the path."""
    import shutil

    beside = Path(sys.executable).with_name("reminders")
    if shutil.which("reminders") is not None or not beside.is_file():
        return "reminders"
    here = Path.cwd()
    return str(beside.relative_to(here) if beside.is_relative_to(here) else beside)


def set_up(chosen: Settings) -> None:
    """Logs as the settings say, of errors alone: the command itself says the rest."""
    from config import logs

    logs.set_up(chosen.model_copy(update={"log_level": "error"}))


@contextmanager
def resources(data: Path) -> Iterator[Resources]:
    """Everything that a command works with; what it makes due wakes the workers."""
    from reminders.cli.wake import TaskWake
    from reminders.services.opening import open_resources

    chosen = settings(data)
    set_up(chosen)
    wake = TaskWake(chosen)
    opened = open_resources(chosen, wake=wake, pool_size=1, role="cli")
    try:
        yield opened
    finally:
        opened.engine.dispose()
        opened.redis.close()
        wake.close()


@contextmanager
def ledger(data: Path) -> Iterator[OpenLedger]:
    """What a command needs that only reads: it opens nothing else, and answers at once."""
    from reminders.services.reading import open_ledger

    with open_ledger(settings(data)) as opened:
        yield opened


def console() -> Console:
    """Standard output: colours on a terminal, plain text and whole lines anywhere else."""
    from rich.console import Console

    found = Console(highlight=False, markup=False)
    return found if found.is_terminal else Console(highlight=False, markup=False, width=1_000)
