"""Who is reminded: contact points, preferences, holds, zone and language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from enum import StrEnum
from typing import Final

from reminders.domain.record import record
from reminders.domain.scorecard import Feature


class ChannelName(StrEnum):
    SMS = "sms"
    EMAIL = "email"
    IN_APP = "in_app"
    PUSH = "push"
    VOICE = "voice"
    WECHAT = "wechat"
    WHATSAPP = "whatsapp"
    WEBHOOK = "webhook"
    APPRISE = "apprise"
    HUMAN_TASK = "human_task"


# Written in the gate's own transaction: no call, no address, neither uncertain nor late.
WRITTEN = frozenset({ChannelName.IN_APP, ChannelName.HUMAN_TASK})


class ContactHealth(StrEnum):
    """What outcomes say of an address. A suspect one is tried last, and tried again after a
    while; a dead one is not paid for twice."""

    UNKNOWN = "unknown"
    VALID = "valid"
    SUSPECT = "suspect"
    DEAD = "dead"


class HoldKind(StrEnum):
    DISPUTE = "dispute"
    HARDSHIP = "hardship"
    DECEASED = "deceased"
    ATTORNEY = "attorney"
    CEASE_CONTACT = "cease_contact"
    COMPLAINT = "complaint"
    INCIDENT = "incident"


EVERY_KIND = "*"
# Read once: in CPython 3.11 the attribute of an enum costs more than the comparison with it.
_SUSPECT: Final = ContactHealth.SUSPECT


@record
class ContactPoint:
    """One address, by reference only: the address itself stays encrypted in the ledger."""

    channel: str
    mask: str
    health: ContactHealth
    key: str = ""  # a keyed hash of the address, equal for all who share it; "" for in-app
    confirmed_at: datetime | None = None  # when the customer was last known to use it
    died_at: datetime | None = None


@record
class Preference:
    """Whether a channel may carry a kind of message (`*` = every kind), and who said so."""

    channel: str
    kind: str
    allowed: bool
    actor: str = ""
    changed_at: datetime | None = None
    version: int = 1


@dataclass(frozen=True, slots=True)
class Promise:
    """The customer's word to pay `amount` of a bill by the end of `promised_on` (local)."""

    promise_id: str
    bill_id: str
    amount: int
    promised_on: date
    made_at: datetime


@dataclass(frozen=True, slots=True)
class RiskInput:
    """What the lender observed about a customer, with where it comes from."""

    feature: Feature
    value: float
    source: str
    observed_at: datetime


@record
class Hold:
    """An interval that pauses reminders, of one bill or (bill_id None) of all."""

    hold_id: str
    kind: HoldKind
    bill_id: str | None
    from_at: datetime
    until_at: datetime | None

    def covers(self, bill_id: str, now: datetime) -> bool:
        """True if this hold pauses that bill at `now`."""
        if self.bill_id is not None and self.bill_id != bill_id:
            return False
        return self.from_at <= now and (self.until_at is None or now < self.until_at)


@record
class Customer:
    """A customer's profile. Nothing is sent while `time_zone` is empty: billing has not told."""

    customer_id: int
    ref: str
    language: str
    time_zone: str
    jurisdiction: str
    contacts: Mapping[str, ContactPoint]
    preferences: tuple[Preference, ...]
    holds: tuple[Hold, ...]
    other_zones: tuple[str, ...] = ()  # where else the customer may be: only hours that suit all
    offsets: frozenset[int] = frozenset()  # days from due on which pre-due notices are wanted
    promises: tuple[Promise, ...] = ()
    risk_inputs: tuple[RiskInput, ...] = ()
    best_time: time | None = None  # local, learned from what they did; None: not known
    # What follows from these, once and not for every decision:
    zones: tuple[str, ...] = ()  # every zone the customer may be in, the stated one first
    suspect: tuple[str, ...] = ()  # channels whose address is in doubt

    def __post_init__(self) -> None:
        suspect = [name for name, each in self.contacts.items() if each.health is _SUSPECT]
        object.__setattr__(self, "zones", (self.time_zone, *self.other_zones))
        object.__setattr__(self, "suspect", tuple(suspect))

    def opted_out(self, channel: str, kind: str) -> bool:
        """True if any preference bars this channel for this kind of message."""
        for preference in self.preferences:  # no `any(...)`: this runs for every decision
            if (
                not preference.allowed
                and preference.channel == channel
                and preference.kind in (EVERY_KIND, kind)
            ):
                return True
        return False

    def consented(self, channel: str, kind: str) -> bool:
        """True if the customer asked for this kind on this channel, and nothing bars it."""
        return not self.opted_out(channel, kind) and any(
            preference.allowed
            and preference.channel == channel
            and preference.kind in (EVERY_KIND, kind)
            for preference in self.preferences
        )

    def hold_on(self, bill_id: str, now: datetime) -> Hold | None:
        """The hold that pauses this bill now, the longest one if several do."""
        if not self.holds:
            return None
        active = [hold for hold in self.holds if hold.covers(bill_id, now)]
        if not active:
            return None
        return max(active, key=lambda hold: (hold.until_at is None, hold.until_at or now))
