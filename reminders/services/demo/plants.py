"""Breaches to plant into a recorded run, each where it breaks one rule and nothing else."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from reminders.services.demo.auditor.account import Owed
from reminders.services.demo.auditor.capped import find_over_caps
from reminders.services.demo.auditor.dossier import Dossier
from reminders.services.demo.auditor.finding import (
    AFTER_PAYMENT,
    DUPLICATE,
    LOST,
    OPTED_OUT,
    OUTSIDE_HOURS,
    OVER_CAP,
    WRONG_AMOUNT,
)
from reminders.services.demo.auditor.logs import Call
from reminders.services.demo.auditor.person import Reach
from reminders.services.demo.auditor.sends import is_fresh
from reminders.services.demo.auditor.silence import find_lost
from reminders.services.demo.auditor.timeline import Timeline

Line = dict[str, Any]  # Any: JSON
_PLANTED = "planted"
_QUIET_AROUND_S = 3.0
_EVENING = (19, 20, 21)
_LATE_EVENING = 22
_MOST_PLANTED = 6


@dataclass(frozen=True, slots=True)
class Fault:
    """One breach: `check` must count it. References are those of attempts."""

    name: str
    check: str
    gone: frozenset[str] = frozenset()
    changed: Mapping[str, Line] = field(default_factory=dict)  # new fields of a request
    added: Mapping[str, list[Line]] = field(default_factory=dict)  # by channel


def _dropped(dossier: Dossier) -> Fault | None:
    """All that was sent at one stage, gone."""
    for loss in find_lost(_having(dossier, ())):
        start = datetime.fromisoformat(loss.at)
        gone = frozenset(
            call.reference
            for call in dossier.calls
            if call.bill == loss.bill
            and (stage := dossier.stage(call)) is not None
            and stage.start == start
        )
        if gone and not list(find_over_caps(_having(dossier, _without(dossier, gone)))):
            return Fault("dropped", LOST, gone=gone)
    return None


def _doubled(dossier: Dossier) -> Fault | None:
    """The same message once more, a moment after the first was answered."""
    for call in _calm_calls(dossier):
        if not call.reached or call.answered is None:
            continue
        again = _planted(call, call.channel, call.answered + 0.001)
        if _over_caps(dossier, again) == 0:
            return Fault("doubled", DUPLICATE, added={call.channel: _lines(again, arrives=True)})
    return None


def _after_payment(dossier: Dossier) -> Fault | None:
    """A request well after the fence of the payment that settled its bill."""
    for bill, timeline in dossier.account.bills.items():
        for fenced, at in _settled(timeline, dossier.slack_s):
            began = fenced + dossier.slack_s + _QUIET_AROUND_S / 6
            call = Call(_PLANTED, "sms", dossier.customer, bill, 100, at, began, "deliver")
            if _proper_person(dossier, call) and _over_caps(dossier, call) == 0:
                return Fault("after payment", AFTER_PAYMENT, added={"sms": _lines(call)})
    return None


def _settled(timeline: Timeline[Owed], slack_s: float) -> Iterator[tuple[float, datetime]]:
    for fenced, at, owed in timeline.moments():
        if not owed.void and owed.closed(overdue=False):
            calm = timeline.around(fenced, fenced + 2 * slack_s + _QUIET_AROUND_S)
            if all(each.closed(overdue=False) for each in calm):
                yield fenced, at


def _out_of_hours(dossier: Dossier) -> Fault | None:
    """One request, moved to the late evening of its day: nobody allows that."""
    moved = _moved(dossier, (_LATE_EVENING,), by_policy=False)
    return Fault("out of hours", OUTSIDE_HOURS, changed=moved) if moved else None


def _out_of_local_hours(dossier: Dossier) -> Fault | None:
    """One request, moved to an evening hour that the policy allows and the law there does not."""
    moved = _moved(dossier, _EVENING, by_policy=True)
    return Fault("out of the law's hours", OUTSIDE_HOURS, changed=moved) if moved else None


def _moved(dossier: Dossier, hours: Sequence[int], by_policy: bool) -> Mapping[str, Line] | None:
    """A request at another hour of its day that is not allowed, by the policy or by a pack."""
    for call in _calm_calls(dossier):
        local = call.at.astimezone(ZoneInfo(dossier.reach(call)[-1].zone))
        for hour in hours:
            evening = local.replace(hour=hour, minute=30)
            later = replace(call, at=evening.astimezone(UTC))
            if (
                local < evening
                and dossier.rules.law.quiet.allows(evening, frozenset()) is by_policy
                and dossier.stage(later) == dossier.stage(call)
                and _proper_person(dossier, later, at_night=True)
                and _over_caps(dossier, later, but=call.reference) == 0
            ):
                return {call.reference: {"at": later.at.isoformat()}}
    return None


def _opted_out(dossier: Dossier) -> Fault | None:
    """A text message beside another one, to someone who wants no text messages."""
    return _barred_text(dossier, "opted out", "*")


def _opted_out_of_kind(dossier: Dossier) -> Fault | None:
    """The same to someone who wants no text messages once a bill is overdue."""
    return _barred_text(dossier, "opted out of a kind", "overdue")


def _barred_text(dossier: Dossier, name: str, kind: str) -> Fault | None:
    for call in _calm_calls(dossier, in_app_too=True):
        reaches, kinds = dossier.reach(call), dossier.kinds(call)
        of_every_kind = any(("sms", "*") in reach.barred for reach in reaches)
        if call.channel == "sms" or of_every_kind is not (kind == "*"):
            continue
        if kind not in ("*", *kinds) or call.began is None:
            continue
        text = _planted(call, "sms", call.began)
        barred = not any(reach.allows("sms", each) for reach in reaches for each in kinds)
        fresh = all(is_fresh(dossier, reach, "sms", call.at) for reach in reaches)
        if barred and fresh and _over_caps(dossier, text) == 0:
            return Fault(name, OPTED_OUT, added={"sms": _lines(text)})
    return None


def _over_the_day(dossier: Dossier) -> Fault | None:
    """So many texts beside one that was right that the last of them is one too many."""
    for call in _calm_calls(dossier):
        if call.began is None or not _proper_person(dossier, replace(call, channel="sms")):
            continue
        added: list[Call] = []
        while len(added) < _MOST_PLANTED and _over_caps(dossier, *added) == 0:
            number = len(added)
            text = _planted(call, "sms", call.began + 0.01 * (number + 1))
            added.append(replace(text, reference=f"{_PLANTED}-{number}"))
        if _over_caps(dossier, *added) == 1:
            lines = [line for text in added for line in _lines(text)]
            return Fault("beyond a cap", OVER_CAP, added={"sms": lines})
    return None


def _wrong_amount(dossier: Dossier) -> Fault | None:
    for call in _calm_calls(dossier):
        wrong = {"text": _text(call.bill, (call.amount or 0) + 100)}
        return Fault("wrong amount", WRONG_AMOUNT, changed={call.reference: wrong})
    return None


def _having(dossier: Dossier, calls: Sequence[Call]) -> Dossier:
    return replace(dossier, calls=calls, _stages={})


def _without(dossier: Dossier, gone: Collection[str]) -> list[Call]:
    return [call for call in dossier.calls if call.reference not in gone]


def _over_caps(dossier: Dossier, *added: Call, but: str = "") -> int:
    """How many messages would be beyond a cap with these, and without that attempt."""
    calls = [*_without(dossier, {but}), *added]
    return len(list(find_over_caps(_having(dossier, calls))))


def _calm_calls(dossier: Dossier, in_app_too: bool = False) -> Iterator[Call]:
    """Calls about a known sum, made once, with no fact near them that could excuse anything."""
    times = Counter(call.reference for call in dossier.calls)
    for call in dossier.calls:
        if call.amount is None or not call.bill or times[call.reference] > 1:
            continue
        if call.began is None or (call.channel == "in_app" and not in_app_too):
            continue
        near = call.began - _QUIET_AROUND_S, call.began + _QUIET_AROUND_S
        timeline = dossier.account.bills[call.bill]
        if len(timeline.around(*near)) == 1 and len(dossier.person.around(*near)) == 1:
            yield call


def _proper_person(dossier: Dossier, call: Call, at_night: bool = False) -> bool:
    """True if the call breaches nothing but what is being planted."""
    reach = dossier.reach(call)
    return bool(reach) and all(
        each.zone
        and each.allows(call.channel, "*")
        and not any(channel == call.channel for channel, kind in each.barred)
        and not each.paused(call.bill, call.at, call.at)
        and _is_open(dossier, each, call) is not at_night
        for each in reach
    )


def _is_open(dossier: Dossier, reach: Reach, call: Call) -> bool:
    return reach.place is not None and any(
        dossier.rules.law.is_open(reach.place, kind, call.at) for kind in dossier.kinds(call)
    )


def _planted(call: Call, channel: str, began: float) -> Call:
    """A message as `call`, that its carrier takes."""
    return replace(
        call,
        reference=f"{_PLANTED}-{channel}",
        channel=channel,
        began=began,
        script="deliver",
        to="",
        answered=began + 0.001,
        taken=True,
        reached=[],
    )


def _lines(call: Call, arrives: bool = False) -> list[Line]:
    """What its carrier would have logged of it."""
    began = call.began or 0.0
    lines = [
        _line("request", call, began, text=_text(call.bill, call.amount)),
        _line("answer", call, began + 0.001, status="202"),
    ]
    return [*lines, _line("reached", call, began + 0.002)] if arrives else lines


def _line(kind: str, call: Call, machine: float, **more: str) -> Line:
    return {
        "kind": kind,
        "at": call.at.isoformat(),
        "machine": machine,
        "began": call.began,
        "reference": call.reference,
        "key": _PLANTED,
        "to": "",
        "script": "deliver",
        "error": "",
        **more,
    }


def _text(bill: str, amount: int | None) -> str:
    return f"NT${(amount or 0) / 100:,.2f} https://pay.example.com/{bill}"


PLANTERS: Mapping[str, Callable[[Dossier], Fault | None]] = {
    "dropped": _dropped,
    "doubled": _doubled,
    "after payment": _after_payment,
    "out of hours": _out_of_hours,
    "out of the law's hours": _out_of_local_hours,
    "opted out": _opted_out,
    "opted out of a kind": _opted_out_of_kind,
    "beyond a cap": _over_the_day,
    "wrong amount": _wrong_amount,
}
