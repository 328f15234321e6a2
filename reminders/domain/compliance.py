"""The law as data: packs, contact caps, and what they leave together. Composition only tightens."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from reminders.domain.hours import Hours
from reminders.domain.kinds import MessageClass, MessageKind


class Mark(StrEnum):
    """How far a figure of a pack has been checked."""

    VERIFIED = "verified"
    VERIFIED_2ND = "verified-2nd"
    UNVERIFIED = "unverified"
    HOUSE = "house"


@dataclass(frozen=True, slots=True)
class Source:
    """Where a figure comes from: an article, or `house` for our own."""

    cite: str
    mark: Mark


class Count(StrEnum):
    """What a cap counts."""

    ATTEMPT = "attempt"  # every contact that the carrier did not surely refuse
    CONNECTED = "connected"  # calls answered; one in flight counts until known otherwise
    CONVERSATION = "conversation"  # a talk with the customer: see Window.DAYS with a limit of 0


class Window(StrEnum):
    """Over what time a cap counts."""

    LOCAL_DAY = "local_day"  # the customer's calendar day (`length` days, this one the last)
    ROLLING = "rolling"  # the last `length` hours
    BILL = "bill"  # as long as the bill lives
    AFTER = "after"  # `length` local days after what is counted, that day being day one


class Scope(StrEnum):
    """Whose contacts a cap adds up. A cap with several adds up those that agree in all of them."""

    CUSTOMER = "customer"
    CONTACT_POINT = "contact_point"
    BILL = "bill"
    LENDER = "lender"


@dataclass(frozen=True, slots=True)
class Cap:
    """At most `limit` contacts in a window. Empty `channels` or `classes` mean every one."""

    cap_id: str
    count: Count
    limit: int
    window: Window
    length: int
    scope: frozenset[Scope]
    source: Source
    channels: frozenset[str] = frozenset()
    classes: frozenset[MessageClass] = frozenset()

    def applies(self, channel: str, message_class: MessageClass) -> bool:
        """True if a message of this class on this channel is held by the cap."""
        if self.channels and channel not in self.channels:
            return False
        return not self.classes or message_class in self.classes


@dataclass(frozen=True, slots=True)
class ClassHours:
    """The hours of one message class, with their source."""

    hours: Hours
    source: Source
    holidays: bool = False  # closed on the public holidays of the customer's country


@dataclass(frozen=True, slots=True)
class Mandate:
    """A notice that law orders: it may pass an opt-out, on `min_channels` channels at the least."""

    kind: MessageKind
    legal_basis: str
    source: Source
    products: frozenset[str] = frozenset()  # empty: every product


@dataclass(frozen=True, slots=True)
class Freshness:
    """A contact point of these channels must have been confirmed within so many days."""

    channels: frozenset[str]
    days: int
    source: Source


@dataclass(frozen=True, slots=True)
class Pack:
    """One jurisdiction's rules. Everything a message class may not do, with its source."""

    name: str
    version: str
    hours: Mapping[MessageClass, ClassHours]
    caps: tuple[Cap, ...] = ()
    mandates: tuple[Mandate, ...] = ()
    freshness: tuple[Freshness, ...] = ()
    consent_needed: frozenset[MessageClass] = frozenset()  # opt-in before the first message
    required: Mapping[MessageClass, frozenset[str]] = field(default_factory=dict)
    stop_words: frozenset[str] = frozenset()
    retention_days: int = 0


@dataclass(frozen=True, slots=True)
class Rules:
    """What one customer's packs leave together, for one class of message."""

    packs: tuple[str, ...]  # name@version, sorted
    hours: Hours
    hours_sources: tuple[Source, ...]
    caps: tuple[Cap, ...]
    mandates: tuple[Mandate, ...]
    freshness: tuple[Freshness, ...]
    consent_needed: bool
    required: frozenset[str]
