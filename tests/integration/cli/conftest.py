"""A whole system in one process: real servers, carriers in memory, and a clock that stands."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest
import redis
import structlog
from sqlalchemy import text
from typer.testing import CliRunner, Result

from channels.contract import (
    Answer,
    Capabilities,
    Confirms,
    Message,
    Post,
    Told,
    WhenUncertain,
)
from channels.errors import ReceiptError
from channels.fleet import Fleet
from channels.in_app import InAppSettings
from channels.pacing import Pacer
from channels.registry import build, by_channel
from config.settings import SHIPPED
from reminders.cli import commands, running
from reminders.domain.outcome import Accepted, Outcome
from reminders.ledger.cipher import KeyRing
from reminders.ledger.schema import engine_for
from reminders.messages.templates import TemplateSet
from reminders.services import policy_files
from reminders.services.callbacks import Callback
from reminders.services.clock import VirtualClock
from reminders.services.deliver import deliver
from reminders.services.evaluate import evaluate
from reminders.services.intake import Incoming, ingest
from reminders.services.receipts import apply
from reminders.services.resources import PolicyBook, Resources

START = datetime(2026, 3, 15, 2, 0, tzinfo=UTC)  # 10:00 in Taipei
KEY = "11" * 32


@dataclass
class Carrier:
    """A channel that answers as it is told, and takes everything otherwise."""

    name: str
    capabilities: Capabilities
    answers: list[Outcome] = field(default_factory=list)
    sent: list[str] = field(default_factory=list)

    async def send(self, message: Message) -> Outcome:
        self.sent.append(message.idempotency_key)
        return self.answers.pop(0) if self.answers else Accepted("ref")

    async def ask(self, idempotency_key: str) -> Outcome | None:
        return None

    def hear(self, post: Post) -> Told:
        raise ReceiptError("not JSON")

    def verify(self, post: Post) -> bool:
        return True

    def answer(self) -> Answer:
        return Answer()

    async def close(self) -> None:
        return None


def carrier(name: str, channel: str) -> Carrier:
    return Carrier(
        name,
        Capabilities(
            channel=channel,
            confirms=Confirms.DELIVERED,
            idempotent=True,
            when_uncertain=WhenUncertain.ASK,
            rate_per_s=1_000,
            concurrency=10,
            timeout=timedelta(seconds=1),
        ),
    )


@dataclass
class World:
    """Publishes events, works off what they make due, and moves the clock."""

    resources: Resources
    clock: VirtualClock
    sms: Carrier
    email: Carrier
    loop: asyncio.AbstractEventLoop
    numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def publish(self, type_: str, /, **data: Any) -> bytes:  # Any: JSON
        event = {
            "specversion": "1.0",
            "id": f"evt-{next(self.numbers)}",
            "source": "/bank",
            "type": type_,
            "time": self.clock.now().isoformat(),
            "data": data,
        }
        body = json.dumps(event).encode()
        self.put(body)
        return body

    def put(self, body: bytes) -> None:
        ingest(self.resources, [Incoming("1-0", body, time.time())])

    def customer(self, ref: str, **more: Any) -> None:  # Any: JSON
        points = [
            {"channel": "sms", "address": "+8616100000001"},
            {"channel": "email", "address": "person@example.com"},
            {"channel": "in_app"},
        ]
        profile = {"language": "en", "time_zone": "Asia/Taipei", "jurisdiction": "TW"}
        self.publish("customer.updated", customer_id=ref, contact_points=points, **profile, **more)

    def bill(
        self,
        ref: str,
        bill_id: str,
        due_on: str = "2026-03-25",
        **more: Any,  # Any: JSON
    ) -> None:
        self.publish(
            "bill.issued",
            customer_id=ref,
            bill_id=bill_id,
            version=1,
            currency="TWD",
            amount_due_minor=123_400,
            minimum_due_minor=20_000,
            due_on=due_on,
            product="credit_card",
            revolving=True,
            issued_at=self.clock.now().isoformat(),
            **more,
        )

    def pay(self, ref: str, bill_id: str, minor: int) -> None:
        self.publish(
            "payment.received",
            customer_id=ref,
            payment_id=f"P-{bill_id}-{next(self.numbers)}",
            bill_id=bill_id,
            amount_minor=minor,
            currency="TWD",
            paid_at=self.clock.now().isoformat(),
        )

    def work(self) -> None:
        """Everything that is due now, by every lane."""
        evaluate(self.resources)
        for _ in range(2):
            for lane in self.resources.fleet.by_channel:
                deliver(self.resources, lane, self.loop)

    def at(self, local: str) -> None:
        """Move the clock to a local time in Taipei and work."""
        self.clock.set(datetime.fromisoformat(f"{local}+08:00").astimezone(UTC))
        self.work()

    def receipt(self, body: bytes) -> None:
        apply(self.resources, [Callback("2-0", "sms-gateway", body)])


@pytest.fixture(scope="session")
def shipped_templates() -> TemplateSet:
    return TemplateSet.load(SHIPPED / "templates")


@pytest.fixture
def world(redis_url: str, database_url: str, shipped_templates: TemplateSet) -> Iterator[World]:
    client = redis.Redis.from_url(redis_url)
    client.flushall()
    engine = engine_for(database_url.replace("postgresql://", "postgresql+psycopg://"))
    clock = VirtualClock(client)
    clock.set(START)
    sms, email = carrier("sms-gateway", "sms"), carrier("smtp-relay", "email")
    in_app = by_channel(build((InAppSettings(receipts_secret=KEY),)))["in_app"][0]
    policy, body = policy_files.read(SHIPPED / "policies" / "default.yaml")
    resources = Resources(
        engine=engine,
        redis=client,
        ring=KeyRing({"k1": bytes.fromhex(KEY)}, b"hash"),
        clock=clock,
        book=PolicyBook(engine, policy, body),
        templates=shipped_templates,
        fleet=Fleet((sms, email, in_app), Pacer(client)),
        lender="Example Credit",
        pay_url="https://pay.example.com",
    )
    loop = asyncio.new_event_loop()
    yield World(resources, clock, sms, email, loop)
    loop.close()
    _empty(resources)
    engine.dispose()
    client.close()


def _empty(resources: Resources) -> None:
    """The next test of the module begins with no history. A few rows go fastest so."""
    with resources.engine.begin() as connection:
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        names = connection.execute(
            text(
                "SELECT format('%I', relname) FROM pg_class"
                " WHERE relkind IN ('r', 'p') AND NOT relispartition"
                " AND relnamespace = 'public'::regnamespace AND relname <> 'alembic_version'"
            )
        ).scalars()
        for name in names.all():
            connection.execute(text(f"DELETE FROM {name}"))  # noqa: S608  (our own tables)


class Command:
    """`reminders …` in this process, on the servers and the clock of the world."""

    def __call__(self, *words: str) -> Result:
        return CliRunner().invoke(commands.app, list(words))


@pytest.fixture
def reminders(
    monkeypatch: pytest.MonkeyPatch, redis_url: str, database_url: str
) -> Iterator[Command]:
    for name, value in {
        "REDIS_URL": redis_url,
        "DATABASE_URL": database_url,
        "REMINDERS_ENCRYPTION_KEYS": json.dumps({"k1": KEY}),
        "REMINDERS_HASH_KEY": "hash",
        "REMINDERS_INBOX_KEY": "i",
        "REMINDERS_CLOCK": "virtual",
    }.items():
        monkeypatch.setenv(name, value)
    # Logs belong to a process; here they must leave those of the other tests alone.
    monkeypatch.setattr(running, "set_up", lambda settings: None)
    errors = structlog.make_filtering_bound_logger(logging.ERROR)
    structlog.configure(wrapper_class=errors)
    yield Command()
    structlog.reset_defaults()
