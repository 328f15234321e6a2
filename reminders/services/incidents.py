"""Incident mode: normal → degraded (a channel is down) or suspended (all are) → recovering.

While a channel is down its reminders go by their next channel at once; hours, caps and opt-outs
still hold. When it is back, what is still of use is sent, the newest stage of each bill, spread
over as long as spares providers that have just come back; what is past its use has expired, and
says why. People learn of an incident by a task.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

import structlog
from redis.exceptions import RedisError
from sqlalchemy import Connection

from reminders.domain.case import EVERY_CHANNEL, NO_PROVIDER
from reminders.domain.customer import ChannelName
from reminders.ledger import incidents, locks
from reminders.ledger.incidents import Incident, Touched
from reminders.services import incident_tasks as calling
from reminders.services.resources import Resources
from reminders.services.waking import wake

log = structlog.get_logger(__name__)
BREAKER = "breaker"  # who opens and closes an incident by itself
RECOVERING_FOR = timedelta(minutes=30)  # after the end of an incident
_SEEN_DOWN = "reminders:down:"  # since when a channel is seen down, business time
_ACTOR_MAX, _REASON_MAX = 64, 500
_NUMBER_END = 1 << 63  # of a bigint
PAGE = 1_000  # of those whom an incident touched


class Mode(StrEnum):
    NORMAL = "normal"
    DEGRADED = "degraded"
    SUSPENDED = "suspended"
    RECOVERING = "recovering"


class IncidentError(ValueError):
    """What was asked cannot be done; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Status:
    """Where the system stands, and why."""

    mode: Mode
    open: Sequence[Incident]
    recent: Sequence[Incident]  # closed ones, the newest first
    down: Mapping[str, str]  # channels that take nothing, incident or not
    counts: Mapping[int, Mapping[str, tuple[int, int]]]  # effect → (reminders, customers)


@dataclass(frozen=True, slots=True)
class Told:
    """One incident, and a page of those whom it touched; `counts` as in `Status`."""

    incident: Incident
    counts: Mapping[str, tuple[int, int]]
    touched: Sequence[Touched]
    page: int
    size: int = PAGE


def open_incident(resources: Resources, channel: str, actor: str, reason: str) -> int:
    """Declare a channel down (`*`: suspend all sending); returns the incident's number.

    It is obeyed from the next gate on. One that opened by itself is taken over: it would close by
    itself. Raises `IncidentError`.
    """
    if channel != EVERY_CHANNEL and channel not in tuple(ChannelName):
        raise IncidentError(f"channel {channel!r} is none of *, {', '.join(ChannelName)}")
    _check(actor, reason)
    return _open(resources, channel, actor, reason)


def _open(resources: Resources, channel: str, actor: str, reason: str) -> int:
    def work(connection: Connection) -> int:
        incidents.lock(connection)
        now = resources.clock.now()
        known = [one for one in incidents.open_now(connection) if one.channel == channel]
        if known and (actor == BREAKER or known[0].opened_by != BREAKER):
            raise IncidentError(f"incident {known[0].number} of {channel} is open already")
        for one in known:
            taken_over = f"taken over: {reason}"[:_REASON_MAX]
            incidents.end(connection, one, actor, taken_over, now)
            calling.call_off(resources, connection, one, taken_over)
        number = incidents.begin(connection, channel, actor, reason, now)
        opened = Incident(number, channel, actor, reason, now)
        incidents.adopt(connection, opened)
        calling.call(resources, connection, opened)
        return number

    number = locks.in_transaction(resources.engine, work)
    log.warning("incident opened", incident=number, channel=channel, actor=actor, reason=reason)
    return number


def close_incident(resources: Resources, number: int, actor: str, reason: str) -> Incident:
    """Declare an incident over; what waited for its channel is looked at again, little by little.

    If its providers still fail, another opens after `channel_down_after`. Raises `IncidentError`.
    """
    _check(actor, reason)
    return _close(resources, number, actor, reason)


def _close(resources: Resources, number: int, actor: str, reason: str) -> Incident:
    def work(connection: Connection) -> Incident:
        incidents.lock(connection)
        found = [one for one in incidents.open_now(connection) if one.number == number]
        if not found:
            raise IncidentError(f"no incident {number} is open: see `reminders incident status`")
        incidents.end(connection, found[0], actor, reason, resources.clock.now())
        calling.call_off(resources, connection, found[0], reason)
        return found[0]

    closed = locks.in_transaction(resources.engine, work)
    log.warning("incident closed", incident=number, channel=closed.channel, actor=actor)
    # First, or the next watch would open another at once, for what was seen before. Without Redis
    # it may; what waits is woken all the same.
    try:
        resources.redis.delete(_SEEN_DOWN + closed.channel)
    except RedisError as error:
        log.warning("redis is away", incident=number, reason=type(error).__name__)
    wake(resources, closed, _lasted(resources, closed))
    return closed


def _lasted(resources: Resources, closed: Incident) -> timedelta:
    """How long nothing went by its channel."""
    lasted = resources.clock.now() - closed.opened_at
    if closed.opened_by == BREAKER:  # it had been down for so long before
        lasted += resources.limits.channel_down_after
    return lasted


def status(resources: Resources, most: int = 20) -> Status:
    """Where the system stands."""
    now = resources.clock.now()
    with resources.engine.connect() as connection:
        opened = incidents.open_now(connection)
        every = incidents.newest(connection, most)
        recent = [one for one in every if one.closed_at is not None]
        shown = {one.number for one in (*opened, *every)}
        counts = {number: incidents.counts(connection, number) for number in shown}
    down = {channel: why for channel, why in resources.fleet.down().items() if why != NO_PROVIDER}
    return Status(_mode(opened, recent, down, now), opened, recent, down, counts)


def affected(
    resources: Resources, number: int, most: int = 1_000_000, page: int = 1
) -> list[Touched]:
    """The `page`th so many of those whom an incident touched, in order of time.

    Raises `IncidentError` if there is no such incident.
    """
    with resources.engine.connect() as connection:
        _known(connection, number)
        return incidents.touched(connection, number, most, (page - 1) * most)


def told(resources: Resources, number: int, page: int) -> Told:
    """One incident and the `page`th thousand of those whom it touched, from 1.

    Raises `IncidentError` if there is no such incident.
    """
    with resources.engine.connect() as connection:
        found = _known(connection, number)
        counts = incidents.counts(connection, number)
        touched = incidents.touched(connection, number, PAGE, (page - 1) * PAGE)
    return Told(found, counts, touched, page)


def _known(connection: Connection, number: int) -> Incident:
    found = incidents.one(connection, number) if 0 < number < _NUMBER_END else None
    if found is None:
        raise IncidentError(f"there is no incident {number}: see `reminders incident status`")
    return found


def declared(opened: Sequence[Incident]) -> dict[str, str]:
    """Channels that open incidents declare down, and why."""
    return {one.channel: f"incident {one.number}: {one.why}" for one in opened}


def watch(resources: Resources) -> list[str]:
    """Open an incident for a channel whose providers all fail for `channel_down_after`, close it
    once one of them takes more than probes again. Returns what was done, in lines."""
    now = resources.clock.now()
    down, probed = resources.fleet.down(), resources.fleet.probed()
    with resources.engine.connect() as connection:
        opened = incidents.open_now(connection)
    done = []
    known = {one.channel: one for one in opened}
    for channel, why in sorted(down.items()):
        if channel in known or not _down_for(resources, channel, now):
            continue
        with suppress(IncidentError):  # another watch, or a person, opened it just now
            number = _open(resources, channel, BREAKER, _line(why))
            done.append(f"incident {number} of {channel} opened: {why}")
    _tidy(resources, opened, [each for each in ChannelName if each not in {*down, *probed}])
    for one in opened:
        if one.opened_by == BREAKER and one.channel not in down and one.channel not in probed:
            with suppress(IncidentError):  # likewise
                _close(resources, one.number, BREAKER, "a provider takes messages again")
                done.append(f"incident {one.number} of {one.channel} closed")
    return done


def _tidy(resources: Resources, opened: Sequence[Incident], well: Sequence[str]) -> None:
    """Whom channels touched a moment before their incident is listed; what is well is forgotten."""
    for channel in well:
        resources.redis.delete(_SEEN_DOWN + channel)

    def work(connection: Connection) -> None:
        for one in opened:
            incidents.adopt(connection, one)
        incidents.forget(connection, well)

    locks.in_transaction(resources.engine, work)


def _line(why: str) -> str:
    """A reason that a provider's answer may have a part in, as a reason may be."""
    shown = "".join(each for each in " ".join(why.split()) if each.isprintable())
    return shown[:_REASON_MAX] or "its providers take nothing"


def _down_for(resources: Resources, channel: str, now: datetime) -> bool:
    """True once a channel has been seen down for long enough."""
    key = _SEEN_DOWN + channel
    resources.redis.set(key, now.timestamp(), nx=True)
    since = resources.redis.get(key)
    if not isinstance(since, bytes):
        return False
    return now.timestamp() - float(since) >= resources.limits.channel_down_after.total_seconds()


def _mode(
    opened: Sequence[Incident],
    recent: Sequence[Incident],
    down: Mapping[str, str],
    now: datetime,
) -> Mode:
    if any(one.channel == EVERY_CHANNEL for one in opened):
        return Mode.SUSPENDED
    if opened or down:
        return Mode.DEGRADED
    ended = [one.closed_at for one in recent if one.closed_at is not None]
    if ended and now - max(ended) < RECOVERING_FOR:
        return Mode.RECOVERING
    return Mode.NORMAL


def _check(actor: str, reason: str) -> None:
    if not actor.strip() or len(actor) > _ACTOR_MAX or not actor.isprintable():
        raise IncidentError(f"say who does it, in at most {_ACTOR_MAX} characters (--actor)")
    if actor.strip().casefold() == BREAKER:  # what it opens ends by itself
        raise IncidentError(f"{BREAKER!r} is who opens incidents by itself: give a name (--actor)")
    if not reason.strip() or len(reason) > _REASON_MAX or not reason.isprintable():
        raise IncidentError(f"say why, in one line of at most {_REASON_MAX} characters (--reason)")
