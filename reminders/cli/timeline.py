"""`reminders timeline`: the story of one bill in the customer's own time."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from reminders.cli.asking import ask
from reminders.cli.running import DATA, ledger
from reminders.cli.story_lines import Line, print_text, say, whole

Json = Mapping[str, Any]  # Any: JSON

STYLES = {
    "event": "bold",
    "plan": "dim",
    "decision": "yellow",
    "attempt": "cyan",
    "receipt": "green",
    "reply": "cyan",
    "end": "magenta",
    "ahead": "blue",
}
_NARROWEST = 20  # columns of text, on however narrow a terminal


def timeline(bill: str, customer: str = "", as_json: bool = False, data: Path = DATA) -> None:
    """Print the stories of a bill, of every customer who has one of that id."""
    found: Sequence[Json] | None = ask("timeline", bill, {"customer": customer}, data)
    if found is None:
        from reminders.services.stories import timelines  # takes longer to import than to answer

        with ledger(data) as opened:
            found = timelines(opened, bill, customer)
    if as_json:
        import json

        print_text(json.dumps(found, indent=1))
        return
    say(_lines(story(told)) for told in found)


def _lines(parts: Iterable[tuple[str, str, str]]) -> Iterator[Line]:
    """(head, text, style) as lines; on a terminal the text is wrapped beside its head."""
    if not sys.stdout.isatty():
        yield from ([(head, "dim"), *whole(text, style)] for head, text, style in parts)
        return
    import shutil
    from textwrap import wrap

    width = shutil.get_terminal_size().columns
    for head, text, style in parts:
        room = max(_NARROWEST, width - len(head))
        for part in wrap(text, room, break_on_hyphens=False) or [""]:
            yield [(head, "dim"), *whole(part, style)]
            head = " " * len(head)


def story(told: Json) -> Iterator[tuple[str, str, str]]:
    """The lines of one bill's document as (date and time, text, style); a date where it changes."""
    yield "", told["title"], "bold"
    yield "", f"(local time, {told['time_zone']}; tier {told['tier']})", "dim"
    yield from _dated(told["entries"])
    coming = told["ahead"]
    yield "", "Still ahead, as things stand:" if coming else "Nothing is ahead.", "bold"
    yield from _dated(coming)


def _dated(entries: Sequence[Json]) -> Iterator[tuple[str, str, str]]:
    shown = ""
    for entry in entries:
        day, _, time = entry["local"].partition(" ")
        stage = f"{entry['stage']}: " if entry["stage"] else ""
        head = f"  {day if day != shown else '':10}  {time}  "
        yield head, stage + entry["text"], STYLES.get(entry["kind"], "")
        shown = day
