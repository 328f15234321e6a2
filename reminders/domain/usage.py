"""What has been used up: contacts of the past that caps count, and the next one to be counted."""

from __future__ import annotations

from datetime import datetime

from reminders.domain.kinds import DATED, MessageClass
from reminders.domain.record import record

# A note in the customer's own inbox reaches out to nobody, and no cap counts it.
PASSIVE = frozenset({"in_app", "human_task"})
# What speaks of the bill and its date. An answer to an opt-out, say, is about a bill in name only.
_SPEAKS = DATED | {""}


@record
class Contact:
    """One contact, made or about to be made, as caps see it.

    `connected`: whether a call was answered; None while unknown, and then it counts as if it were.
    `conversation`: the customer was spoken with. `excluded`: ids of caps that do not count it
    (a call that could not be connected to the number, one the customer has just consented to).
    What does not lead counts for its own bill alone. `kind`: of the message; "" where a contact by
    others is known of, and not what it said.
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
    kind: str = ""

    @property
    def tells(self) -> bool:
        """Whether the customer was told of the bill by it."""
        return self.kind in _SPEAKS


@record
class Usage:
    """Contacts that count, in order of their instant: the customer's own, those of others on the
    same contact points, and for a lender-wide cap those of everybody. `told`: bills of which the
    customer was told, with amount and date. `noted`: (bill, kind) of what no cap counts, a note
    in the inbox: given all the same."""

    contacts: tuple[Contact, ...] = ()
    told: frozenset[str] = frozenset()
    noted: frozenset[tuple[str, str]] = frozenset()

    def after(self, contact: Contact) -> Usage:
        """This usage with one more contact."""
        known = contact.bill in self.told or not contact.tells
        told = self.told if known else self.told | {contact.bill}
        if contact.channel in PASSIVE:
            noted = self.noted
            if not contact.tells:  # what tells of its bill stands in `told` already
                noted = noted | {(contact.bill, contact.kind)}
            return Usage(self.contacts, told, noted)
        return Usage((*self.contacts, contact), told, self.noted)


NOTHING_USED = Usage()
