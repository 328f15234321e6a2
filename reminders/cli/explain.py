"""`reminders explain`: the checks behind the last decision of each stage of a bill."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Annotated

import typer

from reminders.cli.running import DATA, AsJson, Data, ledger, wrong
from reminders.cli.story_lines import Line, say, whole
from reminders.messages.facts import clean
from reminders.services import explain as service
from reminders.services.as_of import as_of
from reminders.services.bill_history import BillHistory, load
from reminders.services.customer_explain import Letter, letter
from reminders.services.explain import Asked, Explained
from reminders.services.replaying import Replay
from reminders.services.timeline import title
from reminders.services.wording import local

Bill = Annotated[str, typer.Argument(metavar="BILL", help="The bill's id, as billing gave it.")]
Customer = Annotated[str, typer.Option(help="Only this customer's, where several have that id.")]
OfStage = Annotated[str, typer.Option("--stage", help="Only this stage, such as d-3.")]
At = Annotated[
    str, typer.Option(help="As things stood at this instant, such as 2026-03-20T10:00:00Z.")
]
Verify = Annotated[bool, typer.Option("--verify", help="Replay every decision from its inputs.")]
ForCustomer = Annotated[bool, typer.Option("--for-customer", help="In words for the customer.")]
Language = Annotated[
    str, typer.Option(help="Of the words for the customer: zh-CN, zh-TW, en; else their own.")
]


def explain(
    bill: Bill,
    stage: OfStage = "",
    at: At = "",
    customer: Customer = "",
    verify: Verify = False,
    for_customer: ForCustomer = False,
    language: Language = "",
    as_json: AsJson = False,
    data: Data = DATA,
) -> None:
    """Explain what was decided about BILL: each check, what it saw, and the one that decided.

    Also its citation, what would have happened but for it, the versions of policy and packs, the
    tier with the points that add up to it, and what happens next as things stand.
    """
    moment = _instant(at) if at else None
    with ledger(data) as opened:
        found, lender = load(opened, bill, customer), opened.lender
    told = [each if moment is None else as_of(each, moment) for each in found]
    if verify:
        _verify(told, stage, as_json=as_json)
    elif for_customer:
        _write([letter(each, lender, stage, language) for each in told], as_json=as_json)
    else:
        _explain([(each, service.explain(each, stage)) for each in told], as_json=as_json)


def _instant(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        wrong(f"--at {text}: write it with its zone, as 2026-03-20T10:00:00Z")
    return found


def _explain(found: Sequence[tuple[BillHistory, list[Explained]]], *, as_json: bool) -> None:
    if as_json:
        import json

        from reminders.services.explain_json import as_json as for_programs

        typer.echo(json.dumps([for_programs(*each) for each in found], indent=1))
        return
    say(explanation(*each) for each in found)


def _verify(found: Sequence[BillHistory], stage: str, *, as_json: bool) -> None:
    """Exit code 1 if a decision does not replay to itself."""
    from reminders.services.replaying import replayed

    rows = [row for told in found for row in replayed(told, stage)]
    if as_json:
        import json

        typer.echo(json.dumps([row.as_json() for row in rows], indent=1))
    else:
        lines = [whole(row.words(), "red" if row.shown is Replay.DIFFERENT else "") for row in rows]
        say([[*lines, whole(_summary([row.shown for row in rows]), "bold")]])
    if any(row.shown is Replay.DIFFERENT for row in rows):
        raise typer.Exit(1)


def _summary(shown: Sequence[Replay]) -> str:
    same, differ, bare = (shown.count(each) for each in Replay)
    left_out = f", {bare} without inputs kept" if bare else ""
    return f"{same} decisions replay to the same, {differ} to another{left_out}"


def _write(letters: Sequence[Letter], *, as_json: bool) -> None:
    if as_json:
        import json

        typer.echo(json.dumps([each.as_json() for each in letters], indent=1, ensure_ascii=False))
        return
    say([whole(line) for line in each.lines] for each in letters)


def explanation(told: BillHistory, stages: Sequence[Explained]) -> Iterator[Line]:
    """The lines of one bill's explanation."""
    yield whole(title(told), "bold")
    judged = told.assessment()
    as_at = ""
    if told.asked_at is not None:
        as_at = f" at {local(told.asked_at, told.zone)}, by the facts of today"
    yield whole(f"tier {judged.tier}, {judged.points} points{as_at} (times are local, {told.zone})")
    for line in judged.lines:
        yield whole(f"  {line.points:+4d}  {line.fact}", "dim")
    for each in stages:
        yield whole("")
        yield from _stage(told, each, foreseen=len(stages) == 1)


def _stage(told: BillHistory, each: Explained, *, foreseen: bool) -> Iterator[Line]:
    """One stage; the checks that are still to come only where no other stage is shown."""
    zone = told.zone
    again = f", epoch {each.epoch}" if each.epoch else ""
    under = f"{each.policy}, packs {', '.join(each.packs) or 'none'}"
    yield whole(
        f"{each.stage}  {each.state}  (due {local(each.due_at, zone)}, {under}{again})",
        "bold cyan",
    )
    if each.flag:
        yield whole(f"  flagged when the bill arrived: {each.flag}", "yellow")
    yield whole(f"  {_when(each, zone)}{each.verdict}{_tier_then(each)}")
    yield from _checks(each.checks)
    yield from _otherwise(each.otherwise)
    if each.next_at is None:
        return
    basis = "by the facts of today" if told.asked_at is not None else "as things stand"
    yield whole(f"  next, {local(each.next_at, zone)} {basis}: {each.next}", "blue")
    if foreseen and not each.checks:
        yield from _checks(each.next_checks)
        yield from _otherwise(each.next_otherwise)


def _when(each: Explained, zone: str) -> str:
    return f"{local(each.decided_at, zone)}  " if each.decided_at else ""


def _tier_then(each: Explained) -> str:
    """The tier that was decided with; its points as far as today's facts still give that tier."""
    if each.judged is None:
        return ""
    if each.judged.tier == each.tier:
        return f"  (tier {each.tier} then, {each.judged.points} points)"
    now = f"{each.judged.tier}, {each.judged.points} points by what is known today"
    return f"  (tier {each.tier} then; {now})"


def _otherwise(words: str) -> Iterator[Line]:
    if words:
        yield whole(f"  {words}", "yellow")


def _checks(checks: Sequence[Asked]) -> Iterator[Line]:
    for check in checks:
        mark, style = ("✓", "green") if check.passed else ("✗", "red")
        yield [
            ("  → " if check.decided else "    ", ""),
            (mark, style),
            (f" {check.meaning:24}", ""),
            (check.saw, "dim"),
            (f"  [{clean(check.cite)}]" if check.decided and check.cite else "", "dim"),
        ]
