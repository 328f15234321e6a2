"""`reminders explain`: the checks behind the last decision of each stage of a bill."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reminders.cli.asking import ask
from reminders.cli.running import DATA, ledger, wrong
from reminders.cli.story_lines import Line, print_text, say, whole

# What reads the ledger is imported where the console does not tell it: that takes the longest.
if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from reminders.services.replaying import Replay

Json = Mapping[str, Any]  # Any: JSON


def explain(
    bill: str,
    stage: str = "",
    at: str = "",
    customer: str = "",
    verify: bool = False,
    for_customer: bool = False,
    language: str = "",
    as_json: bool = False,
    data: Path = DATA,
) -> None:
    """Print the explanations of a bill, of every customer who has one of that id."""
    moment = _instant(at) if at else None
    if language and not for_customer:
        wrong("--language is of the words for the customer: add --for-customer")
    if verify:
        _verify(bill, stage, customer, moment, data, as_json=as_json)
        return
    found = _told(bill, stage, moment, customer, language if for_customer else None, data)
    if as_json:
        import json

        print_text(json.dumps(found, indent=1, ensure_ascii=not for_customer))
    elif for_customer:
        say([whole(line) for line in each["lines"]] for each in found)
    else:
        say(explanation(each) for each in found)


def _instant(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        found = None
    # Of the first year and the last some hours do not exist in every zone.
    if found is None or found.tzinfo is None or not 1 < found.year < 9999:
        wrong(f"--at {text}: write it with its zone, as 2026-03-20T10:00:00Z")
    return found


def _told(
    bill: str, stage: str, at: datetime | None, customer: str, language: str | None, data: Path
) -> Sequence[Json]:
    """What the console tells, or else the ledger; letters in `language` where it is not None."""
    query = {"stage": stage, "at": at.isoformat() if at else "", "customer": customer}
    if language is not None:
        query |= {"for": "customer", "language": language}
    found = ask("explain", bill, query, data)
    if found is not None:
        return found
    from reminders.services import stories

    with ledger(data) as opened:
        if language is None:
            return stories.explanations(opened, bill, customer, stage, at)
        return stories.letters(opened, bill, customer, stage, at, language)


def _verify(
    bill: str, stage: str, customer: str, at: datetime | None, data: Path, *, as_json: bool
) -> None:
    """Exit code 1 if a decision does not replay to itself. The ledger's own bytes are judged."""
    from reminders.services.replaying import Replay, replayed
    from reminders.services.stories import histories

    with ledger(data) as opened:
        found = histories(opened, bill, customer, at)
    rows = [row for told in found for row in replayed(told, stage)]
    if as_json:
        import json

        print_text(json.dumps([row.as_json() for row in rows], indent=1))
    else:
        lines = [whole(row.words(), "red" if row.shown is Replay.DIFFERENT else "") for row in rows]
        say([[*lines, whole(_summary([row.shown for row in rows], Replay), "bold")]])
    if any(row.shown is Replay.DIFFERENT for row in rows):
        raise SystemExit(1)


def _summary(shown: Sequence[Replay], every: Iterable[Replay]) -> str:
    same, differ, bare = (shown.count(each) for each in every)
    left_out = f", {bare} without inputs kept" if bare else ""
    return f"{same} decisions replay to the same, {differ} to another{left_out}"


def explanation(told: Json) -> Iterator[Line]:
    """The lines of one bill's explanation, from its document."""
    from zoneinfo import ZoneInfo  # only text needs it

    zone = ZoneInfo(told["time_zone"])
    yield whole(told["title"], "bold")
    as_at = f" at {_local(told['as_of'], zone)}, by the facts of today" if told["as_of"] else ""
    times = f"(times are local, {told['time_zone']})"
    yield whole(f"tier {told['tier']}, {told['points']} points{as_at} {times}")
    for line in told["points_from"]:
        yield whole(f"  {line['points']:+4d}  {line['fact']}", "dim")
    basis = "by the facts of today" if told["as_of"] else "as things stand"
    for each in told["stages"]:
        yield whole("")
        yield from _decided(each, zone)
        if each["next_at"]:
            at = _local(each["next_at"], zone)
            yield whole(f"  next, {at} {basis}: {each['next']}", "blue")
        # The checks that are still to come only where no other stage is shown.
        if each["next_at"] and len(told["stages"]) == 1 and not each["checks"]:
            yield from _checks(each["next_checks"])
            yield from _otherwise(each["next_otherwise"])


def _decided(each: Json, zone: ZoneInfo) -> Iterator[Line]:
    """One stage up to now."""
    again = f", epoch {each['epoch']}" if each["epoch"] else ""
    under = f"{each['policy']}, packs {', '.join(each['packs']) or 'none'}"
    due = f"(due {_local(each['due_at'], zone)}, {under}{again})"
    yield whole(f"{each['stage']}  {each['state']}  {due}", "bold cyan")
    if each["flag"]:
        yield whole(f"  flagged when the bill arrived: {each['flag']}", "yellow")
    when = f"{_local(each['decided_at'], zone)}  " if each["decided_at"] else ""
    yield whole(f"  {when}{each['verdict']}{_tier_then(each)}")
    yield from _checks(each["checks"])
    yield from _otherwise(each["otherwise"])


def _local(at: str, zone: ZoneInfo) -> str:
    """`2026-03-22 10:00` on the customer's wall."""
    return f"{datetime.fromisoformat(at).astimezone(zone):%Y-%m-%d %H:%M}"


def _tier_then(each: Json) -> str:
    """The tier that was decided with; its points as far as today's facts still give that tier."""
    judged = each["judged_then"]
    if judged is None:
        return ""
    if judged["tier"] == each["tier"]:
        return f"  (tier {each['tier']} then, {judged['points']} points)"
    now = f"{judged['tier']}, {judged['points']} points by what is known today"
    return f"  (tier {each['tier']} then; {now})"


def _otherwise(words: str) -> Iterator[Line]:
    if words:
        yield whole(f"  {words}", "yellow")


def _checks(checks: Sequence[Json]) -> Iterator[Line]:
    for check in checks:
        mark, style = ("✓", "green") if check["passed"] else ("✗", "red")
        decided = check["decided"]
        yield [
            ("  → " if decided else "    ", ""),
            (mark, style),
            (f" {check['meaning']:24}", ""),
            (check["saw"], "dim"),
            (f"  [{check['cite']}]" if decided and check["cite"] else "", "dim"),
        ]
