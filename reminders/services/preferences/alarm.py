"""Which changes of preferences wait for a person: nobody's, and many by one hand (S4.24).

A system upgrade that silently switched reminders off is what this is for. What customers do
themselves takes effect at once, however many they are: to hold it would be to obstruct it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from reminders.domain.customer import EVERY_KIND

NO_ACTOR = "no_actor"
BULK = "bulk"

# A clerk at work switches off a few customers in five minutes; a script does so in a second.
MOST_BY_ONE_HAND = 20
WINDOW = timedelta(minutes=5)

CUSTOMER = "customer"  # the actor of a customer's own act
STOP_REPLY = "stop-reply"
UNSUBSCRIBE_LINK = "unsubscribe-link"
PROVIDER_LIST = "provider-list"  # a provider heard their STOP, and refuses our messages
PAGE = "preference-page"
# Where only the customer can have acted. All but the page are law: honoured whatever they leave.
STOPS = frozenset({STOP_REPLY, UNSUBSCRIBE_LINK, PROVIDER_LIST})
OWN_SOURCES = STOPS | {PAGE}


@dataclass(frozen=True, slots=True)
class Asked:
    """One change as an event asks for it; `event_key` is the event's own, and names the channel
    too where one event changes several."""

    customer: int
    allowed: bool
    actor: str
    source: str
    event_key: str
    channel: str = ""
    kind: str = EVERY_KIND

    @property
    def own(self) -> bool:
        """True for the customer's own act."""
        return self.actor.strip() == CUSTOMER or self.source in OWN_SOURCES

    @property
    def hands(self) -> tuple[str, ...]:
        """Whose work it is, by name and by origin: what is counted to find a bulk."""
        named = (f"actor {self.actor.strip()}",) if self.actor.strip() else ()
        return (*named, f"source {self.source}") if self.source else named


def counted(asked: Iterable[Asked]) -> list[Asked]:
    """Those that may be part of a bulk: switched off, by others than the customer."""
    return [each for each in asked if not each.allowed and not each.own]


def held_for(batch: Iterable[Asked], recent: Mapping[str, int]) -> dict[str, str]:
    """Event key → why it waits, of those in `batch` that do.

    `recent`: per hand, how many customers it switched off within `WINDOW` before this batch.
    """
    asked = list(batch)
    off = counted(asked)
    hands = Counter(
        hand for hand, _ in {(hand, each.customer) for each in off for hand in each.hands}
    )
    bulk = {hand for hand, count in hands.items() if count + recent.get(hand, 0) > MOST_BY_ONE_HAND}
    found = {each.event_key: BULK for each in off if not bulk.isdisjoint(each.hands)}
    found |= {each.event_key: NO_ACTOR for each in asked if not each.actor.strip() and not each.own}
    return found
