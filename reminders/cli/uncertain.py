"""`reminders uncertain`: what was sent and never answered, what was answered too late."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Annotated

import typer

from reminders.cli.options import AsJson, Data
from reminders.cli.running import DATA, console, resources
from reminders.cli.tables import Rows
from reminders.messages.facts import clean
from reminders.services import open_questions

app = typer.Typer(
    no_args_is_help=True,
    help="Messages that nobody answered for, and those that arrived after the next channel.",
)
Limit = Annotated[int, typer.Option(min=1, max=10_000, help="At most so many.")]


@app.command("list")
def list_(limit: Limit = 200, as_json: AsJson = False, data: Data = DATA) -> None:
    """List open attempts of which nobody knows whether they arrived, and what happens next."""
    with resources(data) as opened:
        found = open_questions.uncertain(opened, limit)
    if as_json:
        shown = [asdict(each.attempt) | {"next": each.next} for each in found]
        typer.echo(json.dumps(shown, indent=1, default=str, ensure_ascii=False))
        return
    rows = Rows("since (UTC)", "customer", "bill", "channel", "provider", "next", "id", ids=True)
    for each in found:
        attempt = each.attempt
        names = clean(attempt.customer), clean(attempt.bill_id), attempt.channel, attempt.provider
        rows.add_row(f"{attempt.since:%Y-%m-%d %H:%M}", *names, each.next, str(attempt.attempt_id))
    console().print(rows if found else "no attempt is uncertain")


@app.command()
def doubles(limit: Limit = 200, as_json: AsJson = False, data: Data = DATA) -> None:
    """List the last month's messages that arrived after the next channel had been used."""
    with resources(data) as opened:
        found = open_questions.doubles(opened, limit)
    if as_json:
        shown = [asdict(each) for each in found]
        typer.echo(json.dumps(shown, indent=1, default=str, ensure_ascii=False))
        return
    rows = Rows("heard (UTC)", "customer", "bill", "stage", "by", "and by", "at", "id", ids=True)
    for each in found:
        names = clean(each.customer), clean(each.bill_id), each.stage
        by = f"{each.channel} ({each.provider})", each.then_by, f"{each.then_at:%Y-%m-%d %H:%M}"
        rows.add_row(f"{each.heard_at:%Y-%m-%d %H:%M}", *names, *by, str(each.attempt_id))
    console().print(rows if found else "nobody was told twice")
