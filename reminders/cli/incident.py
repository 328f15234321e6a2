"""`reminders incident`: declare a channel down or up again, and list whom it touched."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from typing import Annotated, TypeVar

import typer

from reminders.cli.options import AsJson, Data
from reminders.cli.running import DATA, console, resources, wrong
from reminders.cli.tables import Rows
from reminders.messages.facts import clean
from reminders.services import incidents
from reminders.services.incidents import IncidentError, Status

app = typer.Typer(
    no_args_is_help=True,
    help="Channels that are down: declare it, end it, see whom it touched.",
)
Actor = Annotated[str, typer.Option(help="Who does it, for whoever reads it later.")]
Why = Annotated[str, typer.Option("--reason", help="Why, in one line. No personal data.")]
Channel = Annotated[
    str, typer.Argument(metavar="CHANNEL", help="sms, email, push …; '*' suspends all sending.")
]
Number = Annotated[int, typer.Argument(metavar="NUMBER", help="As `incident status` shows it.")]
Limit = Annotated[int, typer.Option(min=1, max=1_000_000, help="So many at a time.")]
Page = Annotated[int, typer.Option(min=1, max=1_000_000, help="The next ones: 2, 3 …")]
Done = TypeVar("Done")


@app.command("open")
def begin(channel: Channel, actor: Actor, reason: Why, data: Data = DATA) -> None:
    """Declare CHANNEL down: from now on its reminders go by their next channel."""
    with resources(data) as opened:
        number = _told(lambda: incidents.open_incident(opened, channel, actor, reason))
    typer.echo(f"incident {number} of {channel} is open")


@app.command("close")
def end(number: Number, actor: Actor, reason: Why, data: Data = DATA) -> None:
    """End incident NUMBER: what waits for its channel and is still of use is sent."""
    with resources(data) as opened:
        closed = _told(lambda: incidents.close_incident(opened, number, actor, reason))
        down = opened.fleet.down().get(closed.channel)
    typer.echo(f"incident {number} of {closed.channel} is closed")
    if down is not None:
        typer.echo(f"{closed.channel} still takes nothing ({clean(down)}): unless it does, a new")
        typer.echo("incident opens by itself; until then its reminders go by their next channel")


@app.command()
def status(as_json: AsJson = False, data: Data = DATA) -> None:
    """Say whether all channels work, which incidents are open, and what they did."""
    with resources(data) as opened:
        found = incidents.status(opened)
    if as_json:
        typer.echo(json.dumps(asdict(found), indent=1, default=str))
        return
    _show(found)


@app.command()
def affected(
    number: Number,
    limit: Limit = 10_000,
    page: Page = 1,
    as_json: AsJson = False,
    data: Data = DATA,
) -> None:
    """List every reminder that incident NUMBER sent another way, put off or let expire."""
    with resources(data) as opened:
        found = _told(lambda: incidents.affected(opened, number, limit, page))
    if as_json:
        typer.echo(json.dumps([asdict(each) for each in found], indent=1, default=str))
        return
    rows = Rows("at (UTC)", "customer", "bill", "stage", "effect", "instead of", "now")
    for each in found:
        at = f"{each.at:%Y-%m-%d %H:%M:%S}"
        names = (clean(each.customer), clean(each.bill_id), each.stage)
        rows.add_row(at, *names, each.effect, each.channel, each.state)
    nobody = f"incident {number} touched nobody{' more' if page > 1 else ''}"
    console().print(rows if found else nobody)
    if len(found) == limit:
        console().print(f"there may be more: --page {page + 1}")


def _show(found: Status) -> None:
    console().print(f"mode: {found.mode}")
    for channel, why in sorted(found.down.items()):
        console().print(f"down: {channel} ({clean(why)})")
    rows = Rows("number", "channel", "opened (UTC)", "closed", "by", "why", "did")
    for each in (*found.open, *found.recent):
        counts = found.counts.get(each.number, {})
        did = ", ".join(f"{effect} {reminders}" for effect, (reminders, _) in counts.items())
        closed = "open" if each.closed_at is None else f"{each.closed_at:%Y-%m-%d %H:%M}"
        opened = f"{each.opened_at:%Y-%m-%d %H:%M}"
        by, why = clean(each.opened_by), clean(each.why)
        rows.add_row(str(each.number), each.channel, opened, closed, by, why, did or "nothing")
    console().print(rows if rows.row_count else "no incident so far")


def _told(act: Callable[[], Done]) -> Done:
    try:
        return act()
    except IncidentError as error:
        raise wrong(str(error)) from None
