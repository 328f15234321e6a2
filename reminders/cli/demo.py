"""`reminders demo`: six months of real bills in minutes, judged by an auditor of its own."""

from __future__ import annotations

import time
from enum import StrEnum
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from reminders.cli.demo_driver import Played, Stuck
from reminders.cli.demo_run import SEED, Done, Plan, run_demo
from reminders.cli.demo_system import LOG, Running, write_json
from reminders.cli.running import called
from reminders.servers.errors import ServerError
from reminders.servers.ports import choose
from reminders.services.demo.closing import closing_table
from reminders.services.demo.credit_card_data import from_credit_card_data
from reminders.services.demo.errors import BadData
from reminders.services.demo.generated import generated
from reminders.services.demo.more_channels import Receivers
from reminders.services.demo.portfolio import Portfolio

CLIENTS = 200
WORKERS = 4  # a call that hangs keeps one of them waiting, and nothing else waits with it
LOUD = 5_000  # from so many customers on, fewer of them open their inbox on an evening

Data = Annotated[Path | None, typer.Option(help="credit-card-clients.csv; without it, invented.")]
Clients = Annotated[str, typer.Option(help="How many customers: a number, or `all` of the file.")]
Out = Annotated[Path, typer.Option(help="Where the result goes; the run is kept beside it.")]
Workers = Annotated[int, typer.Option(min=1, max=16, help="Processes of the Celery worker.")]


class Which(StrEnum):
    THREE = "three"
    EVERY = "every"


Channels = Annotated[
    Which, typer.Option(help="SMS, e-mail and in-app alone, or every channel with its carriers.")
]
Seed = Annotated[int, typer.Option(help="The same seed plays the same demo.")]


def demo(
    data: Data = None,
    clients: Clients = str(CLIENTS),
    out: Out = Path("build/demo.json"),
    workers: Workers = WORKERS,
    seed: Seed = SEED,
    channels: Channels = Which.THREE,
) -> None:
    """Play six months against simulated carriers, and let an auditor judge every message.

    Exit code 1 if the auditor found a fault, or if nothing interesting happened.
    """
    console = Console()
    receivers = Receivers(choose(), choose()) if channels is Which.EVERY else None
    portfolio = _portfolio(data, clients, seed, receivers)
    readers = 0.1 if len(portfolio.customers) < LOUD else 0.01
    folder = out.parent
    plan = Plan(
        *(portfolio, folder / "demo-system", folder / "demo-run", workers, readers, seed), receivers
    )
    console.print(
        f"{portfolio.source}: {len(portfolio.customers):,} customers,"
        f" {len(portfolio.events):,} events over six months"
    )
    bill = _some_bill(portfolio)
    us = called()
    story = f"{us} timeline {bill} --data {plan.folder}"
    console.print(f"from the first statement on, in another terminal: {story}", soft_wrap=True)
    try:
        done = _run(console, plan)
    except (Stuck, ServerError) as error:
        _fail(f"{error} (log: {plan.folder / LOG})", 1)
    write_json(out, done.told)
    servers = f"{us} up --data {plan.folder} --port 0"
    console.print(f"afterwards: {servers}, and beside it: {story}", soft_wrap=True)
    _close(console, done, out)


def _some_bill(portfolio: Portfolio) -> str:
    """The first bill of somebody: a name to try."""
    bodies = (each.event["data"] for each in portfolio.events)
    return next((str(body["bill_id"]) for body in bodies if "bill_id" in body), "BILL")


def _portfolio(
    data: Path | None, clients: str, seed: int, receivers: Receivers | None
) -> Portfolio:
    if clients != "all" and not (clients.isdecimal() and int(clients) > 0):
        _fail(f"--clients takes a number above 0 or `all`, not {clients}", 2)
    number = None if clients == "all" else int(clients)
    if data is None:
        return generated(number or CLIENTS, seed, receivers)
    try:
        return from_credit_card_data(data, number, seed, receivers)
    except BadData as error:
        _fail(str(error), 2)


def _run(console: Console, plan: Plan) -> Done:
    """Play with a live line: the business date, events out, steps of the clock."""
    first, last = plan.portfolio.events[0].at, plan.portfolio.events[-1].at
    days = (last - first).days + 8
    columns = (
        TextColumn("{task.fields[date]}"),
        BarColumn(),
        TextColumn("{task.fields[events]:,} events, {task.fields[steps]:,} steps of the clock"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, refresh_per_second=4) as progress:
        task = progress.add_task("", total=days, date="starting …", events=0, steps=0)
        shown = [0.0]

        def show(played: Played) -> None:
            if played.now is None or time.monotonic() - shown[0] < 0.2:
                return
            shown[0] = time.monotonic()
            progress.update(
                task,
                completed=(played.now - first).days,
                date=f"{played.now:%Y-%m-%d}",
                events=played.published,
                steps=played.steps,
            )

        done = run_demo(plan, _nothing, show)
        progress.update(task, completed=days)
    return done


def _nothing(running: Running, played: Played) -> None:
    """Nobody breaks anything in a demo."""


def _close(console: Console, done: Done, out: Path) -> None:
    console.print(closing_table(done.told))
    console.print(f"peak memory of all processes: {done.peak_mb:,.0f} MB")
    console.print(f"written: {out}")
    for finding in done.told["findings"][:10]:
        console.print(f"[red]{finding}[/red]")
    for failure in done.failures:
        console.print(f"[red]failed:[/red] {failure}")
    if done.failures:
        raise typer.Exit(1)
    console.print("[green]every check is 0, and no reminder is open[/green]")


def _fail(line: str, code: int) -> NoReturn:
    typer.echo(f"error: {line}", err=True)
    raise typer.Exit(code)
