"""What others saw of a customer: risk inputs, promises, an address in use, contacts they made."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Self

from pydantic import model_validator

from reminders.events.fields import (
    CapIds,
    ChannelName,
    Currency,
    Flag,
    Instant,
    Label,
    LocalDate,
    Number,
    OutsideChannel,
    OutsideClass,
    PositiveAmount,
    Ref,
    RiskName,
)
from reminders.events.models import Data

# Each input with the values it may have; a lender's score has its own scale.
RISK_BOUNDS: Mapping[RiskName, tuple[float, float]] = MappingProxyType(
    {
        "credit_limit": (0, 1e15),  # major units
        "autopay": (0, 1),
        "lender_score": (-1e15, 1e15),
        "anomaly": (0, 1),
        "utilisation": (0, 1000),  # 1 = the whole limit; more where it is overdrawn
    }
)
_EITHER_OR = frozenset({"autopay", "anomaly"})


class RiskObserved(Data):
    """The lender observed one of its own inputs to risk; the list of names is closed."""

    name: RiskName
    value: Number
    source: Label
    observed_at: Instant

    @model_validator(mode="after")
    def _value_fits(self) -> Self:
        if self.name in _EITHER_OR and self.value not in (0, 1):
            raise ValueError(f"value of {self.name} is neither 0 nor 1")
        least, most = RISK_BOUNDS[self.name]
        if not least <= self.value <= most:
            raise ValueError(f"value of {self.name} is not within {least:g} and {most:g}")
        return self


class PromiseMade(Data):
    """The customer said that this much of a bill will be paid by the end of a local day."""

    promise_id: Ref
    bill_id: Ref
    amount_minor: PositiveAmount
    currency: Currency
    promised_on: LocalDate
    made_at: Instant


class ContactConfirmed(Data):
    """The customer was seen to use the address that this channel had at `confirmed_at`."""

    channel: ChannelName
    confirmed_at: Instant


class ContactMade(Data):
    """An agent or another system contacted the customer; caps count it as they count ours.

    `connected`: a call was answered, null = not known. `excluded`: caps that do not count it.
    """

    contact_id: Ref
    channel: OutsideChannel
    bill_id: Ref | None = None
    connected: Flag | None = None
    conversation: Flag
    at: Instant
    excluded: CapIds | None = None
    # Without it the contact counts as collection, whose caps are the tighter.
    message_class: OutsideClass | None = None

    @model_validator(mode="after")
    def _spoken_with_once_connected(self) -> Self:
        if self.conversation and self.connected is False:
            raise ValueError("a conversation that was not connected is none")
        return self
