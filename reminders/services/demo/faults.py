"""Breaks a recorded run in one place at a time, to see that the auditor notices."""

from __future__ import annotations

import json
import re
import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from reminders.services.demo.auditor.account import Owed
from reminders.services.demo.auditor.audit import Inputs, read_run
from reminders.services.demo.auditor.dossier import Dossier
from reminders.services.demo.auditor.finding import (
    AFTER_PAYMENT,
    DUPLICATE,
    LOST,
    OPTED_OUT,
    OUTSIDE_HOURS,
    WRONG_AMOUNT,
)
from reminders.services.demo.auditor.lines import read_lines
from reminders.services.demo.auditor.logs import Call
from reminders.services.demo.auditor.person import Reach
from reminders.services.demo.auditor.silence import find_lost
from reminders.services.demo.auditor.timeline import Timeline
from reminders.services.demo.errors import BadData

Line = dict[str, Any]  # Any: JSON
_PLANTED = "planted"
_LATE_EVENING = 22
_QUIET_AROUND_S = 3.0


@dataclass(frozen=True, slots=True)
class Fault:
    """One breach: `check` must count it. References are those of attempts."""

    name: str
    check: str
    gone: frozenset[str] = frozenset()
    changed: Mapping[str, Line] = field(default_factory=dict)  # new fields of a request
    added: Mapping[str, list[Line]] = field(default_factory=dict)  # by channel


def find_faults(inputs: Inputs) -> list[Fault]:
    """One fault of each kind, each where the run gives room for it.

    Raises `BadData` if the run is too small to hold one of them.
    """
    faults: dict[str, Fault] = {}
    for dossier in read_run(inputs).dossiers():
        for name, plant in _PLANTERS.items():
            if name not in faults and (fault := plant(dossier)) is not None:
                faults[name] = fault
        if len(faults) == len(_PLANTERS):
            return [faults[name] for name in _PLANTERS]
    raise BadData(f"no place for: {', '.join(sorted(_PLANTERS.keys() - faults.keys()))}")


def planted_copy(fault: Fault, inputs: Inputs, folder: Path) -> Inputs:
    """A copy of the run in `folder`, with this fault in it."""
    folder.mkdir(parents=True, exist_ok=True)
    for path in (inputs.published, inputs.fenced):
        shutil.copyfile(path, folder / path.name)
    copy = Inputs.of(folder, inputs.policy, inputs.gate_to_call_max_s)
    for channel, source, target in (
        ("sms", inputs.sms, copy.sms),
        ("email", inputs.email, copy.email),
        ("in_app", inputs.phone, copy.phone),
    ):
        with target.open("w", encoding="utf-8", errors="surrogatepass") as new:
            for old in _old_lines(source):
                line = _edited(fault, old)
                if line is not None:
                    new.write(json.dumps(line, ensure_ascii=False) + "\n")
            for line in fault.added.get(channel, ()):
                new.write(json.dumps(line, ensure_ascii=False) + "\n")
    return copy


def _old_lines(path: Path) -> Iterator[Line]:
    return read_lines(path) if path.exists() else iter(())


def _edited(fault: Fault, line: Line) -> Line | None:
    if "messages" in line:
        kept = [each for each in line["messages"] if each["attempt_id"] not in fault.gone]
        return {**line, "messages": kept}
    if line["reference"] in fault.gone:
        return None
    if line["kind"] == "request":
        return {**line, **fault.changed.get(line["reference"], {})}
    return line


def _dropped(dossier: Dossier) -> Fault | None:
    """All that was sent at one stage, gone."""
    silent = Dossier(
        dossier.customer, dossier.account, dossier.person, (), dossier.rules, dossier.slack_s
    )
    for loss in find_lost(silent):
        start = datetime.fromisoformat(loss.at)
        gone = frozenset(
            call.reference
            for call in dossier.calls
            if call.bill == loss.bill
            and (stage := dossier.stage(call)) is not None
            and stage.start == start
        )
        if gone:
            return Fault("dropped", LOST, gone=gone)
    return None


def _doubled(dossier: Dossier) -> Fault | None:
    for call in _calm_calls(dossier):
        if call.reached and call.answered is not None:
            return Fault("doubled", DUPLICATE, added={call.channel: _again(call)})
    return None


def _again(call: Call) -> list[Line]:
    """The same message once more, a moment after the first was answered."""
    began = (call.answered or 0.0) + 0.001
    return [
        _line("request", call, began, text=_text(call.bill, call.amount)),
        _line("answer", call, began + 0.001, status="202"),
        _line("reached", call, began + 0.002),
    ]


def _after_payment(dossier: Dossier) -> Fault | None:
    """A request well after the fence of the payment that settled its bill."""
    for bill, timeline in dossier.account.bills.items():
        for fenced, at in _settled(timeline, dossier.slack_s):
            call = Call(_PLANTED, "sms", dossier.customer, bill, 100, at, 0.0, "")
            call.began = fenced + dossier.slack_s + _QUIET_AROUND_S / 6
            if _proper_person(dossier, call):
                line = _line("request", call, call.began, text=_text(bill, 100))
                return Fault("after payment", AFTER_PAYMENT, added={"sms": [line]})
    return None


def _settled(timeline: Timeline[Owed], slack_s: float) -> Iterator[tuple[float, datetime]]:
    for fenced, at, owed in timeline.moments():
        if not owed.void and owed.closed(overdue=False):
            calm = timeline.around(fenced, fenced + 2 * slack_s + _QUIET_AROUND_S)
            if all(each.closed(overdue=False) for each in calm):
                yield fenced, at


def _out_of_hours(dossier: Dossier) -> Fault | None:
    """One request, moved to the late evening of its day."""
    for call in _calm_calls(dossier):
        local = call.at.astimezone(ZoneInfo(dossier.reach(call)[-1].zone))
        evening = local.replace(hour=_LATE_EVENING)
        moved = Call("", call.channel, "", call.bill, None, evening, call.began, "")
        same = dossier.stage(moved) == dossier.stage(call) and _proper_person(dossier, moved, True)
        if local.hour < _LATE_EVENING and same:
            later = {"at": evening.astimezone(UTC).isoformat()}
            return Fault("out of hours", OUTSIDE_HOURS, changed={call.reference: later})
    return None


def _opted_out(dossier: Dossier) -> Fault | None:
    """A text message beside a mail to someone who wants no text messages."""
    for call in _calm_calls(dossier):
        barred = not any(reach.allows("sms", "*") for reach in dossier.reach(call))
        if call.channel != "sms" and barred and call.began is not None:
            line = _line("request", call, call.began, text=_text(call.bill, call.amount))
            return Fault("opted out", OPTED_OUT, added={"sms": [line]})
    return None


def _wrong_amount(dossier: Dossier) -> Fault | None:
    for call in _calm_calls(dossier):
        wrong = {"text": _text(call.bill, (call.amount or 0) + 100)}
        return Fault("wrong amount", WRONG_AMOUNT, changed={call.reference: wrong})
    return None


def _calm_calls(dossier: Dossier) -> Iterator[Call]:
    """Calls about a known sum, made once, with no fact near them that could excuse anything."""
    times = Counter(call.reference for call in dossier.calls)
    for call in dossier.calls:
        if call.began is None or call.amount is None or not call.bill:
            continue
        if times[call.reference] > 1:
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


def _line(kind: str, call: Call, machine: float, **more: str) -> Line:
    return {
        "kind": kind,
        "at": call.at.isoformat(),
        "machine": machine,
        "began": machine,
        "reference": f"{_PLANTED}-{re.sub(r'[^a-z]', '', call.channel)}",
        "key": _PLANTED,
        "to": "",
        "script": "deliver",
        "error": "",
        **more,
    }


def _text(bill: str, amount: int | None) -> str:
    return f"NT${(amount or 0) / 100:,.2f} https://pay.example.com/{bill}"


_PLANTERS: dict[str, Callable[[Dossier], Fault | None]] = {
    "dropped": _dropped,
    "doubled": _doubled,
    "after payment": _after_payment,
    "out of hours": _out_of_hours,
    "opted out": _opted_out,
    "wrong amount": _wrong_amount,
}
