"""The real gate, ledger, fleet and breaker on a clock of ours, with providers in memory."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from zlib import crc32

import yaml
from redis import Redis
from sqlalchemy import Engine, text

from benchmarks.brownout_providers import ModelProvider
from channels.breaker import WatchedHealth
from channels.breaker_rules import BreakerRules
from channels.contract import Channel
from channels.fleet import Fleet
from channels.in_app import InAppChannel, InAppSettings
from channels.pacing import Pacer
from reminders.domain.policy import Policy
from reminders.ledger import schema
from reminders.ledger.cipher import KeyRing
from reminders.messages.templates import TemplateSet
from reminders.services import policy_files
from reminders.services.evaluate import evaluate
from reminders.services.intake import Incoming, ingest
from reminders.services.resources import Limits, PolicyBook, Resources

CONFIG = Path(policy_files.__file__).parents[2] / "config"
START = datetime(2026, 3, 3, 2, 0, tzinfo=UTC)  # 10:00 in Taipei, a Tuesday
ISSUED = START - timedelta(days=1)
DUE_ON = date(2026, 3, 6)  # whose first stage is due at START
STAGE = "d-3"
BATCH = 500
Ladder = Sequence[Mapping[str, object]]
SMS = {"channel": "sms", "confirm": "delivered", "confirm_within_minutes": 120}
LADDER: Ladder = (
    SMS,
    {"channel": "email", "confirm": "accepted", "confirm_within_minutes": 360},
    {"channel": "in_app", "confirm": "accepted", "confirm_within_minutes": 0},
)


class PlayClock:
    """Business time and the breaker's and the pacing's, all one."""

    def __init__(self) -> None:
        self.at_s = 0.0

    def now(self) -> datetime:
        return START + timedelta(seconds=self.at_s)

    def seconds(self) -> float:
        return self.now().timestamp()


def open_system(
    engine: Engine,
    redis: Redis,
    clock: PlayClock,
    providers: Sequence[ModelProvider],
    ladder: Ladder = LADDER,
    rules: BreakerRules | None = None,
) -> Resources:
    """Everything a worker has; the tables are to be empty."""
    with engine.begin() as connection:
        schema.ensure_partitions(connection, START)
    policy, policy_text = _policy(ladder)
    channels: list[Channel] = [*providers, InAppChannel(InAppSettings(receipts_secret="0" * 16))]
    health = WatchedHealth(
        redis,
        channels,
        rules=rules,
        now=clock.seconds,
        business=clock.now,
        cache_for=timedelta(0),
    )
    return Resources(
        engine=engine,
        redis=redis,
        ring=KeyRing({"k1": bytes(32)}, b"hash"),
        clock=clock,
        book=PolicyBook(engine, policy, policy_text),
        templates=TemplateSet.load(CONFIG / "templates"),
        fleet=Fleet(channels, Pacer(redis, now=clock.seconds), health),
        lender="Example Credit",
        pay_url="https://pay.example.com",
        limits=Limits(lease=timedelta(minutes=5), gate_to_call_max=timedelta(seconds=5)),
    )


def _policy(ladder: Ladder) -> tuple[Policy, str]:
    """The default policy with one ladder for all."""
    raw = yaml.safe_load((CONFIG / "policies" / "default.yaml").read_text(encoding="utf-8"))
    rungs = [dict(rung) for rung in ladder]
    raw |= {
        "name": f"brownout-{crc32(repr(rungs).encode()):08x}",  # one text a name and version
        "ladders": {tier: list(rungs) for tier in raw["ladders"]},
    }
    with TemporaryDirectory() as folder:
        path = Path(folder) / "policy.yaml"
        path.write_text(yaml.safe_dump(raw), encoding="utf-8")
        return policy_files.read(path, CONFIG / "packs", CONFIG / "cards")


def issue_bills(
    resources: Resources, count: int, over_s: float, told: Callable[[int], None]
) -> None:
    """One bill each for `count` customers, whose first reminders fall due evenly over `over_s`."""
    for first in range(0, count, BATCH):
        numbers = range(first, min(count, first + BATCH))
        bodies = [body for number in numbers for body in _bodies(number)]
        ingest(resources, [Incoming(f"{n}-0", body, 0.0) for n, body in enumerate(bodies)])
        while evaluate(resources):
            pass
        told(len(numbers))
    # The stage's time is the same for all; traffic is to flow.
    with resources.engine.begin() as connection:
        connection.execute(
            text(
                "UPDATE reminder SET lane = 'sms',"
                " next_at = :start + v.nth * CAST(:gap AS interval)"
                " FROM (SELECT customer_id, reminder_id,"
                " row_number() OVER (ORDER BY reminder_id) - 1 AS nth"
                " FROM reminder WHERE stage = :stage) AS v"
                " WHERE reminder.customer_id = v.customer_id"
                " AND reminder.reminder_id = v.reminder_id"
            ),
            {"start": START, "gap": timedelta(seconds=over_s / count), "stage": STAGE},
        )
        connection.execute(
            text("UPDATE reminder SET next_at = next_at + interval '1 year' WHERE stage <> :stage"),
            {"stage": STAGE},
        )


def _bodies(number: int) -> tuple[bytes, bytes]:
    who = f"C-{number}"
    customer = {
        "language": "en",
        "time_zone": "Asia/Taipei",
        "jurisdiction": "TW",
        "contact_points": [
            {"channel": "sms", "address": f"+86161{number:08}"},
            {"channel": "email", "address": f"customer.{number}@example.com"},
            {"channel": "in_app"},
        ],
        "consent": {"sms": True, "email": True, "in_app": True},
        "name": f"Example Person {number}",
    }
    bill = {
        "bill_id": f"B-{number}",
        "version": 1,
        "currency": "TWD",
        "amount_due_minor": 100_000,
        "minimum_due_minor": 10_000,
        "due_on": DUE_ON.isoformat(),
        "product": "credit_card",
        "revolving": True,
        "issued_at": ISSUED.isoformat(),
    }
    return (
        _event(f"c-{number}", "customer.updated", {"customer_id": who, **customer}),
        _event(f"b-{number}", "bill.issued", {"customer_id": who, **bill}),
    )


def _event(event_id: str, kind: str, data: dict[str, Any]) -> bytes:  # Any: JSON
    envelope = {
        "specversion": "1.0",
        "id": event_id,
        "source": "/brownout",
        "type": kind,
        "time": ISSUED.isoformat(),
        "data": data,
    }
    return json.dumps(envelope).encode()
