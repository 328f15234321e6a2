"""The carriers' and the phone's logs, as calls per customer: what was asked and what arrived."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from reminders.services.demo.auditor.facts import instant
from reminders.services.demo.auditor.lines import read_lines
from reminders.services.demo.auditor.published import Known

_AMOUNT = re.compile(r"\d[\d,]*\.\d\d(?!\d)")
_LINK = re.compile(r"https?://\S+")  # the pass in it may hold any figures
_LINK_END = re.compile(r"/([A-Za-z0-9._:-]+)")
_RECEIPT = b'"receipt"'
_COMPLAINED = "complained"
# The one line that says, when it is asked, whether it took a message that it never answered.
_ASKED = "sms"
# A mail server and a gateway say 2xx, WeChat says 0; other lines write down that they took it.
_TAKEN = re.compile(r"2\d\d|accepted|0$")


@dataclass(slots=True, eq=False)
class Call:
    """One request to a carrier, or one message in the inbox. `began` None: no machine time known.

    `amount` is the largest sum in the text, in minor units: the minimum is always smaller.
    `asked`: its carrier says what became of it. `complained`: an earlier one was called spam there.
    `sums`: whether its words name one, or were never read; what names none asks for an address.
    """

    reference: str
    channel: str
    customer: str
    bill: str
    amount: int | None
    at: datetime
    began: float | None
    script: str
    to: str = ""
    asked: bool = False
    complained: bool = False
    sums: bool = True
    answered: float | None = None
    taken: bool = False
    reached: list[datetime] = field(default_factory=list)


@dataclass(slots=True)
class Calls:
    """Calls by customer, in the order of the logs; `strangers` were sent to nobody known.
    `complaints`: when an address first called a message spam."""

    of: dict[str, list[Call]] = field(default_factory=dict)
    strangers: list[Call] = field(default_factory=list)
    complaints: dict[str, datetime] = field(default_factory=dict)

    def add(self, call: Call) -> None:
        if call.customer:
            self.of.setdefault(call.customer, []).append(call)
        else:
            self.strangers.append(call)

    def complain(self, receipt: Mapping[str, Any]) -> None:
        address, at = receipt["to"], instant(receipt["at"])
        if receipt["status"] == _COMPLAINED:
            self.complaints[address] = min(at, self.complaints.get(address, at))

    def mark_complaints(self) -> None:
        """By business time, which passes only once a complaint is known: none is under way."""
        for calls in (*self.of.values(), self.strangers) if self.complaints else ():
            for call in calls:
                since = self.complaints.get(call.to)
                call.complained = since is not None and since < call.at


def read_calls(
    logs: Mapping[str, Sequence[Path]], phone: Path, known: Known, attempts: Path | None = None
) -> Calls:
    """`logs` by channel. A log that is not there is an empty one."""
    calls = Calls()
    bills = _bills_of(attempts)
    for channel, paths in logs.items():
        for path in paths:
            _read_carrier(channel, path, known, calls, bills)
    _read_phone(phone, known, calls)
    calls.mark_complaints()
    return calls


def _bills_of(path: Path | None) -> dict[str, str]:
    """The bill of each attempt whose words name none: a call, a chat. What it says is judged all
    the same."""
    if path is None or not path.exists():
        return {}
    return {line["attempt"]: line["bill"] for line in read_lines(path)}


def _read_carrier(
    channel: str, path: Path, known: Known, calls: Calls, bills: Mapping[str, str]
) -> None:
    if not path.exists():
        return
    last: dict[str, Call] = {}
    for line in read_lines(path, skipped=_RECEIPT, unless=_COMPLAINED.encode()):
        reference, kind = line["reference"], line["kind"]
        if kind == "request":
            call = _call(channel, line, known, bills)
            call.asked = path.stem == _ASKED
            last[reference] = call
            calls.add(call)
        elif kind == "receipt":
            calls.complain(line)
        elif reference in last:
            _follow(last[reference], line)


def _follow(call: Call, line: dict[str, Any]) -> None:
    """What became of a request: its answer, its arrival."""
    if line["kind"] == "answer":
        call.answered = line["machine"]
        call.taken = bool(_TAKEN.match(str(line["status"])))
    elif line["kind"] == "reached":
        call.reached.append(instant(line["at"]))


def _call(channel: str, line: dict[str, Any], known: Known, bills: Mapping[str, str]) -> Call:
    text, amount = line["text"], _amount(line["text"])
    bill = next((end for end in _link_ends(text) if end in known.customer_of_bill), "")
    bill = bill or bills.get(line["reference"], "")
    customer = known.customer_of_bill.get(bill) or known.customer_of_address.get(line["to"], "")
    return Call(
        reference=line["reference"],
        channel=channel,
        customer=customer,
        bill=bill,
        amount=amount,
        sums=amount is not None or not text,
        at=instant(line["at"]),
        began=line["began"],
        script=line["script"],
        to=line["to"],
    )


def _link_ends(text: str) -> Iterator[str]:
    return (found.rstrip(".") for found in _LINK_END.findall(text))


def _amount(text: str) -> int | None:
    sums = [
        int(found.replace(",", "").replace(".", ""))
        for found in _AMOUNT.findall(_LINK.sub("", text))
    ]
    return max(sums, default=None)


def _read_phone(path: Path, known: Known, calls: Calls) -> None:
    """Every message once, however often its inbox was opened."""
    if not path.exists():
        return
    seen: set[str] = set()
    for line in read_lines(path):
        for message in line["messages"]:
            if message["attempt_id"] in seen:
                continue
            seen.add(message["attempt_id"])
            written_at = instant(message["written_at"])
            began = message.get("written_machine")
            calls.add(
                Call(
                    reference=message["attempt_id"],
                    channel="in_app",
                    customer=known.customer_of_bill.get(message["bill_id"], line["customer"]),
                    bill=message["bill_id"],
                    amount=_amount(message["text"]),
                    sums=_amount(message["text"]) is not None,
                    at=written_at,
                    began=began,
                    script="",
                    answered=began if began is not None else 0.0,
                    taken=True,
                    reached=[written_at],
                )
            )
