"""Published events as the domain's facts: what a system that missed nothing would know."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime

from reminders.domain.bill import BillPosition, BillVersion, Payment, positions
from reminders.domain.bill import BillTerms as Terms
from reminders.domain.customer import (
    EVERY_KIND,
    ContactHealth,
    ContactPoint,
    Customer,
    Hold,
    HoldKind,
    Preference,
)
from reminders.events.envelope import Event
from reminders.events.models import (
    BillCancelled,
    BillSnapshot,
    ContactChanged,
    CustomerUpdated,
    HoldLifted,
    HoldPlaced,
    PaymentFailed,
    PaymentReceived,
    PaymentReversed,
    PreferenceChanged,
)

_CONSENT = "consent"


@dataclass(slots=True)
class Told:
    """Everything told of one customer so far, in the order of its effect."""

    number: int
    ref: str
    events: list[Event] = field(default_factory=list)
    dead: set[str] = field(default_factory=set)  # addresses that a carrier called unknown
    addresses: dict[str, str] = field(default_factory=dict)

    def bills(self) -> dict[str, BillPosition]:
        taken_back = {
            event.data.payment_id: event.data.reversed_at
            for event in self.events
            if isinstance(event.data, PaymentReversed)
        }
        return positions(
            [version for event in self.events if (version := _version(event))],
            [
                _payment(event.data, taken_back.get(event.data.payment_id))
                for event in self.events
                if isinstance(event.data, PaymentReceived)
            ],
        )

    def failed_at(self) -> list[datetime]:
        return [e.data.failed_at for e in self.events if isinstance(e.data, PaymentFailed)]

    def customer(self) -> Customer:
        """The profile now. Also sets `addresses`, which a `Customer` does not carry."""
        language = zone = ""
        allowed: dict[tuple[str, str, str], bool] = {}
        self.addresses = {}
        for event in sorted(self.events, key=lambda event: (event.time, event.id)):
            match event.data:
                case CustomerUpdated(contact_points=points, consent=consent) as data:
                    language, zone = data.language, data.time_zone
                    self.addresses = {point.channel: point.address or "" for point in points}
                    for channel, given in consent.items():
                        allowed[channel, EVERY_KIND, _CONSENT] = given
                case ContactChanged(channel=channel, address=address):
                    self.addresses.pop(channel, None)
                    if address is not None:
                        self.addresses[channel] = address
                case PreferenceChanged() as data:
                    allowed[data.channel, data.message_kind, "choice"] = data.allowed
        return Customer(
            customer_id=self.number,
            ref=self.ref,
            language=language,
            time_zone=zone,
            jurisdiction="TW",
            contacts={
                channel: ContactPoint(channel, "", self._health(address))
                for channel, address in self.addresses.items()
            },
            preferences=tuple(
                Preference(channel, kind, given) for (channel, kind, _), given in allowed.items()
            ),
            holds=self._holds(),
        )

    def _health(self, address: str) -> ContactHealth:
        return ContactHealth.DEAD if address in self.dead else ContactHealth.UNKNOWN

    def _holds(self) -> tuple[Hold, ...]:
        lifted = {
            event.data.hold_id: event.data.lifted_at
            for event in self.events
            if isinstance(event.data, HoldLifted)
        }
        holds = [
            Hold(
                event.data.hold_id,
                HoldKind(event.data.kind),
                event.data.bill_id,
                event.data.from_at,
                event.data.until_at,
            )
            for event in self.events
            if isinstance(event.data, HoldPlaced)
        ]
        return tuple(
            replace(hold, until_at=min(hold.until_at or end, end))
            if (end := lifted.get(hold.hold_id))
            else hold
            for hold in holds
        )


def _version(event: Event) -> BillVersion | None:
    data = event.data
    order = (event.time, f"{event.source} {event.id}")
    if isinstance(data, BillCancelled):
        return BillVersion(data.bill_id, data.version, order, None)
    if not isinstance(data, BillSnapshot):
        return None
    terms = Terms(
        currency=data.currency,
        amount_due=data.amount_due_minor,
        minimum_due=data.minimum_due_minor,
        due_on=data.due_on,
        product=data.product,
        revolving=data.revolving,
        supersedes=data.supersedes,
        issued_at=data.issued_at,
    )
    return BillVersion(data.bill_id, data.version, order, terms)


def _payment(data: PaymentReceived, reversed_at: datetime | None) -> Payment:
    return Payment(
        data.payment_id, data.bill_id, data.amount_minor, data.currency, data.paid_at, reversed_at
    )
