"""The HTTP side of the system, for any ASGI server: `uvicorn reminders.console.app:app`."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

from redis import Redis as BlockingRedis
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialBackoff
from redis.exceptions import RedisError
from sqlalchemy import Engine, text

from config.settings import Settings, load
from reminders.console import (
    inbox,
    incidents,
    operations,
    pay_link,
    preferences,
    preview,
    receipts,
    stories,
)
from reminders.console.appender import Appender
from reminders.console.doors import Doors
from reminders.console.events import EventsDoor
from reminders.console.health import ReadyDoor, healthz
from reminders.console.inbox import InboxDoor, InboxMessage
from reminders.console.inbox_events import InboxWatch, Look
from reminders.console.incidents import IncidentsDoor
from reminders.console.metrics import MetricsDoor
from reminders.console.operations import Opened, OperationsDoor
from reminders.console.pay_link import PayLinkDoor
from reminders.console.preferences import Desk, PreferencesDoor
from reminders.console.preview import LedgerPreviewDesk, PreviewDoor
from reminders.console.receipts import ReceiptsDoor
from reminders.console.stories import LedgerStoryDesk, StoriesDoor
from reminders.console.tasks import LedgerTaskDesk, TasksDoor
from reminders.ledger import pay_links
from reminders.ledger.cipher import KeyRing
from reminders.services import memory, metrics, metrics_overview
from reminders.services.clock import clock_of
from reminders.services.inbox import Glance, glances, messages
from reminders.services.opening import (
    open_engine,
    open_pay_links,
    open_providers,
    open_resources,
    open_ring,
)
from reminders.services.preferences.desk import LedgerDesk


def create_app(
    settings: Settings,
    *,
    client: Redis | None = None,
    read_inbox: Callable[[str], Sequence[InboxMessage]] | None = None,
    look: Look | None = None,
    now: Callable[[], datetime] | None = None,
    desk: Desk | None = None,
) -> Doors:
    """Every door. `client`, `read_inbox`, `look` (at many inboxes), `now` (the business clock) and
    `desk` (of the preference page) follow the settings."""
    redis = client or _redis(settings.redis_url)
    engine = open_engine(settings, pool_size=4, role="console")
    appender = Appender(redis)
    tokens = {name: key.get_secret_value() for name, key in settings.producer_tokens.items()}
    clock = now or _business_clock(settings)

    def since() -> date:
        try:
            return (clock() - timedelta(days=settings.history_days)).date()
        except (RedisError, LookupError):
            return date.min  # nothing is history while nobody knows what day it is

    watch = InboxWatch(look or _glances_of(engine, since))
    inbox_door = InboxDoor(
        appender,
        settings.inbox_key.get_secret_value(),
        read_inbox or _inbox_of(engine, open_ring(settings), since),
        clock,
        watch.door,
    )

    ledger_desk = LedgerDesk(lambda: open_resources(settings, role="console"))
    previews = LedgerPreviewDesk(lambda: open_resources(settings, pool_size=1, role="console"))
    opened = Opened(lambda: open_resources(settings, role="operations"))
    task_desk = LedgerTaskDesk(lambda: open_resources(settings, role="console"))
    people = {name: key.get_secret_value() for name, key in settings.operator_tokens.items()}

    tasks_door = TasksDoor(task_desk, people)
    stories_door = StoriesDoor(LedgerStoryDesk(opened), people)

    async def close() -> None:
        await watch.close()
        await redis.aclose()
        engine.dispose()
        ledger_desk.close()
        opened.close()
        task_desk.close()
        previews.close()

    return Doors(
        exact={
            "/v1/events": EventsDoor(appender, tokens, settings.http_max_body),
            preview.PATH: PreviewDoor(previews, people),
            "/healthz": healthz,
            "/readyz": ReadyDoor({"Redis": redis.ping, "PostgreSQL": _asked(engine)}),
            "/metrics": MetricsDoor(
                opened.look(metrics.read), settings.metrics_token.get_secret_value()
            ),
            "/v1/tasks": tasks_door,
            operations.PATH: OperationsDoor(opened.look(metrics_overview.overview), people),
        },
        below={
            receipts.PATH: ReceiptsDoor(
                appender,
                {each.name: each for each in open_providers(settings)},
                settings.http_max_body,
                settings.console_url,
            ),
            inbox.PATH: inbox_door,
            "/v1/tasks/": tasks_door,
            incidents.PATH: IncidentsDoor(incidents.look_with(opened), people),
            stories.EXPLAIN: stories_door,
            stories.TIMELINE: stories_door,
            pay_link.PATH: PayLinkDoor(
                appender, open_pay_links(settings), settings.pay_url, _bill_of(engine), clock
            ),
            preferences.PATH: PreferencesDoor(
                desk or ledger_desk, settings.inbox_key.get_secret_value()
            ),
        },
        close=close,
    )


def _redis(url: str) -> Redis:
    """A client that says within seconds that Redis is away; a restart costs one quiet retry."""
    return Redis.from_url(
        url,
        socket_timeout=5,
        socket_connect_timeout=2,
        retry=Retry(ExponentialBackoff(cap=0.5, base=0.05), 2),
    )


def _inbox_of(
    engine: Engine, ring: KeyRing, since: Callable[[], date]
) -> Callable[[str], Sequence[InboxMessage]]:
    def read(customer: str) -> Sequence[InboxMessage]:
        with engine.begin() as connection:
            return messages(connection, ring, customer, since())

    return read


def _bill_of(engine: Engine) -> Callable[[UUID], str]:
    def find(attempt_id: UUID) -> str:
        with engine.begin() as connection:
            return pay_links.bill_of(connection, attempt_id)

    return find


def _glances_of(engine: Engine, since: Callable[[], date]) -> Look:
    def look(customers: Collection[str]) -> Mapping[str, Glance]:
        with engine.begin() as connection:
            return glances(connection, customers, since())

    return look


def _business_clock(settings: Settings) -> Callable[[], datetime]:
    return clock_of(
        settings.clock, BlockingRedis.from_url(settings.redis_url, socket_timeout=5)
    ).now


def _asked(engine: Engine) -> Callable[[], Awaitable[object]]:
    def ask() -> None:
        with engine.connect() as connection:
            connection.execute(text("SELECT 1"))

    return lambda: asyncio.to_thread(ask)


def __getattr__(name: str) -> Doors:
    """`app` is made when a server asks for it: importing this module reads no settings."""
    if name != "app":
        raise AttributeError(name)
    app = globals()["app"] = create_app(load())
    memory.settle()
    return app
