"""Events in: parsed, told apart from what is known, and written with their facts in one commit."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from hashlib import sha256

import structlog
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from reminders.domain.identity import NOBODY, customer_id, make_id, month_of
from reminders.events.content import content_hash, redacted
from reminders.events.envelope import Event
from reminders.events.errors import EventError
from reminders.events.parse import parse_event
from reminders.ledger import contact_points, dead_letters, devices, intake, locks
from reminders.ledger.dead_letters import DeadLetter, Fault, Origin
from reminders.services.address_health import judge_addresses
from reminders.services.projection import Projection
from reminders.services.resources import Resources

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Incoming:
    """One message of a door: its verbatim body and when that door answered for it (unix s)."""

    entry: str
    body: bytes
    acknowledged: float


@dataclass(frozen=True, slots=True)
class Fenced:
    """An event whose facts are committed, and when (unix s, business time)."""

    source: str
    id: str
    acknowledged: float
    fenced: float
    at: datetime


@dataclass(slots=True)
class Taken:
    """What became of a batch."""

    new: int = 0
    duplicates: int = 0
    conflicts: int = 0
    dead: int = 0
    fenced: list[Fenced] = field(default_factory=list)

    def add(self, other: Taken) -> None:
        self.new += other.new
        self.duplicates += other.duplicates
        self.conflicts += other.conflicts
        self.dead += other.dead
        self.fenced.extend(other.fenced)


@dataclass(frozen=True, slots=True)
class _Read:
    """One event as it is about to be written."""

    incoming: Incoming
    event: Event
    customer: int
    digest: bytes
    trace: str


_Dead = tuple[DeadLetter, bytes]


def ingest(resources: Resources, batch: Sequence[Incoming]) -> Taken:
    """Take in a batch of events; when it returns, all of them are committed or dead letters.

    The same event again changes nothing; the same identity with other content is kept for a
    person. A batch that the database refuses is halved until the one event stands alone.
    """
    now = resources.clock.now()
    read: list[_Read] = []
    dead: list[_Dead] = []
    for incoming in batch:
        try:
            read.append(_read(resources, incoming))
        except EventError as error:
            dead.append(_malformed(incoming, error, now))
    taken = _write(resources, read, dead, now)
    if taken.new:
        resources.wake.evaluate()
    for each in read:
        log.debug("event", trace=each.trace, type=each.event.type, id=each.event.id)
    log.info(
        "events taken in",
        new=taken.new,
        duplicates=taken.duplicates,
        conflicts=taken.conflicts,
        dead=taken.dead,
    )
    return taken


def _read(resources: Resources, incoming: Incoming) -> _Read:
    event = parse_event(incoming.body)
    digest = content_hash(event, resources.ring.hash_key)
    # Without a trace of its own an event is followed by its content hash.
    trace = event.trace_id or digest[:16].hex()
    return _Read(incoming, event, customer_id(event.customer_id), digest, trace)


def _write(
    resources: Resources, read: Sequence[_Read], dead: Sequence[_Dead], now: datetime
) -> Taken:
    try:
        taken = locks.in_transaction(
            resources.engine, lambda connection: _commit(resources, connection, read, dead, now)
        )
    except SQLAlchemyError as error:
        if not isinstance(error, DBAPIError) or error.connection_invalidated:
            raise
        if locks.passing(error):
            raise
        return _halve(resources, read, dead, now, error)
    fenced = time.time()
    taken.fenced = [replace(each, fenced=fenced) for each in taken.fenced]
    return taken


def _halve(
    resources: Resources,
    read: Sequence[_Read],
    dead: Sequence[_Dead],
    now: datetime,
    error: DBAPIError,
) -> Taken:
    """Find the event that the database refuses, and let the others through."""
    if len(read) + len(dead) <= 1:
        if not read:
            raise error
        lines = str(error.orig).splitlines() or [type(error.orig).__name__]
        reason = f"the database refused it: {lines[0]}"
        letter = _letter(read[0], Fault.REFUSED, reason, now)
        return _write(resources, (), [letter], now)
    taken = Taken()
    if not read:
        for letter in dead:
            taken.add(_write(resources, (), [letter], now))
        return taken
    if dead:
        taken.add(_write(resources, (), dead, now))
    middle = len(read) // 2
    for half in (read[:middle], read[middle:]):
        if half:
            taken.add(_write(resources, half, (), now))
    return taken


def _commit(
    resources: Resources,
    connection: Connection,
    read: Sequence[_Read],
    dead: Sequence[_Dead],
    now: datetime,
) -> Taken:
    refs = {each.customer: each.event.customer_id for each in read}
    intake.add_customers(connection, refs)
    locks.lock(connection, refs)
    known = intake.refs_of(connection, refs)
    sure = [each for each in read if known[each.customer] == each.event.customer_id]
    letters = list(dead)
    letters.extend(
        _letter(each, Fault.REFUSED, "another customer has the same number", now)
        for each in read
        if known[each.customer] != each.event.customer_id
    )
    month = month_of(now)
    new, same, other = _tell_apart(connection, sure, month)
    letters.extend(
        _letter(each, Fault.CONFLICT, "the same source and id came with other content", now)
        for each in other
    )
    intake.EVENTS.insert(
        connection,
        [
            (
                each.customer,
                month,
                make_id(month, each.customer, *each.event.identity),
                *each.event.identity,
                each.event.type,
                each.event.time,
                now,
                each.trace,
                each.digest,
                redacted(each.event),
            )
            for each in new
        ],
    )
    projection = Projection(resources.ring, now)
    for each in new:
        projection.add(each.customer, each.event, each.trace)
    projection.write(connection)
    signs = contact_points.signs_of(connection, projection.seen, now)
    judge_addresses(resources, connection, signs, now)
    devices.given(connection, projection.seen)
    intake.mark_changed(connection, {each.customer for each in new}, now)
    dead_letters.keep(connection, resources.ring, letters)
    fenced = [
        Fenced(*each.event.identity, each.incoming.acknowledged, 0.0, now) for each in (*new, *same)
    ]
    return Taken(
        new=len(new),
        duplicates=len(same),
        conflicts=len(other),
        dead=len(letters) - len(other),
        fenced=fenced,
    )


def _tell_apart(
    connection: Connection, read: Sequence[_Read], month: int
) -> tuple[list[_Read], list[_Read], list[_Read]]:
    """New events, ones that are known with the same content, and ones with other content."""
    first: dict[tuple[str, str], _Read] = {}
    again: list[_Read] = []
    for each in read:
        if each.event.identity in first:
            again.append(each)
        else:
            first[each.event.identity] = each
    rows = [
        (*identity, each.digest, each.customer, month) for identity, each in sorted(first.items())
    ]
    added = {(row[0], row[1]) for row in intake.IDENTITIES.insert(connection, rows)}
    new = [each for identity, each in first.items() if identity in added]
    again.extend(each for identity, each in first.items() if identity not in added)
    hashes = intake.hashes_of(connection, {each.event.identity for each in again})
    same = [each for each in again if hashes[each.event.identity] == each.digest]
    other = [each for each in again if hashes[each.event.identity] != each.digest]
    return new, same, other


def _malformed(incoming: Incoming, error: EventError, now: datetime) -> _Dead:
    customer = customer_id(error.customer) if error.customer else NOBODY
    return _dead(
        customer, incoming, Fault.MALFORMED, error.reason, error.source or "", error.id or "", now
    )


def _letter(read: _Read, fault: Fault, reason: str, now: datetime) -> _Dead:
    source, event_id = read.event.identity
    return _dead(read.customer, read.incoming, fault, reason, source, event_id, now)


def _dead(
    customer: int,
    incoming: Incoming,
    fault: Fault,
    reason: str,
    source: str,
    event_id: str,
    now: datetime,
) -> _Dead:
    """The same body refused again for the same reason is the same letter."""
    digest = sha256(incoming.body).hexdigest()
    dead_id = make_id(month_of(now), customer, fault, reason, digest)
    log.warning(
        "event refused", fault=fault, reason=reason, dead=str(dead_id), entry=incoming.entry
    )
    letter = DeadLetter(dead_id, Origin.EVENTS, fault, reason, source, event_id, now)
    return letter, incoming.body
