"""The CloudEvents 1.0 envelope around each kind of data, and their closed union."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Annotated, Generic, Literal, TypeVar, cast

from pydantic import BaseModel, ConfigDict, Field

from reminders.events.fields import (
    Attribute,
    EventId,
    ExtensionName,
    ExtensionValue,
    Instant,
    Source,
)
from reminders.events.models import (
    BillAdjusted,
    BillCancelled,
    BillDue,
    BillIssued,
    ContactChanged,
    CustomerUpdated,
    Data,
    HoldLifted,
    HoldPlaced,
    OffsetsChosen,
    PaymentFailed,
    PaymentReceived,
    PaymentReversed,
    PreferenceChanged,
)
from reminders.events.observed import ContactConfirmed, ContactMade, PromiseMade, RiskObserved

TypeT = TypeVar("TypeT", bound=str)
DataT = TypeVar("DataT", bound=Data)

# https://www.w3.org/TR/trace-context/#traceparent-header; an all-zero trace id is not one.
_TRACEPARENT = re.compile(r"[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}")

AnyData = (
    CustomerUpdated
    | ContactChanged
    | PreferenceChanged
    | BillIssued
    | BillDue
    | BillAdjusted
    | BillCancelled
    | PaymentReceived
    | PaymentFailed
    | PaymentReversed
    | HoldPlaced
    | HoldLifted
    | OffsetsChosen
    | RiskObserved
    | PromiseMade
    | ContactConfirmed
    | ContactMade
)


class Envelope(BaseModel, Generic[TypeT, DataT]):
    """CloudEvents 1.0 in its JSON form. Extension attributes are allowed and kept."""

    model_config = ConfigDict(frozen=True, extra="allow")
    __pydantic_extra__: dict[ExtensionName, ExtensionValue] = Field(init=False)

    specversion: Literal["1.0"]
    id: EventId
    source: Source
    type: TypeT
    time: Instant
    subject: Attribute | None = None
    datacontenttype: Attribute | None = None
    # A broken trace must not cost a payment: kept as it is, read leniently by `trace_id`.
    traceparent: Attribute | None = None
    data: DataT

    @property
    def identity(self) -> tuple[str, str]:
        """What makes two deliveries the same event."""
        return self.source, self.id

    @property
    def customer_id(self) -> str:
        return self.data.customer_id

    @property
    def trace_id(self) -> str | None:
        """The 32 hex digits of a valid `traceparent`, else None."""
        found = _TRACEPARENT.match(self.traceparent) if self.traceparent else None
        return found.group(1) if found else None

    @property
    def extensions(self) -> dict[str, str | bool | int | None]:
        return self.__pydantic_extra__


CustomerUpdatedEvent = Envelope[Literal["customer.updated"], CustomerUpdated]
ContactChangedEvent = Envelope[Literal["contact.changed"], ContactChanged]
PreferenceChangedEvent = Envelope[Literal["preference.changed"], PreferenceChanged]
BillIssuedEvent = Envelope[Literal["bill.issued"], BillIssued]
BillDueEvent = Envelope[Literal["bill.due"], BillDue]
BillAdjustedEvent = Envelope[Literal["bill.adjusted"], BillAdjusted]
BillCancelledEvent = Envelope[Literal["bill.cancelled"], BillCancelled]
PaymentReceivedEvent = Envelope[Literal["payment.received"], PaymentReceived]
PaymentFailedEvent = Envelope[Literal["payment.failed"], PaymentFailed]
PaymentReversedEvent = Envelope[Literal["payment.reversed"], PaymentReversed]
HoldPlacedEvent = Envelope[Literal["hold.placed"], HoldPlaced]
HoldLiftedEvent = Envelope[Literal["hold.lifted"], HoldLifted]
OffsetsChosenEvent = Envelope[Literal["preference.offsets_chosen"], OffsetsChosen]
RiskObservedEvent = Envelope[Literal["risk.observed"], RiskObserved]
PromiseMadeEvent = Envelope[Literal["promise.made"], PromiseMade]
ContactConfirmedEvent = Envelope[Literal["contact.confirmed"], ContactConfirmed]
ContactMadeEvent = Envelope[Literal["contact.made"], ContactMade]

Event = (
    CustomerUpdatedEvent
    | ContactChangedEvent
    | PreferenceChangedEvent
    | BillIssuedEvent
    | BillDueEvent
    | BillAdjustedEvent
    | BillCancelledEvent
    | PaymentReceivedEvent
    | PaymentFailedEvent
    | PaymentReversedEvent
    | HoldPlacedEvent
    | HoldLiftedEvent
    | OffsetsChosenEvent
    | RiskObservedEvent
    | PromiseMadeEvent
    | ContactConfirmedEvent
    | ContactMadeEvent
)
AnyEvent = Annotated[Event, Field(discriminator="type")]

EVENT_MODELS: dict[str, type[BaseModel]] = {
    "customer.updated": CustomerUpdatedEvent,
    "contact.changed": ContactChangedEvent,
    "preference.changed": PreferenceChangedEvent,
    "bill.issued": BillIssuedEvent,
    "bill.due": BillDueEvent,
    "bill.adjusted": BillAdjustedEvent,
    "bill.cancelled": BillCancelledEvent,
    "payment.received": PaymentReceivedEvent,
    "payment.failed": PaymentFailedEvent,
    "payment.reversed": PaymentReversedEvent,
    "hold.placed": HoldPlacedEvent,
    "hold.lifted": HoldLiftedEvent,
    "preference.offsets_chosen": OffsetsChosenEvent,
    "risk.observed": RiskObservedEvent,
    "promise.made": PromiseMadeEvent,
    "contact.confirmed": ContactConfirmedEvent,
    "contact.made": ContactMadeEvent,
}

_TYPE_OF: dict[type[BaseModel], str] = {
    model.model_fields["data"].annotation: name  # type: ignore[misc]  # never None: a field's class
    for name, model in EVENT_MODELS.items()
}


def event_of(
    data: AnyData,
    *,
    id: str,  # the CloudEvents attribute's own name
    source: str,
    time: datetime,
    traceparent: str | None = None,
) -> Event:
    """Put `data` into its envelope; the type follows from its class."""
    kind = _TYPE_OF[type(data)]
    event = EVENT_MODELS[kind](
        specversion="1.0",
        id=id,
        source=source,
        type=kind,
        time=time,
        traceparent=traceparent,
        data=data,
    )
    return cast("Event", event)
