"""What others observed of a customer, as it becomes known: risk, promises, offsets, contacts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any

from reminders.domain.customer import Promise, RiskInput
from reminders.domain.kinds import MessageClass
from reminders.domain.scorecard import Feature
from reminders.domain.usage import Contact

Data = Mapping[str, Any]  # Any: the JSON of an event's data
Rank = tuple[datetime, str]


@lru_cache(maxsize=16_384)
def instant_of(text: str) -> datetime:
    """An instant of an event's JSON, in UTC."""
    found = datetime.fromisoformat(text)
    return found if found.tzinfo is UTC else found.astimezone(UTC)


class Observed:
    """Kept beside the profile; the newest statement of each counts."""

    def __init__(self, customer: str) -> None:
        self.offsets: frozenset[int] = frozenset()
        self.contacts: list[Contact] = []
        self.confirmed: dict[str, datetime] = {}  # by channel
        self._customer = customer
        self._offsets_rank: Rank | None = None
        self._promises: dict[str, tuple[Rank, Promise]] = {}
        self._risk: list[tuple[Rank, RiskInput]] = []

    def hear(self, kind: str, rank: Rank, data: Data) -> bool:
        """Take over one fact; False if it is none of these."""
        hearer = _HEARERS.get(kind)
        if hearer is not None:
            hearer(self, rank, data)
        return hearer is not None

    def promises(self) -> tuple[Promise, ...]:
        """In the order in which they were made."""
        made = (promise for _, promise in self._promises.values())
        return tuple(sorted(made, key=lambda each: (each.made_at, each.promise_id)))

    def risk_inputs(self) -> tuple[RiskInput, ...]:
        """In the order in which they were observed."""
        ordered = sorted(self._risk, key=lambda each: (each[1].observed_at, each[0]))
        return tuple(each for _, each in ordered)

    def _chosen(self, rank: Rank, data: Data) -> None:
        if self._offsets_rank is None or rank > self._offsets_rank:
            self._offsets_rank, self.offsets = rank, frozenset(data["offsets"])

    def _promised(self, rank: Rank, data: Data) -> None:
        promise = Promise(
            data["promise_id"],
            data["bill_id"],
            data["amount_minor"],
            date.fromisoformat(data["promised_on"]),
            instant_of(data["made_at"]),
        )
        held = self._promises.get(promise.promise_id)
        if held is None or rank > held[0]:
            self._promises[promise.promise_id] = rank, promise

    def _risked(self, rank: Rank, data: Data) -> None:
        at = instant_of(data["observed_at"])
        seen = RiskInput(Feature(data["name"]), float(data["value"]), data["source"], at)
        self._risk.append((rank, seen))

    def _used(self, rank: Rank, data: Data) -> None:
        at, channel = instant_of(data["confirmed_at"]), data["channel"]
        self.confirmed[channel] = max(at, self.confirmed.get(channel, at))

    def _contacted(self, rank: Rank, data: Data) -> None:
        self.contacts.append(
            Contact(
                at=instant_of(data["at"]),
                channel=data["channel"],
                message_class=MessageClass(data.get("message_class") or MessageClass.COLLECTION),
                customer=self._customer,
                bill=data.get("bill_id") or "",
                contact_point="",
                connected=data.get("connected"),
                conversation=data["conversation"],
                excluded=frozenset(data.get("excluded") or ()),
            )
        )


_HEARERS: dict[str, Callable[[Observed, Rank, Data], None]] = {
    "preference.offsets_chosen": Observed._chosen,
    "promise.made": Observed._promised,
    "risk.observed": Observed._risked,
    "contact.confirmed": Observed._used,
    "contact.made": Observed._contacted,
}
