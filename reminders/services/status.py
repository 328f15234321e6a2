"""How far behind the system is: streams, queues, evaluation, the oldest due unsent reminder."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from redis import Redis
from sqlalchemy import Connection, Engine

from reminders.domain.customer import ChannelName
from reminders.ledger import backlog, dead_letters, open_questions, preferences
from reminders.services.moving import moving
from reminders.services.open_questions import DOUBLES_WITHIN
from reminders.services.streams import EVENTS_STREAM, INTAKE_GROUP, RECEIPTS_STREAM

LANES = tuple(channel.value for channel in ChannelName)
_STREAMS = (EVENTS_STREAM, RECEIPTS_STREAM)


@dataclass(frozen=True, slots=True)
class Report:
    """What operations looks at first. `oldest_unsent_at` is None when nothing is late."""

    events_waiting: int
    receipts_waiting: int
    queued: Mapping[str, int]
    customers_waiting: int
    due: int
    oldest_unsent_at: datetime | None
    uncertain: int
    dead: Mapping[str, int]
    held_preferences: int = 0  # changes of preferences that wait for a person
    flagged: int = 0  # stages ahead that no allowed hour can hold
    doubles: int = 0  # messages of the last month that arrived after the next channel was used


@dataclass(frozen=True, slots=True)
class Rest:
    """Whether anything is under way at an instant, and if not, what wakes up next."""

    busy: str  # what is still under way; "" when nothing is
    wake_ups: Mapping[str, datetime]  # by lane: when the next of its open reminders is due


def report(engine: Engine, redis: Redis, queues: tuple[str, ...], now: datetime) -> Report:
    """Look at every place where work can wait."""
    with engine.connect() as connection:
        due = backlog.due(connection, now)
        customers = backlog.changed(connection)
        uncertain = open_questions.count_uncertain(connection, now)
        doubles = open_questions.count_doubles(connection, now, DOUBLES_WITHIN)
        dead = dead_letters.open_counts(connection)
        held = preferences.count_held(connection)
        flagged = backlog.flagged(connection)
    return Report(
        events_waiting=waiting(redis, EVENTS_STREAM),
        receipts_waiting=waiting(redis, RECEIPTS_STREAM),
        queued=queued(redis, queues),
        customers_waiting=customers,
        due=due.count,
        oldest_unsent_at=due.oldest_unsent_at,
        uncertain=uncertain,
        dead=dead,
        held_preferences=held,
        flagged=flagged,
        doubles=doubles,
    )


def rest(connection: Connection, redis: Redis, queues: tuple[str, ...], now: datetime) -> Rest:
    """Whether all that is known at `now` has been worked off (cheap: it is asked often).

    Give it a connection in autocommit: it must see what others commit between two calls.
    """
    under_way = moving(redis, queues)
    if under_way:
        return Rest(under_way, {})
    found = backlog.ahead(connection)
    if found.changed:
        return Rest("evaluation", {})
    lanes = [lane for lane, at in found.wake_ups.items() if at <= now]
    return Rest(f"delivery by {', '.join(lanes)}" if lanes else "", found.wake_ups)


def left(connection: Connection, redis: Redis, now: datetime) -> int:
    """How much is still to be done: it falls while anything moves."""
    due = backlog.due(connection, now).count
    return due + backlog.changed(connection) + sum(waiting(redis, each) for each in _STREAMS)


def queued(redis: Redis, queues: tuple[str, ...]) -> dict[str, int]:
    """Messages per Celery queue, and those that a worker took and has not acknowledged."""
    pipe = redis.pipeline(transaction=False)
    for queue in queues:
        pipe.llen(queue)
    pipe.hlen("unacked")
    counts: list[Any] = pipe.execute()  # Any: as above
    return dict(zip((*queues, "unacked"), counts, strict=True))


def waiting(redis: Redis, stream: str) -> int:
    """Entries of a stream that are not committed yet."""
    if not redis.exists(stream):
        return 0
    groups: Any = redis.xinfo_groups(stream)  # Any: as above
    group = next((group for group in groups if group["name"] == INTAKE_GROUP.encode()), None)
    if group is None or group.get("lag") is None:
        return int(redis.xlen(stream))
    return int(group["pending"]) + int(group["lag"])
