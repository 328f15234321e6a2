"""Finds bills of which nobody heard at a stage where somebody should have."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from reminders.services.demo.auditor.account import Owed
from reminders.services.demo.auditor.capped import held_back
from reminders.services.demo.auditor.carriers import prompt, works
from reminders.services.demo.auditor.contacts import Contact
from reminders.services.demo.auditor.dossier import Dossier
from reminders.services.demo.auditor.finding import LOST, Finding
from reminders.services.demo.auditor.law import Place, class_of, kind_on
from reminders.services.demo.auditor.logs import Call
from reminders.services.demo.auditor.person import Reach
from reminders.services.demo.auditor.sends import is_fresh
from reminders.services.demo.auditor.stages import StageWindow
from reminders.services.demo.auditor.tier import local_day, tiers_of

_STEP = timedelta(minutes=15)


def find_lost(dossier: Dossier) -> Iterator[Finding]:
    calls: dict[str, list[Call]] = {}
    for call in dossier.calls:
        if call.sums:  # what asks for a new address tells of no bill
            calls.setdefault(call.bill, []).append(call)
    for bill in dossier.account.bills:
        for window in _windows(dossier, bill):
            if not _heard(calls.get(bill, ()), window) and _should_hear(dossier, bill, window):
                yield Finding(
                    LOST,
                    dossier.customer,
                    bill,
                    window.rule.name,
                    "a channel was open and nothing arrived",
                    window.start.isoformat(),
                )


def _windows(dossier: Dossier, bill: str) -> Iterator[StageWindow]:
    """Every stage that the bill had by any of its states and its customer's."""
    states = dossier.account.bills[bill].states()
    terms = dict.fromkeys((owed.due_on, owed.issued_at) for owed in states)
    places = dict.fromkeys(reach.place for reach in dossier.person.states() if reach.place)
    found = (
        window
        for due_on, issued_at in terms
        for place in places
        for window in dossier.rules.windows(due_on, issued_at, place)
    )
    yield from dict.fromkeys(found)


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
    """A stage with a condition, or without an allowed hour, is not asked for."""
    before = dossier.person.during(window.start, window.start)
    if not before or before[0].place is None or window.rule.asks or not window.fits:
        return False
    place = before[0].place
    kind = window.rule.kind
    at_once = all(_prompt(reach, kind) for reach in before)
    wait = dossier.rules.at_once if at_once else dossier.rules.down_the_ladder
    end = _open_for(dossier, place, window, wait)
    if end is None:
        return False
    reach = dossier.person.during(window.start, end)
    owed = dossier.account.bills[bill].during(window.start, end)
    return (
        _stays_due(owed, window, place, dossier)
        and _can_hear(dossier, reach, owed[0], bill, window, end)
        and _is_meant(dossier, reach, window, end)
    )


def _open_for(
    dossier: Dossier, place: Place, window: StageWindow, wait: timedelta
) -> datetime | None:
    """When `wait` of allowed hours has passed since the start; None: not within the stage."""
    at, passed = window.start, timedelta(0)
    while passed < wait and at < window.end:
        if dossier.rules.law.is_open(place, window.rule.kind, at):
            passed += _STEP
        at += _STEP
    return at if passed >= wait and at <= window.end else None


def _stays_due(owed: Sequence[Owed], window: StageWindow, place: Place, dossier: Dossier) -> bool:
    """Due in this stage's time, in one turn, from before its start until its message is there."""
    if not owed or owed[0].amount <= 0:
        return False
    if window not in dossier.rules.windows(owed[0].due_on, owed[0].issued_at, place):
        return False
    overdue = window.rule.kind == "overdue"
    first = (owed[0].due_on, owed[0].turn)
    return all((each.due_on, each.turn) == first and not each.closed(overdue) for each in owed)


def _can_hear(
    dossier: Dossier,
    states: Sequence[Reach],
    owed: Owed,
    bill: str,
    window: StageWindow,
    end: datetime,
) -> bool:
    """Not paused at any time, and one address works and is permitted all the time."""
    place = states[0].place
    if any(reach.paused(bill, window.start, end) or reach.place != place for reach in states):
        return False
    kinds = {kind_on(owed.due_on, local_day(at, states[0].zone)) for at in (window.start, end)}
    open_to = [
        {
            (channel, address)
            for channel, address in reach.addresses
            if channel in dossier.rules.everywhere
            and all(reach.allows(channel, kind) for kind in kinds)
            and works(channel, address)
            and is_fresh(dossier, reach, channel, end)
        }
        for reach in states
    ]
    return any(
        channel == "in_app"
        or not any(
            held_back(
                dossier,
                states,
                Contact(window.start, channel, class_of(kind), dossier.customer, bill, address),
                end,
            )
            for kind in kinds
        )
        for channel, address in set.intersection(*open_to)
    )


def _is_meant(
    dossier: Dossier, states: Sequence[Reach], window: StageWindow, end: datetime
) -> bool:
    """This stage is for the customer: by their own choice of days, else by every tier that they
    may have had until `end`."""
    rules = dossier.rules
    if rules.held_out(dossier.customer, window.rule.kind):
        return False
    if window.rule.kind == "pre_due":
        chosen = {rules.wanted_days(reach.chosen) for reach in states}
        if any(chosen):
            return all(window.rule.days in days for days in chosen)
    return window.rule.tiers == rules.tiers or _in_tier(dossier, window, end, states[0].zone)


def _in_tier(dossier: Dossier, window: StageWindow, end: datetime, zone: str) -> bool:
    signs = dossier.account.signs.during(window.start, end)
    seen = [
        (bill, timeline.during(window.start, end))
        for bill, timeline in dossier.account.bills.items()
    ]
    # Facts of that very day may have come before or after the tier was judged, and a message
    # that waits for the next day is judged by that one.
    for which, at in ((0, window.start), (-1, end)):
        bills = [(bill, states[which]) for bill, states in seen if states]
        today = local_day(at, zone)
        tiers = tiers_of(bills, signs[which], dossier.rules.card, today, zone)
        if not tiers <= window.rule.tiers:
            return False
    return True


def _prompt(reach: Reach, kind: str) -> bool:
    """Every address that may be tried answers and delivers at once."""
    return all(
        prompt(channel, address)
        for channel, address in reach.addresses
        if reach.allows(channel, kind)
    )
