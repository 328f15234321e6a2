"""`reminders preference`: what customers choose to hear, and changes that wait for a person."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Annotated
from uuid import UUID

import typer

from reminders.cli.options import AsJson, Data
from reminders.cli.running import DATA, console, resources, settings, wrong
from reminders.cli.tables import Rows
from reminders.domain.customer import EVERY_KIND
from reminders.ledger.preferences import Change
from reminders.messages.facts import clean
from reminders.services.preferences import held as waiting
from reminders.services.preferences.change import Changed, change
from reminders.services.preferences.errors import PreferenceError
from reminders.services.preferences.passes import PATH, preference_pass
from reminders.services.preferences.show import Standing
from reminders.services.preferences.show import show as look
from reminders.services.resources import Resources

app = typer.Typer(
    no_args_is_help=True,
    help="What a customer wants to hear by which channel, and changes that wait for a person.",
)
SOURCE = "console"


class OnOff(StrEnum):
    ON = "on"
    OFF = "off"


Customer = Annotated[str, typer.Argument(metavar="CUSTOMER", help="As billing calls them.")]
Channel = Annotated[str, typer.Argument(metavar="CHANNEL", help="sms, email, push, in_app …")]
Turn = Annotated[OnOff, typer.Argument(metavar="ON|OFF", help="on or off.")]
Kind = Annotated[str, typer.Option(help="Only this kind of message, such as overdue.")]
Actor = Annotated[str, typer.Option(help="Who says so: the name that the ledger keeps.")]
Reason = Annotated[str, typer.Option(help="Why, for whoever reads it later. No personal data.")]
ChangeNo = Annotated[str, typer.Argument(metavar="[CHANGE]", help="As `preference held` shows.")]
OfActor = Annotated[
    str | None, typer.Option("--all-of-actor", help="Every waiting change by ACTOR ('' = nobody).")
]
Limit = Annotated[int, typer.Option(min=1, max=100_000, help="At most so many, oldest first.")]
Hours = Annotated[int, typer.Option(min=1, max=24 * 90, help="How long the link is good for.")]


@app.command()
def show(customer: Customer, as_json: AsJson = False, data: Data = DATA) -> None:
    """Show what CUSTOMER may be told by which channel, what they chose, and what comes next."""
    with resources(data) as opened:
        found = look(opened, customer)
    if as_json:
        typer.echo(json.dumps(_standing(found), indent=1, ensure_ascii=False))
        return
    rows = Rows("channel", "address", "all", *(found.settings[0].kinds))
    for each in found.settings:
        kinds = [_on(allowed) for allowed in each.kinds.values()]
        rows.add_row(each.channel, each.mask or "-", _on(each.on), *kinds)
    out = console()
    out.print(rows)
    chosen = ", ".join(map(str, found.offsets)) or "as the lender does it"
    out.print(f"days from due: {chosen} (offered: {', '.join(map(str, found.choices)) or 'none'})")
    for notice in found.notices:
        by = notice.channel or "no channel"
        out.print(f"next: {notice.at:%Y-%m-%d %H:%M} UTC {notice.bill_id} {notice.kind} by {by}")
    for made in found.changes:
        out.print(clean(_line(made)))


@app.command("set")
def set_(
    customer: Customer,
    channel: Channel,
    turn: Turn,
    actor: Actor,
    kind: Kind = EVERY_KIND,
    as_json: AsJson = False,
    data: Data = DATA,
) -> None:
    """Switch CHANNEL on or off for CUSTOMER; it holds for all that is planned or queued already.

    The last channel for the reminder before the due date stays on.
    """
    with resources(data) as opened:
        made = change(
            opened,
            customer,
            channel,
            kind,
            allowed=turn is OnOff.ON,
            actor=actor,
            source=SOURCE,
        )
    if as_json:
        typer.echo(json.dumps(_changed(made), indent=1, ensure_ascii=False))
        return
    for line in _told(made):
        typer.echo(line)


@app.command()
def held(limit: Limit = 200, as_json: AsJson = False, data: Data = DATA) -> None:
    """List changes that wait for a person: made by nobody, or by one hand to many customers."""
    with resources(data) as opened:
        found = waiting.listed(opened, limit)
    if as_json:
        typer.echo(json.dumps([_change(each) for each in found], indent=1, ensure_ascii=False))
        return
    if not found:
        typer.echo("no change of a preference waits")
        return
    rows = Rows("received (UTC)", "why", "customer", "change", "by", "id", ids=True)
    for each in found:
        what = f"{each.channel} {each.kind} {_on(each.allowed)}"
        by = " ".join(filter(None, (clean(each.actor), clean(each.source)))) or "nobody"
        at = f"{each.received_at:%Y-%m-%d %H:%M:%S}"
        rows.add_row(at, each.held_for, each.ref, what, by, str(each.change_no))
    console().print(rows)


@app.command()
def approve(
    actor: Actor,
    reason: Reason,
    change_no: ChangeNo = "",
    all_of_actor: OfActor = None,
    data: Data = DATA,
) -> None:
    """Let a waiting change take effect, as of the time it was made: newer choices stand."""
    _decide(data, change_no, all_of_actor, (actor, reason), approved=True)


@app.command()
def reject(
    actor: Actor,
    reason: Reason,
    change_no: ChangeNo = "",
    all_of_actor: OfActor = None,
    data: Data = DATA,
) -> None:
    """Let a waiting change never take effect. It stays in the ledger."""
    _decide(data, change_no, all_of_actor, (actor, reason), approved=False)


@app.command()
def link(customer: Customer, hours: Hours = 24, data: Data = DATA) -> None:
    """Print the path of CUSTOMER's preference page, with a pass that opens no other one."""
    key = settings(data).inbox_key.get_secret_value()
    expires_at = datetime.now(UTC) + timedelta(hours=hours)
    typer.echo(f"{PATH}{preference_pass(customer, key, expires_at)}")


def _decide(
    data: Data, change_no: str, of_actor: str | None, who: tuple[str, str], *, approved: bool
) -> None:
    if bool(change_no) == (of_actor is not None):
        wrong("name a change, or --all-of-actor")
    actor, reason = (clean(word).strip() for word in who)
    if not actor or not reason:
        wrong("--actor and --reason must say who and why")
    with resources(data) as opened:
        chosen = _chosen(opened, change_no, of_actor)
        decided = waiting.decide(opened, chosen, approved=approved, actor=actor, reason=reason)
    typer.echo(f"{decided} {'approved' if approved else 'rejected'}")


def _chosen(opened: Resources, change_no: str, of_actor: str | None) -> list[Change]:
    if of_actor is not None:
        return waiting.of_actor(opened, of_actor)
    try:
        number = UUID(change_no)
    except ValueError:
        raise PreferenceError(
            f"no change is called {clean(change_no)}: `reminders preference held`"
        ) from None
    return [waiting.find(opened, number)]


def _on(allowed: bool) -> str:
    return "on" if allowed else "off"


def _line(made: Change) -> str:
    by = " ".join(filter(None, (made.actor, made.source))) or "nobody"
    wait = f" (waits: {made.held_for})" if made.waiting else ""
    at = f"{made.effective_at:%Y-%m-%d %H:%M}"
    return f"{at} UTC {made.channel} {made.kind} {_on(made.allowed)} by {by}{wait}"


def _told(made: Changed) -> Iterator[str]:
    if made.held_for:
        yield f"change {made.change_no} waits for a person: {made.held_for}"
    elif not made.effective:
        yield "kept, but something else bars the channel still: `reminders preference show`"
    else:
        yield f"change {made.change_no} holds from now on"
    yield f"reminders before the due date go by: {', '.join(made.remaining) or 'no channel'}"
    if made.disclosure:
        yield f"tell the customer ({made.disclosure.version}): {made.disclosure.text}"


def _change(made: Change) -> dict[str, object]:
    return {
        "change": str(made.change_no),
        "customer": made.ref,
        "channel": made.channel,
        "kind": made.kind,
        "allowed": made.allowed,
        "actor": made.actor,
        "source": made.source,
        "effective_at": made.effective_at.isoformat(),
        "received_at": made.received_at.isoformat(),
        "held_for": made.held_for,
        "approved": made.approved,
    }


def _changed(made: Changed) -> dict[str, object]:
    said = made.disclosure
    return {
        "change": str(made.change_no),
        "held_for": made.held_for,
        "effective": made.effective,
        "remaining": list(made.remaining),
        "disclosure": {"version": said.version, "text": said.text} if said else None,
    }


def _standing(found: Standing) -> dict[str, object]:
    return {
        "customer": found.ref,
        "channels": {
            each.channel: {
                "address": each.mask,
                "reachable": each.reachable,
                "on": each.on,
                "kinds": dict(each.kinds),
            }
            for each in found.settings
        },
        "offsets": list(found.offsets),
        "choices": list(found.choices),
        "next": [
            {
                "at": each.at.isoformat(),
                "bill": each.bill_id,
                "kind": each.kind,
                "channel": each.channel,
            }
            for each in found.notices
        ],
        "changes": [_change(each) for each in found.changes],
    }
