"""One person with the row behind them, and how events of theirs are made."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from reminders.services.demo.card_rows import MONTHS, CardRow, due_day, moment
from reminders.services.demo.portfolio import DemoCustomer, TimedEvent, cloud_event


@dataclass(frozen=True, slots=True)
class Life:
    """One person and the row behind them."""

    person: DemoCustomer
    row: CardRow

    def event(self, kind: str, name: str, day: date, /, **data: object) -> TimedEvent:
        """An event of this person on `day`; `name` is unique among their own."""
        client = self.row.client
        return cloud_event(
            kind,
            f"{name}-{client}",
            moment(day, client),
            {"customer_id": self.person.customer_id, **data},
        )

    def at(self, day: date) -> str:
        return moment(day, self.row.client).isoformat()

    def billed(self, *indexes: int) -> int | None:
        """The first of these months that has a statement."""
        return next((n for n in indexes if self.row.bills[n] > 0), None)

    def due(self, index: int) -> date:
        """When the statement of that month is due."""
        return due_day(MONTHS[index])
