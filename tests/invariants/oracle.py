"""What was known at an instant, read from the raw events alone: the witness of the checkers.

Nothing of `domain` is asked here but for its words and for the figures of packs and policies.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

from tests.invariants.life import Told

Json = dict[str, Any]  # Any: the JSON of an event's data


def instant(text: str) -> datetime:
    """An instant of an event's JSON."""
    return datetime.fromisoformat(text)


def kind_class(kind: str) -> str:
    """The class by which the law judges what a written message says."""
    if kind in ("overdue", "promise_followup"):
        return "collection"
    if kind in ("bureau_pre_notice", "statutory_arrears_notice", "legal_notice"):
        return "mandated"
    return "service_notice"


@dataclass(frozen=True)
class Witness:
    """One customer's events that had arrived by an instant, each once, in order of their time."""

    told: tuple[Told, ...]

    @staticmethod
    def of(told: Sequence[Told], who: str, now: datetime) -> Witness:
        """What was known of `who` at `now`."""
        mine = {each.event_id: each for each in told if each.who == who and each.heard_at <= now}
        return Witness(tuple(sorted(mine.values(), key=lambda each: (each.at, each.event_id))))

    def _data(self, kind: str) -> list[Json]:
        return [dict(each.data) for each in self.told if each.kind == kind]

    # The customer.

    @property
    def is_known(self) -> bool:
        """Billing has told who it is."""
        return bool(self._data("customer.updated"))

    @property
    def profile(self) -> Json:
        """The newest profile."""
        return self._data("customer.updated")[-1]

    @property
    def zones(self) -> tuple[str, ...]:
        """Every zone the customer may be in."""
        found = self.profile
        return (found["time_zone"], *found.get("other_time_zones", ()))

    def today(self, now: datetime) -> date:
        """The customer's own day."""
        return now.astimezone(ZoneInfo(self.zones[0])).date()

    def opted_out(self, channel: str, kind: str) -> bool:
        """The customer's newest word on this kind, on all kinds, or lacking consent: any no."""
        words: dict[tuple[str, str], bool] = {}
        for each in self.told:
            data = each.data
            if each.kind == "customer.updated" and channel in data.get("consent", {}):
                words["billing", "*"] = data["consent"][channel]
            mine = each.kind == "preference.changed" and data["channel"] == channel
            if mine and data.get("actor"):  # one by nobody waits for a person
                words["customer", data["message_kind"]] = data["allowed"]
        return any(not yes for (_, about), yes in words.items() if about in ("*", kind))

    def held(self, bill_id: str, now: datetime) -> bool:
        """A hold on this bill, or on all, is in force."""
        lifted = {data["hold_id"]: instant(data["lifted_at"]) for data in self._data("hold.lifted")}
        for data in self._data("hold.placed"):
            ends = [lifted.get(data["hold_id"]), data.get("until_at") and instant(data["until_at"])]
            begun = instant(data["from_at"]) <= now
            over = any(end is not None and end <= now for end in ends)
            if begun and not over and data.get("bill_id") in (None, bill_id):
                return True
        return False

    # Bills.

    @cached_property
    def bills(self) -> dict[str, Json | None]:
        """The newest version of each bill; None once it is cancelled."""
        found: dict[str, tuple[int, Json | None]] = {}
        for each in self.told:
            if each.kind in ("bill.issued", "bill.adjusted", "bill.cancelled"):
                data = dict(each.data)
                held = found.get(data["bill_id"])
                if held is None or data["version"] >= held[0]:
                    cancelled = each.kind == "bill.cancelled"
                    found[data["bill_id"]] = data["version"], None if cancelled else data
        return {bill_id: data for bill_id, (_, data) in found.items()}

    def successor(self, bill_id: str) -> Json | None:
        """The live statement that contains this bill's rest."""
        claims = (data for data in self.bills.values() if data is not None)
        return next((data for data in claims if data.get("supersedes") == bill_id), None)

    def paid(self, bill_id: str) -> int:
        """Minor units paid and not taken back; one made after the next statement is for that."""
        bill = self.bills[bill_id]
        taken_back = {data["payment_id"] for data in self._data("payment.reversed")}
        total = 0
        for data in self._data("payment.received"):
            target, after = data["bill_id"], self.successor(data["bill_id"])
            if after is not None and instant(data["paid_at"]) >= instant(after["issued_at"]):
                target = after["bill_id"]
            same = bill is not None and data["currency"] == bill["currency"]
            if target == bill_id and same and data["payment_id"] not in taken_back:
                total += data["amount_minor"]
        return total

    def owes(self, bill_id: str) -> bool:
        """Whether anything may still be asked for this bill."""
        bill = self.bills.get(bill_id)
        if bill is None or self.successor(bill_id) is not None:
            return False
        return self.paid(bill_id) < int(bill["amount_due_minor"])

    def minimum_met(self, bill_id: str) -> bool:
        """Whether a revolving bill is not overdue, whatever its date."""
        bill = self.bills[bill_id]
        return bill is not None and self.paid(bill_id) >= bill["minimum_due_minor"]

    def text_kind(self, bill_id: str, kind: str, now: datetime) -> str:
        """What a message says today: what waited overnight may have become due."""
        bill = self.bills[bill_id]
        if bill is None or kind not in ("pre_due", "due_today", "overdue"):
            return kind
        due_on = date.fromisoformat(bill["due_on"])
        today = self.today(now)
        if today < due_on:
            return "pre_due"
        return "due_today" if today == due_on else "overdue"

    def message_class(self, bill_id: str, kind: str, channel: str, now: datetime) -> str:
        """By what the text says, and for a call by the day."""
        found = kind_class(self.text_kind(bill_id, kind, now))
        if found != "service_notice":
            return found
        bill = self.bills[bill_id]
        late = bill is not None and self.today(now) > date.fromisoformat(bill["due_on"])
        return "collection" if late and channel == "voice" else "service_notice"
