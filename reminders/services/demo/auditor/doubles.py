"""One bill, one stage, one channel: did it reach the customer more than once?"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from reminders.services.demo.auditor.dossier import Dossier
from reminders.services.demo.auditor.finding import DUPLICATE, Finding
from reminders.services.demo.auditor.logs import Call


def find_doubles(dossier: Dossier) -> Iterator[Finding]:
    # What asks for money and what does not, such as for a new address, are two messages.
    arrived: dict[tuple[str, str, bool], list[Call]] = {}
    for call in dossier.calls:
        if call.bill and call.reached:
            key = call.bill, call.channel, call.sums
            arrived.setdefault(key, []).append(call)
    for calls in arrived.values():
        calls.sort(key=lambda call: (call.at, call.began or 0.0))
        for call in calls:
            if len(call.reached) > 1 and call.answered is not None:
                yield _finding(dossier, call, "one request arrived twice")
        for first, second in pairwise(calls):
            if _same_stage(dossier, first, second) and not _unanswered(first, second):
                yield _finding(dossier, second, "arrived at this stage before")


def _finding(dossier: Dossier, call: Call, detail: str) -> Finding:
    return dossier.finding(DUPLICATE, call, dossier.stage(call), detail)


def _same_stage(dossier: Dossier, first: Call, second: Call) -> bool:
    """The same moment of the same turn; a fact that began a new turn between them parts them."""
    stages = dossier.stage(first), dossier.stage(second)
    if stages[0] != stages[1]:
        return False
    before, after = dossier.bill(first), dossier.bill(second)
    return not before or not after or before[0].turn == after[-1].turn


def _unanswered(first: Call, second: Call) -> bool:
    """The carrier had not answered the first when the second began, by its own log."""
    if first.answered is None:
        return True
    return second.began is not None and first.answered > second.began
