"""How a customer may be reached, fact by fact: zone, addresses, refusals, holds."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from reminders.services.demo.auditor.facts import (
    ChoiceFact,
    ContactFact,
    Fenced,
    HoldFact,
    LiftFact,
    Rank,
)
from reminders.services.demo.auditor.timeline import Timeline


class Pause(NamedTuple):
    bill: str | None
    from_at: datetime
    until_at: datetime | None

    def covers(self, bill: str, start: datetime, end: datetime) -> bool:
        """True if it pauses `bill` at any instant from `start` to `end`."""
        if self.bill is not None and self.bill != bill:
            return False
        return self.from_at <= end and (self.until_at is None or start < self.until_at)


class Reach(NamedTuple):
    """A customer at one moment. `barred` holds (channel, kind); kind `*` bars every message."""

    zone: str
    addresses: tuple[tuple[str, str], ...]
    barred: frozenset[tuple[str, str]]
    pauses: tuple[Pause, ...]

    def allows(self, channel: str, kind: str) -> bool:
        return not {(channel, "*"), (channel, kind)} & self.barred

    def paused(self, bill: str, start: datetime, end: datetime) -> bool:
        return any(pause.covers(bill, start, end) for pause in self.pauses)


@dataclass(slots=True)
class _Book:
    zone: tuple[Rank, str] | None = None
    addresses: dict[str, tuple[Rank, str | None]] = field(default_factory=dict)
    # Consent and choice are told apart: either alone bars.
    told: dict[tuple[str, str, str], tuple[Rank, bool]] = field(default_factory=dict)
    placed: dict[str, HoldFact] = field(default_factory=dict)
    lifted: dict[str, datetime] = field(default_factory=dict)

    def take(self, fact: ContactFact | ChoiceFact | HoldFact | LiftFact) -> None:
        match fact:
            case ContactFact():
                self._contact(fact)
            case ChoiceFact():
                self._tell((fact.channel, fact.kind, "choice"), fact.rank, fact.allowed)
            case HoldFact():
                self.placed[fact.hold] = fact
            case LiftFact():
                self.lifted[fact.hold] = min(fact.at, self.lifted.get(fact.hold, fact.at))

    def _contact(self, fact: ContactFact) -> None:
        if fact.zone and (self.zone is None or fact.rank > self.zone[0]):
            self.zone = (fact.rank, fact.zone)
        for channel, address in fact.addresses.items():
            held = self.addresses.get(channel)
            if held is None or fact.rank > held[0]:
                self.addresses[channel] = (fact.rank, address)
        for channel, allowed in (fact.consent or {}).items():
            self._tell((channel, "*", "consent"), fact.rank, allowed)

    def _tell(self, key: tuple[str, str, str], rank: Rank, allowed: bool) -> None:
        held = self.told.get(key)
        if held is None or rank > held[0]:
            self.told[key] = (rank, allowed)

    def stand(self) -> Reach:
        return Reach(
            self.zone[1] if self.zone else "",
            tuple(
                (channel, address)
                for channel, (_, address) in sorted(self.addresses.items())
                if address is not None
            ),
            frozenset(key[:2] for key, (_, allowed) in self.told.items() if not allowed),
            tuple(self._pause(hold) for _, hold in sorted(self.placed.items())),
        )

    def _pause(self, hold: HoldFact) -> Pause:
        ends = [end for end in (hold.until_at, self.lifted.get(hold.hold)) if end is not None]
        return Pause(hold.bill, hold.from_at, min(ends) if ends else None)


def read_person(facts: Iterable[Fenced]) -> Timeline[Reach]:
    """Follow one customer's facts in the order of their fence."""
    timeline: Timeline[Reach] = Timeline()
    book = _Book()
    for fenced, at, fact in facts:
        if isinstance(fact, ContactFact | ChoiceFact | HoldFact | LiftFact):
            book.take(fact)
            timeline.add(fenced, at, book.stand())
    return timeline
