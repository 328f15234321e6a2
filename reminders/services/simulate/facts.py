"""One customer's facts as they become known, one after the other, and the domain's view of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from reminders.domain.bill import (
    BillPosition,
    BillTerms,
    BillVersion,
    Payment,
    positions,
)
from reminders.domain.bill_steps import with_bill, with_payment
from reminders.domain.customer import (
    EVERY_KIND,
    ContactHealth,
    ContactPoint,
    Customer,
    Hold,
    HoldKind,
    Preference,
)
from reminders.domain.identity import customer_id
from reminders.domain.record import record
from reminders.services.simulate.observed import Data, Observed, Rank, instant_of

_CONSENT = "consent"
_CHOSEN = "preference"


@record
class Fact:
    """One event at the instant from which it is known; `data` is its JSON."""

    at: datetime
    kind: str
    rank: Rank
    data: Data


def fact_of(envelope: Mapping[str, Any], at: datetime | None = None) -> Fact:  # Any: JSON
    """A valid CloudEvents envelope as a fact, known at its own time or at `at`."""
    time = instant_of(envelope["time"])
    rank = (time, f"{envelope['source']} {envelope['id']}")
    return Fact(at or time, envelope["type"], rank, envelope["data"])


def _maybe(text: str | None) -> datetime | None:
    return None if text is None else instant_of(text)


class Known:
    """What is known of one customer so far; the newest statement of each fact counts."""

    def __init__(self, ref: str) -> None:
        self.ref = ref
        self.number = customer_id(ref)
        self.failed_at: list[datetime] = []
        self.observed = Observed(str(self.number))
        self.addresses: dict[str, tuple[Rank, str | None]] = {}
        self._profile: tuple[Rank, Data] | None = None
        self._preferences: dict[tuple[str, str, str], tuple[Rank, bool, str]] = {}
        self._holds: dict[str, tuple[Rank, Data]] = {}
        self._lifted: dict[str, datetime] = {}
        self._versions: dict[tuple[str, int, str], BillVersion] = {}
        self._payments: dict[str, tuple[Rank, Payment]] = {}
        self._reversed: dict[str, datetime] = {}
        self._dead: dict[tuple[str, str | None], datetime] = {}
        self._customer: Customer | None = None
        self._bills: dict[str, BillPosition] | None = None
        self._before: dict[str, BillPosition] = {}

    def hear(self, fact: Fact) -> None:
        """Take over one fact. What the simulation has no use for is passed over."""
        hearer = _HEARERS.get(fact.kind)
        if hearer is not None:
            hearer(self, fact.rank, fact.data)
        elif self.observed.hear(fact.kind, fact.rank, fact.data):
            self._customer = None

    def customer(self) -> Customer:
        """The profile now; the same object until a fact changes it."""
        if self._customer is None:
            profile: Data = {} if self._profile is None else self._profile[1]
            self._customer = Customer(
                customer_id=self.number,
                ref=self.ref,
                language=profile.get("language", ""),
                time_zone=profile.get("time_zone", ""),
                jurisdiction=profile.get("jurisdiction", ""),
                contacts=self._contacts(),
                preferences=tuple(
                    Preference(channel, kind, allowed, actor, rank[0])
                    for (channel, kind, _), (rank, allowed, actor) in sorted(
                        self._preferences.items()
                    )
                ),
                holds=self._active_holds(),
                other_zones=self._other_zones(profile),
                offsets=self.observed.offsets,
                promises=self.observed.promises(),
                risk_inputs=self.observed.risk_inputs(),
            )
        return self._customer

    def bills(self) -> dict[str, BillPosition]:
        """Every bill as it stands; all, and each, the same object until a fact changes it."""
        if self._bills is None:
            paid = [
                replace(payment, reversed_at=self._reversed[payment.payment_id])
                if payment.payment_id in self._reversed
                else payment
                for _, payment in self._payments.values()
            ]
            self._bills = self._before = positions(self._versions.values(), paid, self._before)
        return self._bills

    def _bills_after(self, payment: Payment) -> dict[str, BillPosition] | None:
        """With one payment more, where that can be said without looking at every fact again."""
        found = None if self._bills is None else with_payment(self._bills, payment)
        self._before = self._before if found is None else found
        return found

    def paid_at(self) -> list[datetime]:
        """When this customer paid, taken back or not."""
        return [payment.paid_at for _, payment in self._payments.values()]

    def address(self, channel: str) -> str:
        """What stands for the address of a channel: equal for equal addresses."""
        held = self.addresses.get(channel)
        return "" if held is None or held[1] is None else held[1]

    def bury(self, channel: str, now: datetime) -> None:
        """The carrier knows no such address."""
        self._dead[channel, self.address(channel)] = now
        self._customer = None

    def opt_out(self, channel: str, now: datetime) -> None:
        """The customer's own act, after a message."""
        rank = (now, "simulated opt-out")
        self._preference((channel, EVERY_KIND, _CHOSEN), rank, False, "customer")

    def _contacts(self) -> dict[str, ContactPoint]:
        found = {}
        for channel, (rank, address) in sorted(self.addresses.items()):
            if address is None:
                continue
            died_at = self._dead.get((channel, address))
            health = ContactHealth.UNKNOWN if died_at is None else ContactHealth.DEAD
            key = f"{channel}:{address}" if address else ""
            confirmed_at = max(rank[0], self.observed.confirmed.get(channel, rank[0]))
            found[channel] = ContactPoint(channel, "", health, key, confirmed_at, died_at)
        return found

    def _other_zones(self, profile: Data) -> tuple[str, ...]:
        zones = profile.get("other_time_zones") or ()
        return tuple(zone for zone in zones if zone != profile["time_zone"])

    def _active_holds(self) -> tuple[Hold, ...]:
        found = []
        for hold_id, (_, data) in sorted(self._holds.items()):
            until, lifted = _maybe(data.get("until_at")), self._lifted.get(hold_id)
            ends = [each for each in (until, lifted) if each is not None]
            kind = HoldKind(data["kind"])
            from_at = instant_of(data["from_at"])
            found.append(
                Hold(hold_id, kind, data.get("bill_id"), from_at, min(ends) if ends else None)
            )
        return tuple(found)

    def _contact(self, channel: str, rank: Rank, address: str | None) -> None:
        held = self.addresses.get(channel)
        # A newer profile that does not name the channel has taken it away already.
        newest = held or self._profile
        if newest is None or rank >= newest[0]:
            self.addresses[channel] = rank, address
        self._customer = None

    def _preference(self, key: tuple[str, str, str], rank: Rank, allowed: bool, actor: str) -> None:
        held = self._preferences.get(key)
        if held is None or rank > held[0]:
            self._preferences[key] = rank, allowed, actor
        self._customer = None

    def _customer_updated(self, rank: Rank, data: Data) -> None:
        if self._profile is None or rank > self._profile[0]:
            self._profile = rank, data
        points = data.get("contact_points", ())
        # Where names and addresses were taken away to be kept apart, the channel alone is known.
        given = {point["channel"]: point.get("address") or "" for point in points}
        for channel in sorted({*given, *self.addresses}):
            self._contact(channel, rank, given.get(channel))
        for channel, allowed in (data.get("consent") or {}).items():
            self._preference((channel, EVERY_KIND, _CONSENT), rank, allowed, "billing")
        self._customer = None

    def _contact_changed(self, rank: Rank, data: Data) -> None:
        self._contact(data["channel"], rank, data.get("address"))

    def _preference_changed(self, rank: Rank, data: Data) -> None:
        if data.get("actor"):  # without one it waits for a person
            key = (data["channel"], data["message_kind"], _CHOSEN)
            self._preference(key, rank, data["allowed"], data["actor"])

    def _bill(self, rank: Rank, data: Data) -> None:
        terms = BillTerms(
            currency=data["currency"],
            amount_due=data["amount_due_minor"],
            minimum_due=data["minimum_due_minor"],
            due_on=date.fromisoformat(data["due_on"]),
            product=data["product"],
            revolving=data["revolving"],
            supersedes=data.get("supersedes"),
            issued_at=instant_of(data["issued_at"]),
        )
        self._version(rank, data, terms)

    def _bill_cancelled(self, rank: Rank, data: Data) -> None:
        self._version(rank, data, None)

    def _version(self, rank: Rank, data: Data, terms: BillTerms | None) -> None:
        bill, version = data["bill_id"], data["version"]
        added = BillVersion(bill, version, rank, terms)
        if self._bills is not None:
            paid = [payment for _, payment in self._payments.values()]
            self._bills = with_bill(self._bills, added, self._versions.values(), paid)
            self._before = self._before if self._bills is None else self._bills
        self._versions[bill, version, rank[1]] = added

    def _paid(self, rank: Rank, data: Data) -> None:
        payment = Payment(
            data["payment_id"],
            data.get("bill_id"),
            data["amount_minor"],
            data["currency"],
            instant_of(data["paid_at"]),
        )
        held = self._payments.get(payment.payment_id)
        if held is None or rank > held[0]:
            self._payments[payment.payment_id] = rank, payment
            self._bills = None if held or self._reversed else self._bills_after(payment)

    def _failed(self, rank: Rank, data: Data) -> None:
        self.failed_at.append(instant_of(data["failed_at"]))

    def _taken_back(self, rank: Rank, data: Data) -> None:
        at, payment = instant_of(data["reversed_at"]), data["payment_id"]
        self._reversed[payment] = min(at, self._reversed.get(payment, at))
        self._bills = None

    def _hold_placed(self, rank: Rank, data: Data) -> None:
        held = self._holds.get(data["hold_id"])
        if held is None or rank > held[0]:
            self._holds[data["hold_id"]] = rank, data
        self._customer = None

    def _hold_lifted(self, rank: Rank, data: Data) -> None:
        at, hold = instant_of(data["lifted_at"]), data["hold_id"]
        self._lifted[hold] = min(at, self._lifted.get(hold, at))
        self._customer = None


_HEARERS: dict[str, Callable[[Known, Rank, Data], None]] = {
    "customer.updated": Known._customer_updated,
    "contact.changed": Known._contact_changed,
    "preference.changed": Known._preference_changed,
    "bill.issued": Known._bill,
    "bill.due": Known._bill,
    "bill.adjusted": Known._bill,
    "bill.cancelled": Known._bill_cancelled,
    "payment.received": Known._paid,
    "payment.failed": Known._failed,
    "payment.reversed": Known._taken_back,
    "hold.placed": Known._hold_placed,
    "hold.lifted": Known._hold_lifted,
}
