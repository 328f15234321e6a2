"""After an incident: what waited for a channel is looked at again little by little, and in time."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime, timedelta

import structlog

from reminders.domain.case import EVERY_CHANNEL
from reminders.domain.customer import ChannelName
from reminders.ledger import incidents, locks
from reminders.ledger.incidents import Incident, Waiting
from reminders.services.backlog import Place, allot
from reminders.services.closing import Window, window
from reminders.services.evaluate import UNDECIDABLE
from reminders.services.resources import Resources

log = structlog.get_logger(__name__)
# What waited leaves in as long as it took to gather, so that no more than twice the usual traffic
# leaves; but at a reminder a second or faster, at no more than so much of the channel's pace (half
# of the first step of a returning provider), and in half an hour at most.
BACKLOG_PER_S = 1.0
BACKLOG_SHARE = 0.05
BACKLOG_WITHIN = timedelta(minutes=30)


def wake(resources: Resources, closed: Incident, lasted: timedelta) -> None:
    """Give everything that waits for a channel its time, after an incident that lasted so long.

    Batch by batch: a million in one transaction would hold up everybody. Whatever is not woken,
    because we die here, looks again by itself within minutes.
    """
    now, most = resources.clock.now(), resources.limits.batch
    with resources.engine.connect() as connection:
        counts = incidents.waiting(connection, now)
    within = _spread(sum(counts.values()), _rate(resources, closed), lasted)
    places = _places(resources, counts, within, now)

    def place(of: Waiting) -> datetime:
        return places[of].next() if of in places else now

    woken = most
    while woken == most:
        woken = locks.in_transaction(
            resources.engine, lambda connection: incidents.wake(connection, now, most, place)
        )
    for lane in ChannelName:
        resources.wake.deliver(lane.value)


def _places(
    resources: Resources, counts: Mapping[Waiting, int], within: timedelta, now: datetime
) -> dict[Waiting, Place]:
    """Who goes when: by channel and opening, whoever's time ends first before the others."""
    queues: dict[tuple[str, datetime], list[tuple[datetime, Waiting]]] = {}
    for each in counts:
        found = _window(resources, each, now)
        if found is not None:  # else the brain says at once why it is over
            queues.setdefault((each.lane, found.opens_at), []).append((found.ends_at, each))
    places = {}
    for (lane, opens_at), queue in queues.items():
        # Of those that close at once the ones that end with it are first: others have tomorrow.
        queue.sort(key=lambda one: (one[0], one[1].expires_at))
        sizes = [(counts[each], (ends_at - opens_at).total_seconds()) for ends_at, each in queue]
        pace = resources.fleet.rate_per_s(lane) or math.inf
        turns = allot(sizes, within.total_seconds(), pace)
        for (ends_at, each), turn in zip(queue, turns, strict=True):
            places[each] = Place(counts[each], opens_at, ends_at, turn)
    return places


def _window(resources: Resources, waiting: Waiting, now: datetime) -> Window | None:
    try:
        return window(resources.book.get(waiting.policy), waiting, now)
    except UNDECIDABLE:  # the gate says what is wrong with it, and holds up nobody else
        log.exception("no hours for what waited", policy=waiting.policy)
        return None


def _rate(resources: Resources, closed: Incident) -> float:
    """What the widest of its channels takes in a second."""
    fleet = resources.fleet
    channels = fleet.by_channel if closed.channel == EVERY_CHANNEL else (closed.channel,)
    return max((fleet.rate_per_s(each) for each in channels), default=0.0)


def _spread(count: int, rate: float, lasted: timedelta) -> timedelta:
    """How long it takes until the last of `count` reminders is looked at again."""
    paced = timedelta(seconds=count / (rate * BACKLOG_SHARE)) if rate else timedelta(0)
    gathered = min(lasted, timedelta(seconds=count / BACKLOG_PER_S))
    return min(max(paced, gathered), BACKLOG_WITHIN)
