"""All that is known of one customer, and what stood when a call was made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from reminders.services.demo.auditor.account import Account, Owed, read_account
from reminders.services.demo.auditor.contacts import Contact
from reminders.services.demo.auditor.facts import Fenced
from reminders.services.demo.auditor.finding import Finding
from reminders.services.demo.auditor.law import ADDRESS, kind_on
from reminders.services.demo.auditor.logs import Call
from reminders.services.demo.auditor.person import Reach, read_person
from reminders.services.demo.auditor.rules import Rules
from reminders.services.demo.auditor.stages import StageWindow
from reminders.services.demo.auditor.tier import local_day
from reminders.services.demo.auditor.timeline import Timeline

StateT = TypeVar("StateT")


@dataclass(slots=True)
class Dossier:
    """`slack_s`: how long after its gate a call may begin, and how unsure a fence's instant is."""

    customer: str
    account: Account
    person: Timeline[Reach]
    calls: Sequence[Call]
    rules: Rules
    slack_s: float
    others: Sequence[Contact] = ()  # of other customers, on addresses that this one has too
    _stages: dict[Call, StageWindow | None] = field(default_factory=dict)

    def bill(self, call: Call) -> list[Owed]:
        """How the call's bill stood at its gate: one state, more where facts crossed the call."""
        timeline = self.account.bills.get(call.bill)
        return [] if timeline is None else self._around(timeline, call)

    def reach(self, call: Call) -> list[Reach]:
        return self._around(self.person, call)

    def stage(self, call: Call) -> StageWindow | None:
        """The stage that the call belongs to, by the newest due date it can have known."""
        if call not in self._stages:
            self._stages[call] = self._stage(call)
        return self._stages[call]

    def _stage(self, call: Call) -> StageWindow | None:
        owed, reach = self.bill(call), self.reach(call)
        place = reach[-1].place if reach else None
        if not owed or place is None:
            return None
        return self.rules.stage_at(owed[-1].due_on, owed[-1].issued_at, place, call.at)

    def kinds(self, call: Call) -> list[str]:
        """What the call may have been about, by the day of each state that its gate can have
        seen; `*` where that is not known. What names no sum asks for a new address."""
        if not call.sums:
            return [ADDRESS]
        zones = {reach.zone for reach in self.reach(call) if reach.zone}
        dates = {owed.due_on for owed in self.bill(call)}
        found = {kind_on(due_on, local_day(call.at, zone)) for due_on in dates for zone in zones}
        return sorted(found) or ["*"]

    def finding(self, check: str, call: Call, stage: StageWindow | None, detail: str) -> Finding:
        name = stage.rule.name if stage else ""
        told = f"{call.channel}: {detail}"
        return Finding(check, self.customer, call.bill, name, told, call.at.isoformat())

    def _around(self, timeline: Timeline[StateT], call: Call) -> list[StateT]:
        if call.began is None:
            return timeline.during(call.at, call.at)
        return timeline.around(call.began - self.slack_s, call.began + self.slack_s)


def open_dossier(
    customer: str,
    facts: Sequence[Fenced],
    calls: Sequence[Call],
    rules: Rules,
    slack_s: float,
    others: Sequence[Contact] = (),
) -> Dossier:
    person = read_person(facts)
    return Dossier(customer, read_account(facts), person, calls, rules, slack_s, others)
