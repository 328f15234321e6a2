"""The rows of `reminders status` that say how far behind the system is."""

from __future__ import annotations

import os
from datetime import UTC, datetime

from redis import Redis
from redis.exceptions import RedisError
from sqlalchemy.exc import SQLAlchemyError

from config.celery import Queue
from reminders.ledger.schema import engine_for
from reminders.services.clock import CLOCK_KEY, VirtualClock
from reminders.services.status import Report, report

_QUEUES = tuple(queue.value for queue in Queue)
Line = tuple[str, str]


def backlog(redis_url: str, database_url: str) -> list[Line]:
    """What waits, and where; one line that says why it cannot be told, where it cannot."""
    engine = engine_for("postgresql+psycopg://" + database_url.partition("://")[2], role="status")
    redis = Redis.from_url(redis_url, socket_timeout=2, socket_connect_timeout=2)
    try:
        now = _now(redis)
        return lines(report(engine, redis, _QUEUES, now), now)
    except SQLAlchemyError as error:
        why = str(getattr(error, "orig", error)).splitlines()[0]
        return [("backlog", f"not known, the database says: {why}")]
    except (RedisError, LookupError, ValueError) as error:
        return [("backlog", f"not known: {error}")]
    finally:
        engine.dispose()
        redis.close()


def _now(redis: Redis) -> datetime:
    """Business time: virtual where the settings say so, or where a demo has set its clock."""
    kind = os.environ.get("REMINDERS_CLOCK")
    if kind == "virtual" or (kind is None and redis.exists(CLOCK_KEY)):
        return VirtualClock(redis).now()
    return datetime.now(UTC)


def lines(found: Report, now: datetime) -> list[Line]:
    """The report as (what, how much)."""
    queued = ", ".join(f"{name} {count}" for name, count in found.queued.items() if count)
    dead = ", ".join(f"{fault} {count}" for fault, count in sorted(found.dead.items()))
    oldest = "none"
    if found.oldest_unsent_at is not None:
        minutes = (now - found.oldest_unsent_at).total_seconds() / 60
        oldest = f"due {found.oldest_unsent_at:%Y-%m-%d %H:%M} UTC, {minutes:,.0f} min ago"
    return [
        ("events waiting", f"{found.events_waiting:,}"),
        ("receipts waiting", f"{found.receipts_waiting:,}"),
        ("tasks queued", queued or "none"),
        ("customers to evaluate", f"{found.customers_waiting:,}"),
        ("reminders due now", f"{found.due:,}"),
        ("oldest due unsent", oldest),
        ("uncertain open", f"{found.uncertain:,}"),
        ("told twice", f"{found.doubles:,} in 30 days" if found.doubles else "none"),
        ("dead letters open", dead or "none"),
        ("no legal hour for", f"{found.flagged:,} stages" if found.flagged else "none"),
        ("preferences held", f"{found.held_preferences:,}" if found.held_preferences else "none"),
    ]
