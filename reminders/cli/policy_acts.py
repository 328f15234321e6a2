"""`reminders policy activate` and `rollback`: acts that are kept with who, when and why."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from config.settings import SHIPPED
from reminders.cli.options import AsJson, Data
from reminders.cli.running import DATA, resources, wrong
from reminders.ledger.policies import Act, Activation
from reminders.services.policy.activation import activate as put_in_force
from reminders.services.policy.activation import rollback as take_back
from reminders.services.policy.book import EVER
from reminders.services.policy.bundle import Sources
from reminders.services.policy.files import gather, whole
from reminders.services.policy.lint import Unreadable, errors, lint
from reminders.services.policy.versions import in_force_of
from reminders.services.resources import Resources

File = Annotated[Path, typer.Argument(metavar="FILE", help="The policy as YAML.")]
Actor = Annotated[str, typer.Option(help="Who does it.")]
Reason = Annotated[str, typer.Option(help="Why, for whoever reads it later. No personal data.")]
At = Annotated[str, typer.Option(help="Instant of the start, as 2026-05-01T00:00:00+08:00.")]
Gate = Annotated[Path | None, typer.Option(help="Thresholds (YAML) that a backtest must keep.")]
Events = Annotated[Path | None, typer.Option(help="For the gate: events, NDJSON or an array.")]
Cards = Annotated[Path | None, typer.Option("--data", help="For it: credit-card-clients.csv.")]
Clients = Annotated[int | None, typer.Option(min=1, help="How many rows of --data.")]
System = Annotated[Path, typer.Option("--system", help="Folder of a running `reminders up`.")]
Name = Annotated[
    str, typer.Argument(metavar="NAME", help="Of the policy, as `policy list` has it.")
]
_SEED = 1  # of the lives around the rows of a credit-card file, as in `reminders simulate`


def activate(
    file: File,
    actor: Actor,
    reason: Reason,
    at: At = "",
    gate: Gate = None,
    events: Events = None,
    data: Cards = None,
    clients: Clients = None,
    as_json: AsJson = False,
    system: System = DATA,
) -> None:
    """Freeze a policy and put it in force, now or from --at on.

    Refused where `policy lint` finds an error, where the label has another text, and where a
    backtest breaks a threshold of --gate. Exit code 1: refused; 2: wrong input.
    """
    starts_at = _instant(at)
    if gate is None and (events is not None or data is not None):
        wrong("--events and --data are what a --gate plays; a system's folder is --system")
    _refuse_faults(file)
    sources = gather(file)
    with resources(system) as opened:
        kept = b""
        if gate is not None:
            kept = _pass(opened, sources, gate, events, data, clients)
        done = put_in_force(
            opened.engine, sources, now=opened.clock.now(), actor=actor, reason=reason,
            starts_at=starts_at, gate=kept,
        )  # fmt: skip
    _say(done, as_json=as_json)


def rollback(
    name: Name, actor: Actor, reason: Reason, as_json: AsJson = False, data: Data = DATA
) -> None:
    """Put the version before in force again, or take back one that has not started yet."""
    with resources(data) as opened:
        done = take_back(opened.engine, name, now=opened.clock.now(), actor=actor, reason=reason)
    _say(done, as_json=as_json)


def told(act: Activation) -> dict[str, object]:
    """An act as JSON."""
    return {
        "policy": act.label,
        "act": act.act,
        "starts_at": act.starts_at.isoformat(),
        "actor": act.actor,
        "reason": act.reason,
        "at": act.at.isoformat(),
        "gate": json.loads(act.gate) if act.gate else None,
    }


def shown(at: datetime) -> str:
    """An instant in a table."""
    return "ever" if at == EVER else f"{at:%Y-%m-%d %H:%M:%S}"


def _say(act: Activation, *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(told(act), indent=1, ensure_ascii=False))
        return
    verb = "is in force no more" if act.act is Act.WITHDRAW else "is in force"
    typer.echo(f"{act.label} {verb} from {shown(act.starts_at)} UTC on (business time)")
    typer.echo("running workers see it within seconds; what is planned keeps its version")


def _instant(text: str) -> datetime | None:
    if not text:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        wrong(f"--at takes an instant such as 2026-05-01T00:00:00+08:00, not {text}")
    if found.tzinfo is None:
        wrong(f"--at {text} names no zone: write {text}Z or its offset")
    return found


def _refuse_faults(file: Path) -> None:
    try:
        found = errors(lint(file))
    except Unreadable as error:
        wrong(str(error))
    for each in found:
        typer.echo(f"{file}:{each.line}: [{each.rule}] {each.what} (fix: {each.fix})", err=True)
    if found:
        typer.echo(f"error: not activated: {len(found)} errors", err=True)
        raise typer.Exit(1)


def _pass(
    opened: Resources,
    sources: Sources,
    gate: Path,
    events: Path | None,
    data: Path | None,
    clients: int | None,
) -> bytes:
    """What is kept of a gate that was passed; one that was not ends the command."""
    # Imported when asked for: the simulation takes long to import, and few acts have a gate.
    from reminders.services.policy import gating
    from reminders.services.simulate.card_file import CardFile
    from reminders.services.simulate.event_file import EventFile
    from reminders.services.simulate.model import read_model
    from reminders.services.simulate.people import Source

    thresholds = gating.read_thresholds(gate)
    source: Source
    if events is not None and data is None:
        source = EventFile(events)
    elif data is not None and events is None:
        source = CardFile(data, clients, _SEED)
    else:
        wrong("a gate needs either --events or --data to play the policies over")
    model = read_model(SHIPPED / "simulation" / "model.yaml", None)
    candidate = whole(sources)[0]
    ruling = in_force_of(opened.engine, candidate.name, opened.clock.now())
    live = opened.book.active if ruling is None else opened.book.get(ruling)
    with Console(stderr=True).status(f"playing {candidate.label} and {live.label}"):
        against, kept = gating.gate(candidate, live, thresholds, source, model)
    for line in against:
        typer.echo(f"gate: {line}", err=True)
    if against:
        typer.echo(f"error: not activated; broken thresholds: {len(against)}", err=True)
        raise typer.Exit(1)
    return kept
