"""What has been used up: contacts of the past that caps count, and the next one to be counted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from reminders.domain.kinds import MessageClass


@dataclass(frozen=True, slots=True)
class Contact:
    """One contact, made or about to be made, as caps see it.

    `connected`: whether a call was answered; None while unknown, and then it counts as if it were.
    `conversation`: the customer was spoken with. `excluded`: ids of caps that do not count it
    (a call that could not be connected to the number, one the customer has just consented to).
    """

    at: datetime
    channel: str
    message_class: MessageClass
    customer: str
    bill: str
    contact_point: str  # a keyed hash of the address; "" where there is none
    connected: bool | None = None
    conversation: bool = False
    excluded: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Usage:
    """Contacts that count, in order of their instant: the customer's own, those of others on the
    same contact points, and for a lender-wide cap those of everybody."""

    contacts: tuple[Contact, ...] = ()

    def after(self, contact: Contact) -> Usage:
        """This usage with one more contact."""
        return Usage((*self.contacts, contact))


NOTHING_USED = Usage()
