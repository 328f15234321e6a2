"""`reminders task`: what is left to people, taken by one of them at a time."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from reminders.cli.options import AsJson, Data
from reminders.cli.running import DATA, console, resources, wrong
from reminders.cli.tables import Rows
from reminders.domain.human_task import TaskKind
from reminders.messages.facts import clean
from reminders.services.tasks import acts, queue
from reminders.services.tasks.as_json import shown_json, task_json

app = typer.Typer(no_args_is_help=True, help="What is left to people: look, take, say it is done.")

OfKind = Annotated[TaskKind | None, typer.Option(help="Only tasks of this kind.")]
OfOwner = Annotated[str, typer.Option(metavar="NAME", help="Only what this person has taken.")]
Limit = Annotated[int, typer.Option(min=1, max=10_000, help="At most so many, due first at top.")]
Id = Annotated[str, typer.Argument(metavar="ID", help="As `task list` shows it.")]
Actor = Annotated[str, typer.Option("--as", metavar="NAME", help="Who you are; it is kept.")]
Note = Annotated[str, typer.Option(help="What came of it, in a line; it is kept.")]
RevealTo = Annotated[
    str, typer.Option("--reveal-to", metavar="NAME", help="Show addresses: its owner's name.")
]


@app.command("list")
def list_(
    kind: OfKind = None,
    owner: OfOwner = "",
    limit: Limit = 200,
    as_json: AsJson = False,
    data: Data = DATA,
) -> None:
    """List what is still to do, what is due first at the top."""
    with resources(data) as opened:
        found, now = queue.listed(opened, kind, owner, limit), opened.clock.now()
    if as_json:
        typer.echo(json.dumps([task_json(each) for each in found], indent=1, ensure_ascii=False))
        return
    if not found:
        typer.echo("no task waits")
        return
    rows = Rows("due (UTC)", "kind", "customer", "bill", "owner", "id", ids=True)
    for each in found:
        due = f"{each.due_at:%Y-%m-%d %H:%M}{' late' if each.overdue(now) else ''}"
        who = clean(each.ref) or "-", clean(each.bill_id) or "-", clean(each.owner) or "-"
        rows.add_row(due, each.kind, *who, str(each.task_id))
    console().print(rows)


@app.command()
def show(task_id: Id, reveal_to: RevealTo = "", as_json: AsJson = False, data: Data = DATA) -> None:
    """Show one task: what was done with it, what to say, and to its owner whom to reach."""
    with resources(data) as opened:
        found = queue.show(opened, task_id, reveal_to=reveal_to)
    if as_json:
        typer.echo(json.dumps(shown_json(found), indent=1, ensure_ascii=False))
        return
    task = found.task
    out = console()
    out.print(f"{task.kind} task {task.task_id}: {task.state}, owner {clean(task.owner) or '-'}")
    out.print(f"customer {clean(task.ref) or '-'}, bill {clean(task.bill_id) or '-'}")
    out.print(f"due {task.due_at:%Y-%m-%d %H:%M} UTC, made {task.made_at:%Y-%m-%d %H:%M} UTC")
    for act in found.acts:
        by = f"{act.at:%Y-%m-%d %H:%M} UTC {act.act} by {clean(act.actor) or 'the system'}"
        out.print(f"{by}: {clean(act.note)}" if act.note else by)
    for channel, address in found.addresses.items():
        out.print(f"{channel}: {clean(address)}")
    if found.text:
        out.print("\n".join(clean(line) for line in found.text.splitlines()))


@app.command()
def take(task_id: Id, actor: Actor, data: Data = DATA) -> None:
    """Take a task. If somebody has it already, that is said, and it stays theirs."""
    with resources(data) as opened:
        taken = acts.take(opened, task_id, _name(actor))
    typer.echo(f"task {taken.task_id} is yours, {taken.owner}: due {taken.due_at:%Y-%m-%d %H:%M}")


@app.command("give-back")
def give_back(task_id: Id, actor: Actor, note: Note = "", data: Data = DATA) -> None:
    """Give a task back, for somebody else to take."""
    with resources(data) as opened:
        given = acts.give_back(opened, task_id, _name(actor), clean(note))
    typer.echo(f"task {given.task_id} waits again")


@app.command()
def done(task_id: Id, actor: Actor, note: Note = "", data: Data = DATA) -> None:
    """Say that a task is done. A reminder is thereby confirmed: its ladder goes no further."""
    with resources(data) as opened:
        ended = acts.done(opened, task_id, _name(actor), clean(note))
    typer.echo(f"task {ended.task_id} is done")


def _name(actor: str) -> str:
    name = clean(actor).strip()
    if not name or len(name) > 100:
        wrong("--as must say who you are")
    return name
