"""How far behind the system is: streams, queues, evaluation, the oldest due unsent reminder."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from redis import Redis
from sqlalchemy import Engine

from reminders.domain.customer import ChannelName
from reminders.ledger import backlog, dead_letters
from reminders.services.streams import EVENTS_STREAM, INTAKE_GROUP, RECEIPTS_STREAM

LANES = tuple(channel.value for channel in ChannelName)


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


@dataclass(frozen=True, slots=True)
class Rest:
    """Whether anything is under way at an instant, and if not, what wakes up next."""

    busy: str  # what is still under way; "" when nothing is
    next_at: datetime | None
    lanes: tuple[str, ...]  # lanes with something due now


def report(engine: Engine, redis: Redis, queues: tuple[str, ...], now: datetime) -> Report:
    """Look at every place where work can wait."""
    with engine.connect() as connection:
        due = backlog.due(connection, now)
        customers = backlog.changed(connection)
        uncertain = backlog.uncertain(connection)
        dead = dead_letters.open_counts(connection)
    return Report(
        events_waiting=waiting(redis, EVENTS_STREAM),
        receipts_waiting=waiting(redis, RECEIPTS_STREAM),
        queued=queued(redis, queues),
        customers_waiting=customers,
        due=due.count,
        oldest_unsent_at=due.oldest_unsent_at,
        uncertain=uncertain,
        dead=dead,
    )


def rest(engine: Engine, redis: Redis, queues: tuple[str, ...], now: datetime) -> Rest:
    """Whether all that is known at `now` has been worked off (cheap: it is asked often)."""
    for stream in (EVENTS_STREAM, RECEIPTS_STREAM):
        if not _read_up(redis, stream):
            return Rest(stream, None, ())
    with engine.connect() as connection:
        if backlog.any_changed(connection):
            return Rest("evaluation", None, ())
        wakes = backlog.next_wake_up(connection, LANES)
    lanes = tuple(lane for lane, at in wakes.items() if at <= now)
    if lanes:
        return Rest(f"delivery by {', '.join(lanes)}", None, lanes)
    if any(queued(redis, queues).values()):
        return Rest("queues", None, ())
    return Rest("", min(wakes.values(), default=None), ())


def queued(redis: Redis, queues: tuple[str, ...]) -> dict[str, int]:
    """Messages per Celery queue, and those that a worker took and has not acknowledged."""
    pipe = redis.pipeline(transaction=False)
    for queue in queues:
        pipe.llen(queue)
    pipe.hlen("unacked")
    counts: list[Any] = pipe.execute()  # Any: redis-py's replies have many shapes
    return dict(zip((*queues, "unacked"), counts, strict=True))


def waiting(redis: Redis, stream: str) -> int:
    """Entries of a stream that are not committed yet."""
    group = _group(redis, stream)
    if group is None:
        return int(redis.xlen(stream))
    lag = group.get("lag")
    return int(group["pending"]) + (int(lag) if lag is not None else 0)


def _read_up(redis: Redis, stream: str) -> bool:
    if not redis.exists(stream):
        return True
    group = _group(redis, stream)
    if group is None or group["pending"]:
        return False
    info: Any = redis.xinfo_stream(stream)  # Any: as above
    return bool(group["last-delivered-id"] == info["last-generated-id"])


def _group(redis: Redis, stream: str) -> dict[str, Any] | None:
    if not redis.exists(stream):
        return None
    groups: Any = redis.xinfo_groups(stream)  # Any: as above
    return next((group for group in groups if group["name"] == INTAKE_GROUP.encode()), None)
