"""Judges every call: was it still right to make it, at that hour, on that channel, in that sum?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from reminders.services.demo.auditor.account import Owed
from reminders.services.demo.auditor.carriers import works
from reminders.services.demo.auditor.contacts import may_be_taken
from reminders.services.demo.auditor.dossier import Dossier
from reminders.services.demo.auditor.finding import (
    AFTER_PAYMENT,
    CROSSED,
    ON_HOLD,
    OPTED_OUT,
    OUTSIDE_HOURS,
    STALE,
    WRONG_AMOUNT,
    Finding,
)
from reminders.services.demo.auditor.logs import Call
from reminders.services.demo.auditor.person import Reach
from reminders.services.demo.auditor.stages import StageWindow


def judge_calls(dossier: Dossier) -> Iterator[Finding]:
    spoken_of: set[str] = set()
    for call in sorted(dossier.calls, key=lambda each: (each.at, each.began or 0.0)):
        stage = dossier.stage(call)
        yield from _money(dossier, call, stage)
        yield from _person(dossier, call, stage)
        yield from _permitted(dossier, call, stage, first=call.bill not in spoken_of)
        if may_be_taken(call):
            spoken_of.add(call.bill)


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
    kinds = dossier.kinds(call)
    places = [reach.place for reach in states if reach.place is not None]
    if places and not any(
        dossier.rules.law.is_open(place, kind, call.at) for place in places for kind in kinds
    ):
        where = f"{', '.join(places[0].zones)} ({places[0].jurisdiction})"
        yield dossier.finding(OUTSIDE_HOURS, call, stage, f"{kinds[0]} not allowed in {where}")
    if call.bill and all(reach.paused(call.bill, call.at, call.at) for reach in states):
        yield dossier.finding(ON_HOLD, call, stage, "on hold since before")


def _permitted(
    dossier: Dossier, call: Call, stage: StageWindow | None, first: bool
) -> Iterator[Finding]:
    """By the customer's own word; and on an address that was confirmed as lately as law asks.

    Law may order one notice of a bill in spite of a refusal, where nothing else can carry it.
    """
    states, kinds = dossier.reach(call), dossier.kinds(call)
    if not states:
        return
    allowed = any(reach.allows(call.channel, kind) for reach in states for kind in kinds)
    if not allowed and not (first and _ordered(dossier, call, states, kinds)):
        yield dossier.finding(OPTED_OUT, call, stage, f"{kinds[0]} opted out before")
    if call.complained:
        yield dossier.finding(OPTED_OUT, call, stage, "called spam at this address before")
    if not any(is_fresh(dossier, reach, call.channel, call.at) for reach in states):
        yield dossier.finding(STALE, call, stage, "the address was not confirmed in time")


def _ordered(dossier: Dossier, call: Call, states: Sequence[Reach], kinds: Sequence[str]) -> bool:
    products = {owed.product for owed in dossier.bill(call)}
    return any(
        reach.place is not None
        and dossier.rules.law.orders(reach.place.jurisdiction, kind, product)
        and not any(
            channel in dossier.rules.everywhere
            and reach.allows(channel, kind)
            and works(channel, address)
            for channel, address in reach.addresses
        )
        for reach in states
        for kind in kinds
        for product in products
    )


def is_fresh(dossier: Dossier, reach: Reach, channel: str, at: datetime) -> bool:
    """True unless law there asks for a confirmation of this address that is not at hand."""
    if reach.place is None:
        return True
    days = dossier.rules.law.fresh_days(reach.place.jurisdiction, channel)
    return days is None or reach.confirmed_since(channel, at - timedelta(days=days))
