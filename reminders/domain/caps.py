"""Contact caps: whether one more contact is within them, and if not from when on it would be.

Called for every decision of a simulation: contacts are read from the newest backwards, no further
than the window reaches, and a zone is asked for one contact only, the one that decides.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, time, timedelta
from typing import Final

from reminders.domain.calendar import instant, local_day, shift
from reminders.domain.compliance import Cap, Count, Scope, Window
from reminders.domain.record import record
from reminders.domain.usage import Contact, Usage

# Read once: in CPython 3.11 the attribute of an enum costs more than the comparison with it.
_CONNECTED: Final = Count.CONNECTED
_CONVERSATION: Final = Count.CONVERSATION
_AFTER: Final = Window.AFTER
_BILL_LIFE: Final = Window.BILL
_ROLLING: Final = Window.ROLLING
_CUSTOMER: Final = Scope.CUSTOMER
_CONTACT_POINT: Final = Scope.CONTACT_POINT
_BILL: Final = Scope.BILL

_DAY = timedelta(days=1)
_HOUR = timedelta(hours=1)
_MIDNIGHT = time(0)
_LARGEST_SHIFT = timedelta(hours=2)  # of a clock set back: Antarctica/Troll
_FIRST = datetime.min.replace(tzinfo=UTC)
_LAST = datetime.max.replace(tzinfo=UTC)


@record
class Blocked:
    """A cap that is used up: by how many contacts, and the first instant at which, without any
    further contact, it would allow one again. None: not while the bill lives."""

    cap: Cap
    used: int
    until: datetime | None


def first_blocked(
    caps: Sequence[Cap], usage: Usage, wanted: Contact, zones: Sequence[str]
) -> Blocked | None:
    """The cap that bars `wanted` for longest; None if every cap allows it.

    A cap holds in every zone that the customer may be in. Where none is known, or one is "", a
    local day may begin at any instant: `length` times 24 hours count, and a clock set back.
    Contacts of `usage` are in order of their instant. One that lies ahead of `wanted`, written
    by a clock that runs before ours, counts too.
    """
    worst: Blocked | None = None
    made = len(usage.contacts)
    for cap in caps:
        if made < cap.limit:  # the usual case, for every cap of every decision
            continue
        found = _blocked(cap, usage, wanted, zones)
        if found is None:
            continue
        if found.until is None:
            return found
        if worst is None or worst.until is None or found.until > worst.until:
            worst = found
    return worst


def counted(cap: Cap, usage: Usage, wanted: Contact, zones: Sequence[str]) -> int:
    """How many contacts of `usage` the cap counts beside `wanted`, in the worst of the zones."""
    found = 0
    for at in _matching(cap, usage.contacts, wanted):
        leaves_at = _leaves_at(cap, at, zones)
        if leaves_at is not None and leaves_at <= wanted.at:
            break
        found += 1
    return found


def _blocked(cap: Cap, usage: Usage, wanted: Contact, zones: Sequence[str]) -> Blocked | None:
    barring = cap.limit + 1 if cap.window is _AFTER else cap.limit
    if len(usage.contacts) < barring:
        return None
    if barring > 0 and _too_few(cap, usage.contacts, wanted, barring):
        return None
    if not _holds(cap, wanted):
        return None
    if barring <= 0:
        return Blocked(cap, counted(cap, usage, wanted, zones), None)
    for at in _matching(cap, usage.contacts, wanted):
        barring -= 1
        if not barring:
            until = _leaves_at(cap, at, zones)
            if until is not None and until <= wanted.at:
                return None
            return Blocked(cap, counted(cap, usage, wanted, zones), until)
    return None


def _too_few(cap: Cap, contacts: Sequence[Contact], wanted: Contact, barring: int) -> bool:
    """Whether so many cannot lie in the window, whatever they were: a short way to the usual
    answer."""
    if cap.reach is not None:
        return contacts[-barring].at <= _oldest(cap, wanted.at)
    if _BILL not in cap.scope:
        return False
    found = 0
    for each in contacts:  # no `sum(...)`: this runs for every decision
        found += each.bill == wanted.bill
    return found < barring


def _holds(cap: Cap, wanted: Contact) -> bool:
    if not cap.holds(wanted.channel, wanted.message_class):
        return False
    return not (wanted.excluded and cap.cap_id in wanted.excluded) and _leads(cap, wanted)


def _leads(cap: Cap, contact: Contact) -> bool:
    """A bill in another's message is a contact about itself and no further one of the customer."""
    return contact.leads or _BILL in cap.scope


def _matching(cap: Cap, contacts: Sequence[Contact], wanted: Contact) -> Iterator[datetime]:
    """Instants, the newest first, of the contacts that may lie within the cap's window."""
    oldest = _oldest(cap, wanted.at)
    for contact in reversed(contacts):
        if contact.at <= oldest:
            return
        if _counts(cap, contact) and _agree(cap.scope, contact, wanted):
            yield contact.at


def _oldest(cap: Cap, now: datetime) -> datetime:
    """No contact at this instant or before it can count."""
    try:
        return _FIRST if cap.reach is None else now - cap.reach
    except OverflowError:
        return _FIRST


def _counts(cap: Cap, contact: Contact) -> bool:
    if not cap.applies(contact.channel, contact.message_class):
        return False
    if contact.excluded and cap.cap_id in contact.excluded:
        return False
    if not _leads(cap, contact):
        return False
    if cap.count is _CONNECTED:
        return contact.connected is not False
    return cap.count is not _CONVERSATION or contact.conversation


def _agree(scope: frozenset[Scope], contact: Contact, wanted: Contact) -> bool:
    """Whether both are of the same customer, bill and contact point, as far as the scope asks.

    The scope `lender` asks nothing. Two contacts without an address have no address in common.
    """
    if _CUSTOMER in scope and contact.customer != wanted.customer:
        return False
    if _BILL in scope and contact.bill != wanted.bill:
        return False
    if _CONTACT_POINT not in scope:
        return True
    return bool(wanted.contact_point) and contact.contact_point == wanted.contact_point


def _leaves_at(cap: Cap, at: datetime, zones: Sequence[str]) -> datetime | None:
    """When a contact of that instant no longer counts in any zone; None for the bill's life."""
    if cap.window is _BILL_LIFE:
        return None
    try:
        if cap.window is _ROLLING:
            return at + _HOUR * cap.length
        if not zones or "" in zones:
            return at + _DAY * cap.length + _LARGEST_SHIFT
    except OverflowError:
        return _LAST
    return max(_day_after(at, cap.length, zone) for zone in zones)


def _day_after(at: datetime, days: int, zone: str) -> datetime:
    """The first instant of the local day that comes so many days after that of `at`."""
    day = shift(local_day(at, zone), days)
    opens = instant(day, _MIDNIGHT, zone) if day is not None else None
    return _LAST if opens is None else opens
