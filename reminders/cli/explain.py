"""`reminders explain`: the checks behind the last decision of each stage of a bill."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Annotated

import typer
from rich.text import Text

from reminders.cli.running import DATA, AsJson, Data, console, resources
from reminders.services import explain as service
from reminders.services.bill_history import BillHistory, load
from reminders.services.explain import Asked, Explained
from reminders.services.timeline import title
from reminders.services.wording import local

Bill = Annotated[str, typer.Argument(metavar="BILL", help="The bill's id, as billing gave it.")]
Customer = Annotated[str, typer.Option(help="Only this customer's, where several have that id.")]
OfStage = Annotated[str, typer.Option("--stage", help="Only this stage, such as d-3.")]


def explain(
    bill: Bill,
    stage: OfStage = "",
    customer: Customer = "",
    as_json: AsJson = False,
    data: Data = DATA,
) -> None:
    """Explain what was decided about BILL: each check, what it saw, and the one that decided.

    Also the policy version, the tier with the points that add up to it, and what happens next as
    things stand.
    """
    with resources(data) as opened:
        found = [(told, service.explain(told, stage)) for told in load(opened, bill, customer)]
    if as_json:
        typer.echo(json.dumps([service.as_json(*each) for each in found], indent=1))
        return
    out = console()
    for number, (told, stages) in enumerate(found):
        if number:
            out.print()
        for line in explanation(told, stages):
            out.print(line)


def explanation(told: BillHistory, stages: Sequence[Explained]) -> Iterator[Text]:
    """The lines of one bill's explanation."""
    yield Text(title(told), style="bold")
    judged = told.assessment()
    yield Text(f"tier {judged.tier}, {judged.points} points (times are local, {told.zone})")
    for line in judged.lines:
        yield Text(f"  {line.points:+4d}  {line.fact}", style="dim")
    for each in stages:
        yield Text("")
        yield from _stage(each, told.zone, foreseen=len(stages) == 1)


def _stage(each: Explained, zone: str, *, foreseen: bool) -> Iterator[Text]:
    """One stage; the checks that are still to come only where no other stage is shown."""
    again = f", epoch {each.epoch}" if each.epoch else ""
    yield Text(
        f"{each.stage}  {each.state}  (due {local(each.due_at, zone)}, {each.policy}{again})",
        style="bold cyan",
    )
    at = f"{local(each.decided_at, zone)}  " if each.decided_at else ""
    tier = f"  (tier {each.tier} then)" if each.tier else ""
    yield Text(f"  {at}{each.verdict}{tier}")
    yield from _checks(each.checks)
    if each.next_at is not None:
        yield Text(f"  next, {local(each.next_at, zone)} as things stand: {each.next}", "blue")
        if foreseen and not each.checks:
            yield from _checks(each.next_checks)


def _checks(checks: Sequence[Asked]) -> Iterator[Text]:
    for check in checks:
        mark, style = ("✓", "green") if check.passed else ("✗", "red")
        line = Text("  → " if check.decided else "    ")
        line.append(mark, style=style)
        line.append(f" {check.meaning:24}")
        line.append(check.saw, style="dim")
        yield line
