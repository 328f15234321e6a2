"""`reminders retry`: what failed and waits for its time is tried now."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime
from typing import Annotated

import typer

from reminders.cli.options import AsJson, Data
from reminders.cli.running import DATA, console, resources, wrong
from reminders.cli.tables import Rows
from reminders.domain.customer import ChannelName
from reminders.ledger.reopening import Wanted
from reminders.services import retry as service
from reminders.services.retry import Retried
from reminders.services.wording import reason_words

Bill = Annotated[str, typer.Option(help="Only reminders of this bill.")]
OfChannel = Annotated[ChannelName | None, typer.Option(help="Only where this channel was tried.")]
Provider = Annotated[str, typer.Option(help="Only what this provider refused or left open.")]
Reason = Annotated[str, typer.Option(help="Only this reason, word for word as a dry run shows it.")]
Since = Annotated[str, typer.Option(metavar="TIME", help="Tried at or after, ISO 8601 (else UTC).")]
Until = Annotated[str, typer.Option(metavar="TIME", help="Tried before this.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Count what matches; change nothing.")]


def retry(
    bill: Bill = "",
    channel: OfChannel = None,
    provider: Provider = "",
    reason: Reason = "",
    since: Since = "",
    until: Until = "",
    dry_run: DryRun = False,
    as_json: AsJson = False,
    data: Data = DATA,
) -> None:
    """Try now what was refused and waits for its next try; ask now for answers that are missing.

    Everything goes through the same gate again: who has paid or opted out meanwhile hears nothing.
    Reminders that have ended stay ended; they are counted, and the next stage will speak.
    """
    tried = (_instant("--since", since), _instant("--until", until))
    wanted = Wanted(bill, channel or "", provider, reason, *tried)
    with resources(data) as opened:
        done = service.retry(opened, wanted, dry_run=dry_run)
        asked = frozenset(name for name in ChannelName if service.asks(opened, name))
    if as_json:
        typer.echo(json.dumps(_as_json(done), indent=1))
        return
    _print(done, asked, dry_run=dry_run)


def _instant(option: str, given: str) -> datetime | None:
    """An instant as ISO 8601; one without an offset is UTC, a date its midnight."""
    if not given:
        return None
    try:
        at = datetime.fromisoformat(given)
    except ValueError:
        wrong(f"{option} {given!r} is no time: write 2026-03-25 or 2026-03-25T09:30:00+08:00")
    return at if at.tzinfo is not None else at.replace(tzinfo=UTC)


def _groups(done: Retried) -> list[tuple[tuple[str, str, str, str], int]]:
    counts = Counter(
        (each.channel, each.provider, each.state, each.reason or "-") for each in done.found
    )
    return sorted(counts.items())


def _print(done: Retried, asked: frozenset[str], *, dry_run: bool) -> None:
    groups = _groups(done)
    if groups:
        rows = Rows("channel", "provider", "last try", "reason", "reminders")
        for (channel, provider, state, reason), count in groups:
            rows.add_row(channel, provider, state, reason, f"{count:,}")
        console().print(rows)
    if dry_run:
        typer.echo(f"{len(done.found):,} reminders would be due now")
    else:
        typer.echo(f"{done.due:,} reminders are due now")
    silent = sum(
        count for (name, _, state, _), count in groups if state == "uncertain" and name not in asked
    )
    if silent:
        typer.echo(
            f"{silent:,} of them have no answer, and their provider cannot be asked:"
            " they wait on for a receipt, then the next channel is tried"
        )
    for line in ended_lines(done):
        typer.echo(line)


def ended_lines(done: Retried) -> list[str]:
    """What matched too and stays as it ended, and who speaks next."""
    if not done.ended:
        return []
    whys = [
        f"{count:,} {state} ({reason_words(reason)})"
        for (state, reason), count in sorted(done.ended.items())
    ]
    after = "the next stage will speak"
    if done.next_stage_at is not None:
        after += f", on {done.next_stage_at:%Y-%m-%d %H:%M} UTC"
    return [f"{sum(done.ended.values()):,} have ended and stay so: {', '.join(whys)}; {after}"]


def _as_json(done: Retried) -> dict[str, object]:
    names = ("channel", "provider", "state", "reason")
    return {
        "matched": len(done.found),
        "due": done.due,
        "by": [
            {**dict(zip(names, key, strict=True)), "reminders": count}
            for key, count in _groups(done)
        ],
        "ended": [
            {"state": state, "reason": reason, "reminders": count}
            for (state, reason), count in sorted(done.ended.items())
        ],
    }
