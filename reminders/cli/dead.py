"""`reminders dead`: what was refused, kept whole until a person has dealt with it."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict
from enum import StrEnum
from typing import Annotated
from uuid import UUID

import typer

from reminders.cli.options import AsJson, Data
from reminders.cli.running import DATA, console, resources, wrong
from reminders.cli.tables import Rows
from reminders.ledger.dead_letters import DeadLetter, Fault
from reminders.messages.facts import clean
from reminders.services import dead
from reminders.services.resources import Resources

app = typer.Typer(
    no_args_is_help=True,
    help="Events and receipts that were refused: look at them, put them in again, close them.",
)
SHOWN_CHARACTERS = 4_000
_ALL_AT_ONCE = 10_000


class Chosen(StrEnum):
    OPEN = "open"
    RETRIED = "retried"
    CLOSED = "closed"
    ALL = "all"


State = Annotated[Chosen, typer.Option(help="Which letters: by default those still open.")]
OfFault = Annotated[Fault | None, typer.Option(help="Only letters refused for this.")]
Limit = Annotated[int, typer.Option(min=1, max=100_000, help="At most so many, oldest first.")]
Id = Annotated[str, typer.Argument(metavar="ID", help="As `dead list` shows it.")]
Ids = Annotated[list[str] | None, typer.Argument(metavar="[ID]...", help="As `dead list` shows.")]
Every = Annotated[bool, typer.Option("--all", help="Every open letter (see --fault).")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would be put in; do nothing.")]
Reveal = Annotated[bool, typer.Option("--reveal", help="Show personal fields, and all of it.")]
Note = Annotated[str, typer.Option(help="Why, for whoever reads it later. No personal data.")]


@app.command("list")
def show_all(
    state: State = Chosen.OPEN,
    fault: OfFault = None,
    limit: Limit = 200,
    as_json: AsJson = False,
    data: Data = DATA,
) -> None:
    """List refused events and receipts with the reason of each, oldest first."""
    with resources(data) as opened:
        found = dead.listed(opened, "" if state is Chosen.ALL else state, fault or "", limit)
    if as_json:
        typer.echo(json.dumps([_as_json(letter) for letter in found], indent=1))
        return
    if not found:
        typer.echo("no dead letters" if state is Chosen.ALL else f"no {state} dead letters")
        return
    rows = Rows("received (UTC)", "fault", "state", "from", "reason", "id", ids=True)
    for letter in found:
        named = " ".join(filter(None, (clean(letter.source), clean(letter.id)))) or "-"
        at = f"{letter.received_at:%Y-%m-%d %H:%M:%S}"
        why = clean(letter.reason)
        rows.add_row(at, letter.fault, letter.state, named, why, str(letter.dead_id))
    console().print(rows)


@app.command()
def show(dead_id: Id, reveal: Reveal = False, as_json: AsJson = False, data: Data = DATA) -> None:
    """Show one letter: why it was refused, what it calls itself, and its body."""
    with resources(data) as opened:
        letter = _one(opened, dead_id)
        body = dead.body_of(opened, letter)
    shown = "(erased)" if body is None else dead.readable(body, reveal=reveal)
    if len(shown) > SHOWN_CHARACTERS and not reveal:
        rest = len(shown) - SHOWN_CHARACTERS
        shown = f"{shown[:SHOWN_CHARACTERS]}\n… {rest} characters more (--reveal shows all)"
    if as_json:
        typer.echo(json.dumps({**_as_json(letter), "body": shown}, indent=1))
        return
    kind = "a receipt" if letter.origin == "receipts" else "an event"
    lines = {
        "id": str(letter.dead_id),
        "what": f"{kind}, {letter.fault}, {letter.state}",
        "reason": clean(letter.reason),
        "received": f"{letter.received_at:%Y-%m-%d %H:%M:%S} UTC",
        "from": clean(letter.source) or "(it does not say)",
        "its id": clean(letter.id) or "(it does not say)",
        "body": f"{0 if body is None else len(body):,} bytes",
    }
    for name, line in lines.items():
        typer.echo(f"{name:9} {line}")
    typer.echo(f"\n{shown}")


@app.command()
def retry(
    ids: Ids = None,
    every: Every = False,
    fault: OfFault = None,
    dry_run: DryRun = False,
    as_json: AsJson = False,
    data: Data = DATA,
) -> None:
    """Put the kept bytes in again, as if they had just arrived.

    What goes in becomes `retried`; what is refused again stays open with the new reason, and the
    exit code is then 1.
    """
    if bool(ids) == every:
        wrong("name the letters to retry, or --all")
    if ids and fault:
        wrong("--fault goes with --all")
    with resources(data) as opened:
        chosen = _open_ones(opened, ids or [], fault)
        if dry_run:
            _would(chosen, as_json=as_json)
            return
        done = dead.retry(opened, chosen)
    refused = sum(1 for each in done if not each.went_in)
    if as_json:
        told = [
            {"id": str(each.letter.dead_id), "went_in": each.went_in, "says": each.says}
            for each in done
        ]
        typer.echo(json.dumps(told, indent=1))
    else:
        for each in done:
            outcome = "retried" if each.went_in else "refused again"
            typer.echo(f"{each.letter.dead_id}  {outcome}: {clean(each.says)}")
        typer.echo(f"{len(done) - refused} retried, {refused} still open")
    if refused:
        raise typer.Exit(1)


@app.command()
def close(dead_id: Id, note: Note, data: Data = DATA) -> None:
    """Close a letter that needs no retry, with a note. Nothing is put in."""
    if not note.strip():
        wrong("--note must say why")
    with resources(data) as opened:
        letter = _one(opened, dead_id)
        if letter.state != dead.OPEN:
            wrong(f"dead letter {letter.dead_id} is {letter.state} already")
        dead.close(opened, letter, clean(note.strip()))
    typer.echo(f"{letter.dead_id}  closed")


def _one(opened: Resources, dead_id: str) -> DeadLetter:
    try:
        letter = dead.find(opened, UUID(dead_id))
    except ValueError:
        letter = None
    if letter is None:
        wrong(f"no dead letter is called {clean(dead_id)}: `reminders dead list --state all`")
    return letter


def _open_ones(opened: Resources, ids: list[str], fault: Fault | None) -> list[DeadLetter]:
    """The letters to retry; with no ids, every open one."""
    if not ids:
        return dead.listed(opened, dead.OPEN, fault or "", _ALL_AT_ONCE)
    found = [_one(opened, dead_id) for dead_id in dict.fromkeys(ids)]
    for letter in found:
        if letter.state != dead.OPEN:
            wrong(f"dead letter {letter.dead_id} is {letter.state} already")
    return found


def _would(chosen: list[DeadLetter], *, as_json: bool) -> None:
    counts = Counter(letter.fault for letter in chosen)
    if as_json:
        typer.echo(json.dumps({"would_retry": len(chosen), "by_fault": counts}))
        return
    by_fault = ", ".join(f"{count} {fault}" for fault, count in sorted(counts.items()))
    typer.echo(f"would put in {len(chosen)} letters again" + (f": {by_fault}" if by_fault else ""))


def _as_json(letter: DeadLetter) -> dict[str, object]:
    plain = asdict(letter)
    return {**plain, "dead_id": str(letter.dead_id), "received_at": letter.received_at.isoformat()}
