"""Finds bills of which nobody heard at a stage where somebody should have."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from channels.sandbox.scripts import ALWAYS, Script, script_of_address, script_of_number
from reminders.services.demo.auditor.account import Owed
from reminders.services.demo.auditor.dossier import Dossier
from reminders.services.demo.auditor.finding import LOST, Finding
from reminders.services.demo.auditor.logs import Call
from reminders.services.demo.auditor.person import Reach
from reminders.services.demo.auditor.rules import StageWindow
from reminders.services.demo.auditor.tier import tier_of

# A bill must stay due for as long as the ladder may need to come to a channel that works: an
# hour where the first one does, else all waits of the longest ladder and its retries.
_AT_ONCE = timedelta(hours=1)
_DOWN_THE_LADDER = timedelta(hours=10)


def find_lost(dossier: Dossier) -> Iterator[Finding]:
    calls: dict[str, list[Call]] = {}
    for call in dossier.calls:
        calls.setdefault(call.bill, []).append(call)
    for bill, timeline in dossier.account.bills.items():
        dates = dict.fromkeys(owed.due_on for owed in timeline.states())
        zones = dict.fromkeys(reach.zone for reach in dossier.person.states() if reach.zone)
        windows = [
            window
            for due_on in dates
            for zone in zones
            for window in dossier.rules.windows(due_on, zone)
        ]
        for window in windows:
            if not _heard(calls.get(bill, ()), window) and _should_hear(dossier, bill, window):
                yield Finding(
                    LOST,
                    dossier.customer,
                    bill,
                    window.rule.name,
                    "a channel was open and nothing arrived",
                    window.start.isoformat(),
                )


def _heard(calls: Sequence[Call], window: StageWindow) -> bool:
    """A call of the stage's own time arrived, or a mailbox took it and swallowed it in silence.

    Of the latter the lender cannot know: e-mail says no more than "accepted".
    """
    return any(
        window.start <= call.at < window.end
        and (call.reached or (call.taken and call.channel == "email" and call.script == "silent"))
        for call in calls
    )


def _should_hear(dossier: Dossier, bill: str, window: StageWindow) -> bool:
    before = dossier.person.during(window.start, window.start)
    if not before:
        return False
    wait = _AT_ONCE if _first_works(before, window.rule.kind) else _DOWN_THE_LADDER
    end = min(window.start + wait, window.end)
    reach = dossier.person.during(window.start, end)
    owed = dossier.account.bills[bill].during(window.start, end)
    return (
        _stays_due(owed, window, reach[0].zone, dossier)
        and _can_hear(reach, bill, window, end)
        and _in_tier(dossier, window, end, reach[0].zone)
    )


def _stays_due(owed: Sequence[Owed], window: StageWindow, zone: str, dossier: Dossier) -> bool:
    """Due in this stage's time, in one turn, from before its start until its message is there."""
    if not owed or owed[0].amount <= 0:
        return False
    if not zone or window not in dossier.rules.windows(owed[0].due_on, zone):
        return False
    overdue = window.rule.kind == "overdue"
    first = (owed[0].due_on, owed[0].turn)
    return all((each.due_on, each.turn) == first and not each.closed(overdue) for each in owed)


def _can_hear(states: Sequence[Reach], bill: str, window: StageWindow, end: datetime) -> bool:
    """Not paused at any time, and one address works and is permitted all the time."""
    if any(
        reach.paused(bill, window.start, end) or reach.zone != states[0].zone for reach in states
    ):
        return False
    open_to = [
        {
            (channel, address)
            for channel, address in reach.addresses
            if reach.allows(channel, window.rule.kind) and _works(channel, address)
        }
        for reach in states
    ]
    return bool(set.intersection(*open_to))


def _in_tier(dossier: Dossier, window: StageWindow, end: datetime, zone: str) -> bool:
    """This stage is for the customer's tier by every state of the facts until `end`."""
    if window.rule.tiers == dossier.rules.tiers:
        return True
    today = window.start.astimezone(ZoneInfo(zone)).date()
    failures = dossier.account.failures.during(window.start, end)
    seen = [
        (bill, timeline.during(window.start, end))
        for bill, timeline in dossier.account.bills.items()
    ]
    # Facts of that very day may have come before or after the tier was judged.
    for which in (0, -1):
        bills = [(bill, states[which]) for bill, states in seen if states]
        tier = tier_of(bills, failures[which], dossier.rules.points, today, zone)
        if tier not in window.rule.tiers:
            return False
    return True


def _first_works(states: Sequence[Reach], kind: str) -> bool:
    """Every address that may be tried answers and delivers at once."""
    return all(
        _prompt(_script(channel, address))
        for reach in states
        for channel, address in reach.addresses
        if channel != "in_app" and reach.allows(channel, kind)
    )


def _script(channel: str, address: str) -> Script:
    return script_of_number(address) if channel == "sms" else script_of_address(address)


def _prompt(script: Script) -> bool:
    return script.reaches and script.takes and script.answers and script.refuses == 0


def _works(channel: str, address: str) -> bool:
    if channel == "in_app":
        return True
    script = _script(channel, address)
    return script.reaches and script.takes and script.refuses != ALWAYS
