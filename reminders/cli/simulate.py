"""`reminders simulate`: what a policy would do with past events, before anybody is spoken to."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from config.settings import SHIPPED
from reminders.cli.options import AsJson
from reminders.cli.running import DATA, logs_aside, resources, wrong
from reminders.compiled.taking import taken
from reminders.domain.policy import Policy
from reminders.services import memory, policy_files
from reminders.services.simulate.card_file import CardFile
from reminders.services.simulate.engine import simulate as play
from reminders.services.simulate.event_file import EventFile
from reminders.services.simulate.fates import Model
from reminders.services.simulate.model import read_model
from reminders.services.simulate.page import page
from reminders.services.simulate.people import Source
from reminders.services.simulate.report import report
from reminders.services.simulate.shadow import shadow as shadow_ledger
from reminders.services.simulate.shadow import told_of
from reminders.services.simulate.table import tables
from reminders.services.simulate.timeline import Window

LIVE = "live"  # the policy in force in the system that runs
SEED = 1  # deals out the lives around the rows of a credit-card file, as in the demo
_QUIET_S = 2.0  # what is done sooner needs no bar
_DAY = timedelta(days=1)

Candidate = Annotated[
    str,
    typer.Option(
        "--policy",
        help="A YAML file, the name of a shipped policy, NAME@VERSION of the ledger, or `live`.",
    ),
]
Against = Annotated[str, typer.Option(help="Another policy to compare with, named likewise.")]
Events = Annotated[Path | None, typer.Option(help="Events: NDJSON or a JSON array.")]
Cards = Annotated[Path | None, typer.Option("--data", help="credit-card-clients.csv.")]
Clients = Annotated[str, typer.Option(help="How many rows of --data: a number, or `all`.")]
From = Annotated[str, typer.Option("--from", help="First day that counts (UTC, YYYY-MM-DD).")]
To = Annotated[str, typer.Option("--to", help="Last day that is played (UTC, YYYY-MM-DD).")]
ModelFile = Annotated[Path, typer.Option("--model", help="The assumed outcomes, as YAML.")]
Seed = Annotated[int | None, typer.Option(help="Another seed for the assumed outcomes.")]
Html = Annotated[Path | None, typer.Option(help="Write one page with charts to this file.")]
Processes = Annotated[int, typer.Option(min=0, max=64, help="0: one per processor.")]
Shadow = Annotated[
    bool, typer.Option("--shadow", help="Beside the live policy, over a running system's ledger.")
]
System = Annotated[Path, typer.Option(help="Folder of a running `reminders up`, for `live`.")]


def simulate(
    policy: Candidate,
    against: Against = "",
    events: Events = None,
    data: Cards = None,
    clients: Clients = "all",
    from_day: From = "",
    to_day: To = "",
    model: ModelFile = SHIPPED / "simulation" / "model.yaml",
    seed: Seed = None,
    as_json: AsJson = False,
    html: Html = None,
    processes: Processes = 0,
    shadow: Shadow = False,
    system: System = DATA,
) -> None:
    """Play a policy over past events, in memory and in virtual time; nothing is sent.

    What becomes of a message is drawn from a declared model, and told as such.
    """
    logs_aside()
    window = _window(from_day, to_day)
    assumed = read_model(model, seed)
    if shadow:
        if events is not None or data is not None:
            wrong("--shadow reads the ledger: leave out --events and --data")
        told = _shadowed(policy, against or LIVE, system, assumed, window)
    else:
        source = _source(events, data, clients)
        policies = tuple(_policy(name, system) for name in (policy, against) if name)
        memory.settle()
        with _bar() as show:
            count = processes or os.cpu_count() or 1
            told = report(play(source, policies, assumed, window, count, show))
        if source.heard.malformed and not as_json:
            flaw = f"{source.heard.malformed} malformed events left out ({source.heard.first_flaw})"
            typer.echo(flaw, err=True)
    _tell({**told, "compiled": taken()}, html, as_json=as_json)


def _shadowed(
    candidate: str, live: str, system: Path, assumed: Model, window: Window
) -> dict[str, Any]:  # Any: JSON
    """Both policies over the ledger; the figures of a usual run, and the fidelity of the replay."""
    ours, theirs = _policy(candidate, system), _policy(live, system)
    with resources(system) as opened, _bar() as show:
        if window.until_at == Window().until_at:  # what has not happened yet is no evidence
            window = Window(window.from_at, opened.clock.now())
        result, fidelity = shadow_ledger(opened.engine, ours, theirs, assumed, window, show)
    return {**report(result), "fidelity": told_of(fidelity)}


def _tell(told: dict[str, Any], html: Path | None, *, as_json: bool) -> None:  # Any: JSON
    if html is not None:
        _write(html, page(told))
    if as_json:
        typer.echo(json.dumps(told, indent=1))
        return
    console = Console()
    for table in tables(told):
        console.print(table)
    if html is not None:
        console.print(f"written: {html}", highlight=False)


def _source(events: Path | None, data: Path | None, clients: str) -> Source:
    if (events is None) == (data is None):
        wrong("give either --events or --data")
    if events is not None:
        return EventFile(events)
    if clients != "all" and not (clients.isdecimal() and int(clients) > 0):
        wrong(f"--clients takes a number above 0 or `all`, not {clients}")
    assert data is not None  # noqa: S101  (one of the two is given)
    return CardFile(data, None if clients == "all" else int(clients), SEED)


def _window(from_day: str, to_day: str) -> Window:
    begins, ends = _day("--from", from_day), _day("--to", to_day)
    if begins is not None and ends is not None and ends < begins:
        wrong(f"--to {to_day} is before --from {from_day}")
    given = {}
    if begins is not None:
        given["from_at"] = begins
    if ends is not None:
        given["until_at"] = ends + _DAY
    return Window(**given)


def _day(option: str, text: str) -> datetime | None:
    if not text:
        return None
    try:
        day = date.fromisoformat(text)
        return datetime(day.year, day.month, day.day, tzinfo=UTC)
    except ValueError:
        wrong(f"{option} takes a day such as 2026-01-31, not {text}")


def _policy(name: str, system: Path) -> Policy:
    """A file, a shipped policy, or one of the ledger of a running system."""
    path = Path(name)
    if path.suffix in (".yaml", ".yml") or path.is_file():
        return policy_files.read(path)[0]
    shipped = SHIPPED / "policies" / f"{name}.yaml"
    if shipped.is_file():
        return policy_files.read(shipped)[0]
    if name != LIVE and "@" not in name:
        known = ", ".join(sorted(each.stem for each in shipped.parent.glob("*.yaml")))
        wrong(f"no policy is called {name}: give a file, NAME@VERSION, `live`, or one of {known}")
    with resources(system) as opened:
        return opened.book.active if name == LIVE else opened.book.get(name)


def _write(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        wrong(f"{path} cannot be written: {error.strerror}")


@contextmanager
def _bar() -> Iterator[Callable[[int, int | None], None]]:
    """A bar on standard error once it takes longer than a moment."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.fields[count]:,} customers"), BarColumn(), TimeElapsedColumn())
    bar = Progress(*columns, console=console, transient=True, auto_refresh=False)
    task = bar.add_task("", total=None, count=0)
    began = time.monotonic()

    def show(done: int, total: int | None) -> None:
        if console.is_terminal and time.monotonic() - began > _QUIET_S:
            bar.start()
            bar.update(task, completed=done, total=total, count=done, refresh=True)

    try:
        yield show
    finally:
        bar.stop()
