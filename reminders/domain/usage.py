"""What has been used up: contacts of the past that caps count, and the next one to be counted."""

from __future__ import annotations

from datetime import datetime

from reminders.domain.kinds import MessageClass
from reminders.domain.record import record

# A note in the customer's own inbox reaches out to nobody, and no cap counts it.
PASSIVE = frozenset({"in_app"})


@record
class Contact:
    """One contact, made or about to be made, as caps see it.

    `connected`: whether a call was answered; None while unknown, and then it counts as if it were.
    `conversation`: the customer was spoken with. `excluded`: ids of caps that do not count it
    (a call that could not be connected to the number, one the customer has just consented to).
    What does not lead counts for its own bill alone.
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
    leads: bool = True  # False: carried by a message that another bill's contact counts already


@record
class Usage:
    """Contacts that count, in order of their instant: the customer's own, those of others on the
    same contact points, and for a lender-wide cap those of everybody. `told`: bills of which the
    customer has had any message."""

    contacts: tuple[Contact, ...] = ()
    told: frozenset[str] = frozenset()

    def after(self, contact: Contact) -> Usage:
        """This usage with one more contact."""
        told = self.told if contact.bill in self.told else self.told | {contact.bill}
        if contact.channel in PASSIVE:
            return Usage(self.contacts, told)
        return Usage((*self.contacts, contact), told)


NOTHING_USED = Usage()
