"""Judges every call: was it still right to make it, at that hour, on that channel, in that sum?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from reminders.services.demo.auditor.account import Owed
from reminders.services.demo.auditor.dossier import Dossier
from reminders.services.demo.auditor.finding import (
    AFTER_PAYMENT,
    CROSSED,
    ON_HOLD,
    OPTED_OUT,
    OUTSIDE_HOURS,
    WRONG_AMOUNT,
    Finding,
)
from reminders.services.demo.auditor.logs import Call
from reminders.services.demo.auditor.person import Reach
from reminders.services.demo.auditor.rules import StageWindow


def judge_calls(dossier: Dossier) -> Iterator[Finding]:
    for call in dossier.calls:
        stage = dossier.stage(call)
        yield from _money(dossier, call, stage)
        yield from _person(dossier, call, stage)


def _money(dossier: Dossier, call: Call, stage: StageWindow | None) -> Iterator[Finding]:
    """A call breaches where it is wrong by every state that its gate can have seen."""
    if not call.bill:
        return
    states = dossier.bill(call)
    overdue = stage is not None and stage.rule.kind == "overdue"
    open_states = [owed for owed in states if not owed.closed(overdue)]
    if not states:
        yield dossier.finding(WRONG_AMOUNT, call, stage, "the bill was not known yet")
    elif not open_states:
        yield dossier.finding(AFTER_PAYMENT, call, stage, _why_closed(states[0]))
    else:
        if _crossed(dossier, call, overdue):
            yield dossier.finding(CROSSED, call, stage, "a payment was fenced during the call")
        sums = {owed.left for owed in open_states}
        if call.amount is not None and call.amount not in sums:
            told = f"text says {call.amount}, left was {sorted(sums)} minor units"
            yield dossier.finding(WRONG_AMOUNT, call, stage, told)


def _why_closed(owed: Owed) -> str:
    if owed.void:
        return "cancelled before" if owed.void == "cancelled" else f"superseded by {owed.void}"
    return f"{owed.paid} of {owed.amount} minor units were paid before"


def _crossed(dossier: Dossier, call: Call, overdue: bool) -> bool:
    """A closing fact fenced after the earliest gate of this call, and before its end."""
    timeline = dossier.account.bills.get(call.bill)
    if timeline is None or call.began is None:
        return False
    end = call.began if call.answered is None else max(call.began, call.answered)
    return any(owed.closed(overdue) for owed in timeline.around(call.began - dossier.slack_s, end))


def _person(dossier: Dossier, call: Call, stage: StageWindow | None) -> Iterator[Finding]:
    states = dossier.reach(call)
    if not states:
        return
    if all(reach.zone and dossier.rules.quiet(call.at, reach.zone) for reach in states):
        yield dossier.finding(OUTSIDE_HOURS, call, stage, f"quiet in {states[0].zone}")
    kind = stage.rule.kind if stage else "*"
    if _all_bar(states, call.channel, kind):
        yield dossier.finding(OPTED_OUT, call, stage, "opted out before")
    if call.bill and all(reach.paused(call.bill, call.at, call.at) for reach in states):
        yield dossier.finding(ON_HOLD, call, stage, "on hold since before")


def _all_bar(states: Sequence[Reach], channel: str, kind: str) -> bool:
    return all(not reach.allows(channel, kind) for reach in states)
