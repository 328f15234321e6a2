"""How a customer may be reached, fact by fact: place, addresses, refusals, choices, holds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from reminders.services.demo.auditor.facts import (
    ChoiceFact,
    ConfirmedFact,
    ContactFact,
    Fenced,
    HoldFact,
    LiftFact,
    MadeFact,
    OffsetsFact,
    Rank,
)
from reminders.services.demo.auditor.law import Place
from reminders.services.demo.auditor.timeline import Timeline

PersonFact = ContactFact | ChoiceFact | HoldFact | LiftFact | ConfirmedFact | OffsetsFact | MadeFact


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
    """A customer at one moment. `barred` holds (channel, kind); kind `*` bars every message.

    `confirmed`: when each present address was last known to be in use, by channel. `made`: the
    contacts of others. `place` is None until a profile has told it.
    """

    place: Place | None
    addresses: tuple[tuple[str, str], ...]
    barred: frozenset[tuple[str, str]]
    pauses: tuple[Pause, ...]
    chosen: frozenset[int] = frozenset()
    confirmed: tuple[tuple[str, datetime], ...] = ()
    made: tuple[MadeFact, ...] = ()

    @property
    def zone(self) -> str:
        """The stated zone; empty until it is told."""
        return self.place.zones[0] if self.place else ""

    def confirmed_since(self, channel: str, since: datetime) -> bool:
        return any(name == channel and at >= since for name, at in self.confirmed)

    def allows(self, channel: str, kind: str) -> bool:
        return not {(channel, "*"), (channel, kind)} & self.barred

    def paused(self, bill: str, start: datetime, end: datetime) -> bool:
        return any(pause.covers(bill, start, end) for pause in self.pauses)


@dataclass(slots=True)
class _Book:
    place: tuple[Rank, Place] | None = None
    addresses: dict[str, list[tuple[Rank, str | None]]] = field(default_factory=dict)
    confirmed: list[ConfirmedFact] = field(default_factory=list)
    chosen: OffsetsFact | None = None
    made: dict[str, MadeFact] = field(default_factory=dict)
    # Consent and choice are told apart: either alone bars.
    told: dict[tuple[str, str, str], tuple[Rank, bool]] = field(default_factory=dict)
    placed: dict[str, HoldFact] = field(default_factory=dict)
    lifted: dict[str, datetime] = field(default_factory=dict)

    def take(self, fact: PersonFact) -> None:
        match fact:
            case ContactFact():
                self._contact(fact)
            case ChoiceFact():
                self._tell((fact.channel, fact.kind, "choice"), fact.rank, fact.allowed)
            case HoldFact():
                self.placed[fact.hold] = fact
            case LiftFact():
                self.lifted[fact.hold] = min(fact.at, self.lifted.get(fact.hold, fact.at))
            case ConfirmedFact():
                self.confirmed.append(fact)
            case OffsetsFact():
                self.chosen = max(self.chosen or fact, fact, key=lambda each: each.rank)
            case MadeFact():
                held = self.made.get(fact.contact, fact)
                self.made[fact.contact] = max(held, fact, key=lambda each: each.rank)

    def _contact(self, fact: ContactFact) -> None:
        if fact.place and (self.place is None or fact.rank > self.place[0]):
            self.place = (fact.rank, fact.place)
        for channel, address in fact.addresses.items():
            held = self.addresses.setdefault(channel, [])
            held.append((fact.rank, address))
            held.sort(key=lambda each: each[0])
        for channel, allowed in (fact.consent or {}).items():
            self._tell((channel, "*", "consent"), fact.rank, allowed)

    def _tell(self, key: tuple[str, str, str], rank: Rank, allowed: bool) -> None:
        held = self.told.get(key)
        if held is None or rank > held[0]:
            self.told[key] = (rank, allowed)

    def stand(self) -> Reach:
        return Reach(
            self.place[1] if self.place else None,
            tuple(
                (channel, address)
                for channel, told in sorted(self.addresses.items())
                if (address := told[-1][1]) is not None
            ),
            frozenset(key[:2] for key, (_, allowed) in self.told.items() if not allowed),
            tuple(self._pause(hold) for _, hold in sorted(self.placed.items())),
            self.chosen.days if self.chosen else frozenset(),
            tuple(self._in_use()),
            tuple(self.made.values()),
        )

    def _in_use(self) -> Iterator[tuple[str, datetime]]:
        """A confirmation is of the address that the channel had at its instant."""
        for fact in self.confirmed:
            told = self.addresses.get(fact.channel, [])
            then = [address for rank, address in told if rank[0] <= fact.at]
            if then and then[-1] is not None and then[-1] == told[-1][1]:
                yield fact.channel, fact.at

    def _pause(self, hold: HoldFact) -> Pause:
        ends = [end for end in (hold.until_at, self.lifted.get(hold.hold)) if end is not None]
        return Pause(hold.bill, hold.from_at, min(ends) if ends else None)


def read_person(facts: Iterable[Fenced]) -> Timeline[Reach]:
    """Follow one customer's facts in the order of their fence."""
    timeline: Timeline[Reach] = Timeline()
    book = _Book()
    for fenced, at, fact in facts:
        if isinstance(fact, PersonFact):
            book.take(fact)
            timeline.add(fenced, at, book.stand())
    return timeline
