"""A customer's tier in a simulation: judged anew only where facts or time may have changed it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from reminders.domain.bill import BillPosition
from reminders.domain.calendar import local_day
from reminders.domain.customer import Customer
from reminders.domain.features import Behaviour
from reminders.domain.risk import tier_at
from reminders.domain.scorecard import RiskCard
from reminders.domain.standing import Found
from reminders.domain.steady import steady_until
from reminders.domain.tier import Tier


class Tiers:
    """As `services.judging`, which a decision of a simulation costs more than the decision."""

    def __init__(self, card: RiskCard) -> None:
        self._card = card
        self._wanted = {each.feature for each in card.characteristics}
        self._found: dict[str, Found] = {}
        self._behaviour: Behaviour | None = None
        self._tier = card.tiers[0][1]
        self._at: datetime | None = None  # when that was the tier
        self._until: datetime | None = None  # as far as is known

    def forget(self) -> None:
        """A fact was heard."""
        self._behaviour = self._at = self._until = None

    def holds_at(self, now: datetime) -> Tier | None:
        """The tier found before, if it still holds. How long it does is said once it is asked for:
        a fifth of all tiers are forgotten before."""
        if self._at is None or self._behaviour is None:
            return None
        if self._until is None:
            if now == self._at:
                return self._tier
            self._until = steady_until(self._behaviour, self._card, self._wanted, self._at)
        return self._tier if now < self._until else None

    def at(
        self,
        now: datetime,
        customer: Customer,
        bills: Collection[BillPosition],
        failed_at: Sequence[datetime],
    ) -> Tier:
        """The tier at `now`, which never goes back: ask for the one that holds before."""
        if self._behaviour is None:
            self._behaviour = _behaviour(customer, bills, failed_at, self._found)
        self._tier = tier_at(self._behaviour, self._card, self._wanted, now)
        self._at, self._until = now, None
        return self._tier


def _behaviour(
    customer: Customer,
    bills: Collection[BillPosition],
    failed_at: Sequence[datetime],
    found: dict[str, Found],
) -> Behaviour:
    zone = customer.time_zone or "UTC"
    return Behaviour(
        tuple(bills),
        [local_day(at, zone) for at in failed_at],
        zone,
        customer.risk_inputs,
        customer.promises,
        found,
    )
