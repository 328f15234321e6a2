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
    Promise,
    RiskInput,
)
from reminders.domain.kinds import MessageClass
from reminders.domain.scorecard import Feature
from reminders.domain.usage import Contact
from reminders.events.envelope import Event
from reminders.events.models import (
    BillCancelled,
    BillSnapshot,
    ContactChanged,
    CustomerUpdated,
    HoldLifted,
    HoldPlaced,
    OffsetsChosen,
    PaymentFailed,
    PaymentReceived,
    PaymentReversed,
    PreferenceChanged,
)
from reminders.events.observed import ContactConfirmed, ContactMade, PromiseMade, RiskObserved

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
        language = jurisdiction = ""
        zones: list[str] = []
        offsets: frozenset[int] = frozenset()
        allowed: dict[tuple[str, str, str], bool] = {}
        self.addresses = {}
        for event in sorted(self.events, key=lambda event: (event.time, event.id)):
            match event.data:
                case CustomerUpdated(contact_points=points, consent=consent) as data:
                    language, jurisdiction = data.language, data.jurisdiction
                    zones = [data.time_zone, *(data.other_time_zones or ())]
                    self.addresses = {point.channel: point.address or "" for point in points}
                    for channel, given in consent.items():
                        allowed[channel, EVERY_KIND, _CONSENT] = given
                case ContactChanged(channel=channel, address=address):
                    self.addresses.pop(channel, None)
                    if address is not None:
                        self.addresses[channel] = address
                case PreferenceChanged() as data:
                    allowed[data.channel, data.message_kind, "choice"] = data.allowed
                case OffsetsChosen() as data:
                    offsets = frozenset(data.offsets)
        return Customer(
            customer_id=self.number,
            ref=self.ref,
            language=language,
            time_zone=zones[0] if zones else "",
            jurisdiction=jurisdiction,
            contacts={
                channel: ContactPoint(
                    channel, "", self._health(address), address, self._confirmed(channel, address)
                )
                for channel, address in self.addresses.items()
            },
            preferences=tuple(
                Preference(channel, kind, given) for (channel, kind, _), given in allowed.items()
            ),
            holds=self._holds(),
            other_zones=tuple(zone for zone in zones[1:] if zone != zones[0]),
            offsets=offsets,
            promises=self._promises(),
            risk_inputs=self._inputs(),
        )

    def contacts(self) -> list[Contact]:
        """What others did, in order of time."""
        made = (event.data for event in self.events if isinstance(event.data, ContactMade))
        found = [
            Contact(
                at=data.at,
                channel=data.channel,
                message_class=MessageClass(data.message_class or MessageClass.COLLECTION),
                customer=str(self.number),
                bill=data.bill_id or "",
                contact_point="",
                connected=data.connected,
                conversation=data.conversation,
                excluded=frozenset(data.excluded or ()),
            )
            for data in made
        ]
        return sorted(found, key=lambda contact: contact.at)

    def _confirmed(self, channel: str, address: str) -> datetime | None:
        """When the channel's present address was last seen in use."""
        seen = [
            event.data.confirmed_at
            for event in self.events
            if isinstance(event.data, ContactConfirmed)
            and event.data.channel == channel
            and self._address_at(channel, event.data.confirmed_at) == address
        ]
        return max(seen, default=None)

    def _address_at(self, channel: str, at: datetime) -> str | None:
        found = None
        for event in sorted(self.events, key=lambda event: (event.time, event.id)):
            if event.time > at:
                break
            match event.data:
                case CustomerUpdated(contact_points=points):
                    given: dict[str, str] = {point.channel: point.address or "" for point in points}
                    found = given.get(channel)
                case ContactChanged(channel=changed, address=address) if changed == channel:
                    found = address
        return found

    def _promises(self) -> tuple[Promise, ...]:
        made = (event.data for event in self.events if isinstance(event.data, PromiseMade))
        return tuple(
            Promise(
                data.promise_id, data.bill_id, data.amount_minor, data.promised_on, data.made_at
            )
            for data in made
        )

    def _inputs(self) -> tuple[RiskInput, ...]:
        seen = (event.data for event in self.events if isinstance(event.data, RiskObserved))
        return tuple(
            RiskInput(Feature(data.name), data.value, data.source, data.observed_at)
            for data in seen
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
