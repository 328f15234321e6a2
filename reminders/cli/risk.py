"""`reminders risk`: fit a points card to history, and report what it can tell."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

import config
from reminders.cli.options import AsJson
from reminders.services.risk.cards import NAME, read_card
from reminders.services.risk.errors import CardError, ExtraMissing

app = typer.Typer(no_args_is_help=True, help="Fit a points card to history, and judge cards by it.")
HAND = Path(config.__file__).parent / "cards" / "house.yaml"

History = Annotated[
    Path, typer.Option("--data", help="CSV in the form of UCI data set 350 (see the how-to).")
]
Card = Annotated[Path | None, typer.Option("--card", help="Judge this card on the rows as well.")]
Plot = Annotated[Path | None, typer.Option("--plot", help="Write the picture here, as PNG.")]
Seed = Annotated[int, typer.Option(min=0, help="Draws the folds; the same seed, the same result.")]
Out = Annotated[Path, typer.Option("--out", help="Write the card here, as YAML.")]
Name = Annotated[str, typer.Option(help="The card's name.", metavar="NAME")]


@app.command()
def report(
    data: History,
    card: Card = None,
    as_json: AsJson = False,
    plot: Plot = None,
    seed: Seed = 1,
) -> None:
    """Judge the hand card and a fitted one on history: AUC, KS, tiers, calibration, stability.

    The fitted card is judged on customers that its fit has not seen. The history has no reminders:
    nothing here shows that a reminder makes anybody pay.
    """
    given = read_card(card) if card is not None else None
    hand = read_card(HAND)
    judging = _optional("judging")
    history = _optional("history").read_history(data)
    with _bar("folds", judging.TICKS) as tick:
        told = judging.judge(history, hand, given=given, seed=seed, tick=tick)
    if plot is not None:
        _optional("picture").draw(told, data.name, plot)
    shown = _optional("showing")
    if as_json:
        typer.echo(json.dumps(shown.as_json(told), indent=1))
    else:
        for table in shown.tables(told, data.name):
            Console(highlight=False).print(table)


@app.command()
def fit(data: History, out: Out, name: Name = "fitted", seed: Seed = 1) -> None:
    """Fit a points card to history and write it as YAML, to be read before it is used.

    Monotone bins, a logistic regression over them, whole points: the same file for the same
    history and seed.
    """
    if not re.fullmatch(NAME, name):
        raise CardError(f"{name!r} cannot name a card: small letters, digits, '.', '_' and '-'")
    if not out.parent.is_dir():
        raise CardError(f"{out} cannot be written: {out.parent} is no folder")
    fitting = _optional("fitting")
    history = _optional("history").read_history(data)
    table = _optional("observed").observed(history)
    with _bar("fits", fitting.FITS) as tick:
        card = fitting.fit(table, history.defaulted, name, seed, tick)
    text = _optional("card_file").card_text(card, table, history.defaulted, seed)
    try:
        out.write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        raise CardError(f"{out} cannot be written: {error.strerror}") from None
    read_card(out)  # what was written is a card
    typer.echo(f"{out}: {len(card.characteristics)} inputs, fitted to {history.rows:,} customers")


def _optional(name: str) -> ModuleType:
    """A module of the risk services that needs the optional parts. Raises `ExtraMissing`."""
    try:
        return import_module(f"reminders.services.risk.{name}")
    except ModuleNotFoundError as error:
        raise ExtraMissing(error.name or "scikit-learn") from None


@contextmanager
def _bar(what: str, total: int) -> Iterator[object]:
    """A progress bar on a terminal; each call of what is yielded is a step."""
    console = Console(stderr=True)
    columns = (TextColumn(what), BarColumn(), TextColumn("{task.completed:.0f}/{task.total:.0f}"))
    progress = Progress(
        *columns,
        TimeElapsedColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )
    with progress:
        task = progress.add_task(what, total=total)
        yield lambda: progress.advance(task)
