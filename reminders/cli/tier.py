"""`reminders tier`: why a customer has the tier they have, in points that add up."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.text import Text

from reminders.cli.options import AsJson, Data
from reminders.cli.running import DATA, console, resources, wrong
from reminders.domain.warning import EarlyWarning
from reminders.messages.facts import clean
from reminders.services import tier as service
from reminders.services.tier import Tiered
from reminders.services.wording import local

app = typer.Typer(no_args_is_help=True, help="The risk tier of a customer, in points.")

Customer = Annotated[str, typer.Argument(metavar="CUSTOMER", help="As billing calls them.")]
At = Annotated[
    str, typer.Option(help="At this instant, such as 2026-03-20T10:00:00Z; by default now.")
]


@app.callback()
def tier() -> None:
    """Keeps `why` a command of its own."""


@app.command()
def why(customer: Customer, at: At = "", as_json: AsJson = False, data: Data = DATA) -> None:
    """Explain CUSTOMER's tier: each point and where it comes from, and what would change it.

    By the card of the policy in force. With --at, as of that instant, from what is known now.
    """
    moment = _instant(at) if at else None
    with resources(data) as opened:
        told = service.why(opened, customer, moment)
    if as_json:
        typer.echo(json.dumps(service.as_json(told), indent=1))
        return
    out = console()
    for line in explanation(told):
        out.print(line)


def explanation(told: Tiered) -> Iterator[Text]:
    """The lines that add up."""
    found = told.assessment
    card = f"{told.card.name}@{told.card.version}"
    yield Text(
        f"{clean(told.ref)} is {found.tier} with {found.points} points"
        f" at {local(told.at, told.zone)} ({told.zone})",
        style="bold",
    )
    yield Text(f"by card {card} of policy {told.policy}; {service.thresholds(told.card)}", "dim")
    width = max((len(line.fact) for line in found.lines), default=0)
    for line in found.lines:
        text = Text(f"  {line.points:+4d}  {clean(line.fact):{width}}  ")
        yield text.append(clean(line.source), style="dim")
    yield Text(f"  {service.sum_of(found.lines):4d}  in all", style="bold")
    if found.unknown:
        names = ", ".join(each.replace("_", " ") for each in found.unknown)
        yield Text(f"incomplete: not known: {names}", style="dim")
    if held := service.held(told):
        yield Text(held, style="yellow")
    for change in service.changes(told):
        yield Text(change)
    for warning in told.warnings:
        yield _warning(told, warning)


def _warning(told: Tiered, warning: EarlyWarning) -> Text:
    since = local(warning.at, told.zone)
    words = f"{warning.kind.replace('_', ' ')}: {clean(warning.words)}"
    if warning.in_force(told.at):
        return Text(f"warning since {since}: {words}", style="red")
    return Text(f"warning at {since} if nothing changes: {words}", style="yellow")


def _instant(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        wrong(f"--at {text}: write it as 2026-03-20T10:00:00Z")
    if found.tzinfo is None:
        wrong(f"--at {text}: add its zone, such as Z or +08:00")
    try:
        return found.astimezone(UTC)
    except OverflowError:
        wrong(f"--at {text}: beyond the calendar")
