"""Where the system stands, in numbers: each part is one short look at the ledger or at Redis.

A part that fails or takes too long is left out and named; the others are told all the same.
Attempts by channel, provider and state are not counted here: no index answers it, and a scrape
may not read a month of messages. What providers do is told by their share, which the breaker
keeps from its own windows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

import structlog
from redis.exceptions import RedisError
from sqlalchemy import Connection, text
from sqlalchemy.exc import SQLAlchemyError

from reminders.domain.case import NO_PROVIDER
from reminders.ledger import (
    backlog,
    dead_letters,
    incidents,
    open_questions,
    tasks,
    unreachable,
)
from reminders.services.open_questions import DOUBLES_WITHIN
from reminders.services.resources import Resources, down_now
from reminders.services.status import waiting
from reminders.services.streams import EVENTS_STREAM, RECEIPTS_STREAM

LONGEST_MS = 2_000  # of one part, machine time
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Gauge:
    """One number, or one for each set of labels. `values`: label values → number."""

    name: str
    help: str
    labels: tuple[str, ...]
    values: Mapping[tuple[str, ...], float]


FromLedger = Callable[[Connection, datetime], Iterator[Gauge]]
FromRedis = Callable[[Resources], Iterator[Gauge]]


def read(resources: Resources) -> list[Gauge]:
    """Every number that can be had now, and `reminders_scrape_failed` of those that cannot."""
    found: list[Gauge] = []
    failed: dict[tuple[str, ...], float] = {}
    try:
        now = resources.clock.now()
    except (RedisError, LookupError):
        return [_failed({("clock",): 1.0})]
    for name, ask in _LEDGER.items():
        try:
            found.extend(_from_ledger(resources, ask, now))
        except SQLAlchemyError as error:
            _log.warning("metric not read", part=name, reason=type(error).__name__)
            failed[name,] = 1.0
    for name, look in _REDIS.items():
        try:
            found.extend(look(resources))
        except RedisError as error:
            _log.warning("metric not read", part=name, reason=type(error).__name__)
            failed[name,] = 1.0
    return [*found, _failed(failed)]


def _from_ledger(resources: Resources, ask: FromLedger, now: datetime) -> list[Gauge]:
    with resources.engine.begin() as connection:
        connection.execute(text(f"SET LOCAL statement_timeout = {LONGEST_MS}"))
        return list(ask(connection, now))


def _failed(parts: Mapping[tuple[str, ...], float]) -> Gauge:
    told = "1 for each part that could not be read, or took too long"
    return Gauge("reminders_scrape_failed", told, ("part",), parts)


def _one(name: str, told: str, number: float) -> Gauge:
    return Gauge(name, told, (), {(): float(number)})


def _by(name: str, told: str, label: str, numbers: Mapping[str, float]) -> Gauge:
    return Gauge(name, told, (label,), {(key,): float(each) for key, each in numbers.items()})


def _open(connection: Connection, _now: datetime) -> Iterator[Gauge]:
    lanes = backlog.open_by_lane(connection)
    yield _by("reminders_open", "Reminders that have not ended", "lane", lanes)


def _due(connection: Connection, now: datetime) -> Iterator[Gauge]:
    due = backlog.due(connection, now)
    oldest = due.oldest_unsent_at
    age = max(0.0, (now - oldest).total_seconds()) if oldest is not None else 0.0
    yield _one("reminders_due_unsent", "Reminders due now of which nothing was sent", due.unsent)
    yield _one("reminders_oldest_unsent_age_seconds", "Since the oldest of these was due", age)
    customers = backlog.changed(connection)
    yield _one("reminders_customers_to_evaluate", "Customers with facts not planned for", customers)


def _uncertain(connection: Connection, now: datetime) -> Iterator[Gauge]:
    count = open_questions.count_uncertain(connection, now)
    told = "Attempts whose answer is missing while their reminder is open"
    yield _one("reminders_attempts_uncertain_open", told, count)


def _doubles(connection: Connection, now: datetime) -> Iterator[Gauge]:
    count = open_questions.count_doubles(connection, now, DOUBLES_WITHIN)
    told = "Messages of the last 30 days that arrived after the next channel was used"
    yield _one("reminders_double_contacts", told, count)


def _waiting(connection: Connection, _now: datetime) -> Iterator[Gauge]:
    parked, inbound = backlog.parked(connection), backlog.inbound_open(connection)
    told = "Receipts that came before their message was recorded"
    yield _one("reminders_receipts_parked", told, parked)
    told = "Messages of customers that wait for a person"
    yield _one("reminders_inbound_waiting", told, inbound)
    dead = dead_letters.open_counts(connection)
    yield _by("reminders_dead_letters_open", "Refused events and receipts", "fault", dead)


def _people(connection: Connection, now: datetime) -> Iterator[Gauge]:
    counts = tasks.counts(connection, now)
    still = {kind.value: float(count) for kind, (count, _) in counts.items()}
    late = {kind.value: float(overdue) for kind, (_, overdue) in counts.items()}
    yield _by("reminders_human_tasks_open", "Tasks that wait for a person", "kind", still)
    yield _by("reminders_human_tasks_overdue", "Those of them past their time", "kind", late)
    nobody = unreachable.customers(connection)
    yield _one("reminders_customers_unreachable", "Customers whom no channel reaches", nobody)


def _incidents(connection: Connection, _now: datetime) -> Iterator[Gauge]:
    opened = {each.channel: 1.0 for each in incidents.open_now(connection)}
    yield _by("reminders_incident_open", "1 while an incident of it is open", "channel", opened)


def _channels(resources: Resources) -> Iterator[Gauge]:
    why = down_now(resources)
    down = {channel: float(channel in why) for channel in resources.fleet.by_channel}
    down |= {channel: 1.0 for channel, reason in why.items() if reason != NO_PROVIDER}
    yield _by("reminders_channel_down", "1 while no provider of it takes anything", "channel", down)
    standings = resources.fleet.health.standings(tuple(resources.fleet.by_name))
    shares: dict[tuple[str, ...], float] = {
        (name, provider.capabilities.channel): standings[name].share if name in standings else 1.0
        for name, provider in resources.fleet.by_name.items()
    }
    told = "How much of its weight it is given: 1 all, 0 nothing"
    yield Gauge("reminders_provider_share", told, ("provider", "channel"), shares)


def _streams(resources: Resources) -> Iterator[Gauge]:
    streams = {each: float(waiting(resources.redis, each)) for each in _STREAMS}
    told = "Entries that are not committed yet"
    yield _by("reminders_stream_waiting", told, "stream", streams)


_STREAMS = (EVENTS_STREAM, RECEIPTS_STREAM)
_LEDGER: Mapping[str, FromLedger] = {
    "open": _open,
    "due": _due,
    "uncertain": _uncertain,
    "double_contacts": _doubles,
    "waiting": _waiting,
    "people": _people,
    "incidents": _incidents,
}
_REDIS: Mapping[str, FromRedis] = {"channels": _channels, "streams": _streams}
