"""The law as data: packs, contact caps, and what they leave together. Composition only tightens."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
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
    CONVERSATION = "conversation"  # a talk with the customer: see Window.AFTER


class Window(StrEnum):
    """Over what time a cap counts."""

    LOCAL_DAY = "local_day"  # the customer's calendar day (`length` days, this one the last)
    ROLLING = "rolling"  # the last `length` hours
    BILL = "bill"  # as long as the bill lives
    AFTER = "after"  # `length` local days from what is counted, that day being day one: in them
    # no contact at all once more than `limit` (0: a single one) was counted


class Scope(StrEnum):
    """Whose contacts a cap adds up. A cap with several adds up those that agree in all of them."""

    CUSTOMER = "customer"
    CONTACT_POINT = "contact_point"
    BILL = "bill"
    LENDER = "lender"


_LARGEST_SHIFT = timedelta(hours=2)  # of a clock set back: Antarctica/Troll


def _reach(window: Window, length: int) -> timedelta | None:
    if window is Window.BILL:
        return None
    try:
        if window is Window.ROLLING:
            return timedelta(hours=length)
        return timedelta(days=length) + _LARGEST_SHIFT
    except OverflowError:
        return timedelta.max


@dataclass(frozen=True, slots=True)
class Cap:
    """At most `limit` contacts in a window. Empty `channels` or `classes` mean every one.

    `length` is in days (LOCAL_DAY, AFTER) or hours (ROLLING); for BILL it has no meaning.
    Messages of the `exempt` classes are counted and yet not held: what law orders does not
    wait for a house figure.
    """

    cap_id: str
    count: Count
    limit: int
    window: Window
    length: int
    scope: frozenset[Scope]
    source: Source
    channels: frozenset[str] = frozenset()
    classes: frozenset[MessageClass] = frozenset()
    exempt: frozenset[MessageClass] = frozenset()
    # No contact so long ago can count; None: it counts as long as the bill lives.
    reach: timedelta | None = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "reach", _reach(self.window, self.length))

    def holds(self, channel: str, message_class: MessageClass) -> bool:
        """True if a message of this class on this channel must be within the cap."""
        return message_class not in self.exempt and self.applies(channel, message_class)

    def applies(self, channel: str, message_class: MessageClass) -> bool:
        """True if the cap counts a message of this class on this channel."""
        if self.channels and channel not in self.channels:
            return False
        return not self.classes or message_class in self.classes


@dataclass(frozen=True, slots=True)
class ClassHours:
    """The hours of one message class, with their source."""

    hours: Hours
    source: Source
    holidays: bool = False  # closed on the public holidays of the customer's country
    days_source: Source | None = None  # of closed weekdays and holidays; None: none are closed


@dataclass(frozen=True, slots=True)
class Mandate:
    """A notice that law orders: it may pass an opt-out, on `min_channels` channels at the least.

    `after_missed`, `within_days`: due within so many days once so many payments were missed.
    """

    kind: MessageKind
    legal_basis: str
    source: Source
    products: frozenset[str] = frozenset()  # empty: every product
    min_channels: int = 1
    after_missed: int | None = None
    within_days: int | None = None

    def orders(self, kind: MessageKind, product: str) -> bool:
        """True if a message of this kind about this product is ordered."""
        return kind is self.kind and (not self.products or product in self.products)


@dataclass(frozen=True, slots=True)
class Freshness:
    """A contact point of these channels must have been confirmed within so many days."""

    channels: frozenset[str]
    days: int
    source: Source


@dataclass(frozen=True, slots=True)
class OptOutRule:
    """How a customer's no is taken: by which words, how soon at the latest, and what may still be
    said on that channel (`confirmations` of the no itself, `replies` to the customer's own words).
    """

    words: frozenset[str]
    honour_within: timedelta
    source: Source
    confirmations: int = 1
    replies: int = 0


@dataclass(frozen=True, slots=True)
class CeaseContact:
    """After a written demand to stop, only notices of these purposes may still go."""

    exceptions: frozenset[str]
    source: Source


@dataclass(frozen=True, slots=True)
class Retention:
    """How long a kind of record is kept."""

    record: str
    days: int
    source: Source


@dataclass(frozen=True, slots=True)
class Duty:
    """What a law asks beyond figures, in words: for people to read, not for code to weigh."""

    duty_id: str
    says: str
    source: Source


class Content(StrEnum):
    """What a message must say. One that a template can say already is named as its variable."""

    LENDER = "lender"
    AMOUNT = "amount"
    DUE_ON = "due_on"
    BILL = "bill_id"
    HOW_TO_PAY = "pay_url"
    OPT_OUT_METHOD = "unsubscribe_url"
    CONSEQUENCE = "consequence"
    HOW_TO_DISPUTE = "how_to_dispute"
    CONTACT = "contact"
    DEBT_COLLECTOR_LINE = "debt_collector_line"
    DEBT_ADVICE = "debt_advice"
    INFORMATION_SHEET = "information_sheet"
    AGENT_IDENTITY = "agent_identity"
    FORBEARANCE_OFFER = "forbearance_offer"


class Role(StrEnum):
    """Whom a pack binds."""

    LENDER = "lender"  # and whoever collects for it
    THIRD_PARTY_COLLECTOR = "third_party_collector"


@dataclass(frozen=True, slots=True)
class Pack:
    """One jurisdiction's rules. Everything a message class may not do, with its source.

    There is no word here for anyone but the customer: contact with a third party cannot be said.
    A pack that binds only `THIRD_PARTY_COLLECTOR` is kept by a lender too, as a safe harbour.
    """

    name: str
    version: str
    hours: Mapping[MessageClass, ClassHours]
    caps: tuple[Cap, ...] = ()
    mandates: tuple[Mandate, ...] = ()
    freshness: tuple[Freshness, ...] = ()
    consent: Mapping[MessageClass, Source] = field(default_factory=dict)  # opt-in before the first
    required: Mapping[MessageClass, frozenset[Content]] = field(default_factory=dict)
    required_sources: Mapping[MessageClass, Source] = field(default_factory=dict)
    forbidden: Mapping[str, Source] = field(default_factory=dict)  # by name of the lint
    opt_out: OptOutRule | None = None
    cease_contact: CeaseContact | None = None
    retention: tuple[Retention, ...] = ()
    duties: tuple[Duty, ...] = ()
    role: Role = Role.LENDER

    @property
    def label(self) -> str:
        return f"{self.name}@{self.version}"

    @property
    def consent_needed(self) -> frozenset[MessageClass]:
        """Classes that need the customer's opt-in before the first message."""
        return frozenset(self.consent)

    @property
    def stop_words(self) -> frozenset[str]:
        """What a customer writes back to stop a channel."""
        return self.opt_out.words if self.opt_out else frozenset()

    @property
    def retention_days(self) -> int:
        """The longest that any record of this pack is kept."""
        return max((kept.days for kept in self.retention), default=0)


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
    required: frozenset[Content]
    forbidden: frozenset[str] = frozenset()
    consent_sources: tuple[Source, ...] = ()
    hours_cite: str = field(default="", compare=False)  # the sources of the hours in one line
