"""Which messages went out beyond a cap, and whether a cap may have held one back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from reminders.services.demo.auditor.contacts import (
    Broken,
    Contact,
    broken_caps,
    counting,
    made_by_others,
)
from reminders.services.demo.auditor.dossier import Dossier
from reminders.services.demo.auditor.finding import OVER_CAP, Finding
from reminders.services.demo.auditor.law import class_of
from reminders.services.demo.auditor.logs import Call
from reminders.services.demo.auditor.person import Reach


def find_over_caps(dossier: Dossier) -> Iterator[Finding]:
    """One finding per message, however many caps it broke."""
    earlier: list[Contact] = []
    for call in counting(dossier.calls):
        contact = contact_of(dossier, call)
        broken = _broken(dossier, dossier.reach(call), contact, earlier)
        if broken:
            told = ", ".join(f"{each.used + 1} for {each.cap.name}" for each in broken)
            yield dossier.finding(OVER_CAP, call, dossier.stage(call), told)
        earlier.append(contact)


def contact_of(dossier: Dossier, call: Call) -> Contact:
    """What a call is to the caps."""
    return Contact(
        at=call.at,
        channel=call.channel,
        message_class=class_of(dossier.kinds(call)[0]),
        customer=dossier.customer,
        bill=call.bill,
        address=call.to,
    )


def held_back(dossier: Dossier, states: Sequence[Reach], wanted: Contact, until: datetime) -> bool:
    """True if a cap bars such a contact at its own instant, or after any of ours by `until`."""
    sent = ours(dossier)
    instants = [wanted.at, *(each.at for each in sent if wanted.at < each.at <= until)]
    return any(
        _breaks(dossier, reach, wanted._replace(at=at), [each for each in sent if each.at <= at])
        for at in instants
        for reach in states
    )


def ours(dossier: Dossier) -> list[Contact]:
    """All that we sent to this customer and a carrier may have taken, in order of time."""
    return [contact_of(dossier, call) for call in counting(dossier.calls)]


def _broken(
    dossier: Dossier, states: Sequence[Reach], contact: Contact, earlier: Sequence[Contact]
) -> tuple[Broken, ...]:
    """Broken by every state of the customer that the gate can have seen."""
    by_state = [_breaks(dossier, reach, contact, earlier) for reach in states]
    return min(by_state, key=len, default=())


def _breaks(
    dossier: Dossier, reach: Reach, wanted: Contact, earlier: Sequence[Contact]
) -> tuple[Broken, ...]:
    if reach.place is None:
        return ()
    made = made_by_others(reach.made, dossier.customer)
    others = [each for each in made if each.at <= wanted.at]
    # Of two customers' messages at one instant either may have been first.
    others += [each for each in dossier.others if each.at < wanted.at]
    return broken_caps(dossier.rules.law, reach.place, (*earlier, *others), wanted)
