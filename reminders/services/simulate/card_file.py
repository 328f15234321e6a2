"""The credit-card file as customers with facts: the same events that the demo plays."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from reminders.services.demo.card_rows import CardRow
from reminders.services.demo.chance import Chance
from reminders.services.demo.credit_card_data import each_row
from reminders.services.demo.errors import BadData
from reminders.services.demo.lives import life_events
from reminders.services.demo.people import Dealt, deal
from reminders.services.demo.portfolio import DemoCustomer
from reminders.services.simulate.errors import BadInput
from reminders.services.simulate.facts import Fact, fact_of
from reminders.services.simulate.people import CHUNK, Chunk, Heard


@dataclass(frozen=True, slots=True)
class Cards:
    """Some rows and the people around them; their events are made where they are played."""

    rows: tuple[tuple[CardRow, DemoCustomer], ...]
    seed: int

    def people(self) -> Iterator[tuple[str, Sequence[Fact]]]:
        chance = Chance(self.seed)
        for row, person in self.rows:
            events, _, _ = life_events(row, person, chance)
            yield person.customer_id, [fact_of(event.event) for event in events]


class CardFile:
    """`credit-card-clients.csv`, read twice: once to deal out lives, once row by row."""

    def __init__(self, path: Path, clients: int | None, seed: int) -> None:
        self._path = path
        self._clients = clients
        self._seed = seed
        self.name = path.name
        self.heard = Heard()
        self._dealt: Dealt | None = None

    @property
    def total(self) -> int | None:
        return None if self._dealt is None else self._dealt.people

    def chunks(self) -> Iterator[Chunk]:
        """Raises `BadInput` where the file cannot be read."""
        chance = Chance(self._seed)
        try:
            if self._dealt is None:
                self._dealt = deal(each_row(self._path, self._clients), chance)
            rows: list[tuple[CardRow, DemoCustomer]] = []
            for row in each_row(self._path, self._clients):
                rows.append((row, self._dealt.person(row.client, chance)))
                if len(rows) == CHUNK:
                    yield Cards(tuple(rows), self._seed)
                    rows = []
        except BadData as error:
            raise BadInput(str(error)) from None
        if rows:
            yield Cards(tuple(rows), self._seed)
