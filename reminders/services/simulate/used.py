"""What a customer has used up so far, without what no cap can count any more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from functools import lru_cache

from reminders.domain.bill import BillPosition
from reminders.domain.compliance import Window
from reminders.domain.policy import Policy
from reminders.domain.usage import NOTHING_USED, Contact, Usage

_LEAST = timedelta(days=8)  # a week on the wall with the largest change of the clock
_SOME = 12  # so few contacts are not worth looking through
_MORE = 4  # nor are so few more than the last time


@lru_cache(maxsize=64)
def horizon(policy: Policy) -> timedelta:
    """No cap but one over the life of a bill looks back further than this."""
    longest = _LEAST
    for pack in policy.packs.values():
        for cap in pack.caps:
            if cap.window is Window.ROLLING:
                longest = max(longest, timedelta(hours=cap.length))
            elif cap.window is not Window.BILL:
                longest = max(longest, timedelta(days=cap.length + 1))
    return longest


class Used:
    """`usage` is what `decide` is given."""

    def __init__(self, policy: Policy) -> None:
        self.usage = NOTHING_USED
        self._horizon = horizon(policy)
        self._outside = 0
        self._most = _SOME

    def add(self, contact: Contact, bills: Mapping[str, BillPosition]) -> None:
        """One more of ours. Contacts that no cap can count any more are dropped: caps go through
        all that are left for every message."""
        self.usage = self.usage.after(contact)
        if len(self.usage.contacts) > self._most:
            oldest = contact.at - self._horizon
            kept = tuple(
                [
                    each
                    for each in self.usage.contacts
                    if each.at > oldest or _lives(bills.get(each.bill))
                ]
            )
            self._most = max(_SOME, len(kept) + _MORE)
            self.usage = Usage(kept, self.usage.told, self.usage.noted)

    def hear(self, outside: Sequence[Contact]) -> None:
        """Contacts by others than us, all that are known."""
        if len(outside) == self._outside:
            return
        new = outside[self._outside :]
        self._outside = len(outside)
        every = sorted((*self.usage.contacts, *new), key=lambda contact: contact.at)
        told = self.usage.told | {each.bill for each in new}
        self.usage = Usage(tuple(every), told, self.usage.noted)


def _lives(bill: BillPosition | None) -> bool:
    return bill is not None and not bill.closed and not bill.settled
