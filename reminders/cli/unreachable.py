"""`reminders unreachable`: bills of which nobody can be told, because nothing reaches them."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from reminders.cli.options import AsJson, Data
from reminders.cli.running import DATA, console, resources
from reminders.cli.tables import Rows
from reminders.messages.facts import clean
from reminders.services import unreachable
from reminders.services.tasks.as_json import task_json

app = typer.Typer(
    no_args_is_help=True,
    help="Bills soon due or overdue whose customers no contact point reaches.",
)
Limit = Annotated[int, typer.Option(min=1, max=10_000, help="At most so many, due first at top.")]


@app.command("list")
def list_(limit: Limit = 200, as_json: AsJson = False, data: Data = DATA) -> None:
    """List the bills that wait for a person to find their customer; each is a task of the queue."""
    with resources(data) as opened:
        found = unreachable.listed(opened, limit)
    if as_json:
        typer.echo(json.dumps([task_json(each) for each in found], indent=1, ensure_ascii=False))
        return
    rows = Rows("made (UTC)", "customer", "bill", "owner", "task", ids=True)
    for each in found:
        who = clean(each.ref), clean(each.bill_id), clean(each.owner) or "-"
        rows.add_row(f"{each.made_at:%Y-%m-%d %H:%M}", *who, str(each.task_id))
    console().print(rows if found else "everybody can be reached")


@app.command()
def find(data: Data = DATA) -> None:
    """Look now, as is done every ten minutes: make the tasks that are missing."""
    with resources(data) as opened:
        made = unreachable.find(opened)
    typer.echo(f"{made} tasks made")
