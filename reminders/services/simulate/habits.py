"""The hour at which a simulated customer acts, learned in the course of the simulation itself.

As the gate learns it (`services.gate`), from what is known at the instant of the decision: the
readings that the model drew and the payments of the past. The model draws no clicks.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from reminders.domain.customer import Customer
from reminders.domain.send_time import LEARNED_FROM, best_time


class Habits:
    """What one customer was seen to do, and when."""

    def __init__(self) -> None:
        self._seen: list[tuple[str, datetime]] = []

    def read(self, at: datetime) -> None:
        """A message was read."""
        self._seen.append(("read", at))

    def known(self, customer: Customer, paid_at: Iterable[datetime], now: datetime) -> Customer:
        """The customer with the best hour that these acts show at `now`."""
        if not customer.time_zone:
            return customer
        since = now - LEARNED_FROM
        seen = [each for each in self._seen if each[1] >= since]
        seen += [("paid", at) for at in paid_at]
        return replace(customer, best_time=best_time(seen, customer.time_zone, now))
