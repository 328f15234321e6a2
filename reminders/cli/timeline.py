"""`reminders timeline`: the story of one bill in the customer's own time."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Annotated
from zoneinfo import ZoneInfo

import typer
from rich.text import Text

from reminders.cli.running import DATA, AsJson, Data, console, resources
from reminders.services import timeline as service
from reminders.services.bill_history import BillHistory, load
from reminders.services.timeline import Entry

Bill = Annotated[str, typer.Argument(metavar="BILL", help="The bill's id, as billing gave it.")]
Customer = Annotated[str, typer.Option(help="Only this customer's, where several have that id.")]

STYLES = {
    "event": "bold",
    "plan": "dim",
    "decision": "yellow",
    "attempt": "cyan",
    "receipt": "green",
    "end": "magenta",
    "ahead": "blue",
}


def timeline(
    bill: Bill, customer: Customer = "", as_json: AsJson = False, data: Data = DATA
) -> None:
    """Tell the story of BILL, oldest first, in the customer's local time.

    What billing said, what was planned, what was sent and heard, how each reminder ended and
    what is still ahead. Addresses are masked.
    """
    with resources(data) as opened:
        found = load(opened, bill, customer)
    if as_json:
        typer.echo(json.dumps([service.as_json(told) for told in found], indent=1))
        return
    out = console()
    for number, told in enumerate(found):
        if number:
            out.print()
        for head, body in story(told):
            for part in body.wrap(out, max(20, out.width - len(head))):
                out.print(Text.assemble((head, "dim"), part))
                head = " " * len(head)


def story(told: BillHistory) -> Iterator[tuple[str, Text]]:
    """The lines of one bill's story as (date and time, text); a date stands where it changes."""
    yield "", Text(service.title(told), style="bold")
    yield "", Text(f"(local time, {told.zone}; tier {told.assessment().tier})", style="dim")
    yield from _dated(told, service.tell(told))
    coming = service.ahead(told)
    yield "", Text("Still ahead, as things stand:" if coming else "Nothing is ahead.", "bold")
    yield from _dated(told, coming)


def _dated(told: BillHistory, entries: Sequence[Entry]) -> Iterator[tuple[str, Text]]:
    shown = ""
    for entry in entries:
        local = entry.at.astimezone(ZoneInfo(told.zone))
        day = f"{local:%Y-%m-%d}"
        stage = f"{entry.stage}: " if entry.stage else ""
        head = f"  {day if day != shown else '':10}  {local:%H:%M:%S}  "
        yield head, Text(stage + entry.text, style=STYLES[entry.kind])
        shown = day
