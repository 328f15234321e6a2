"""Runs of complete reminders: a bill's event in, its receipt applied, the outcome checked."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from redis import Redis
from sqlalchemy import Connection, text

from benchmarks import cpu
from benchmarks.bills import STAGE, bills, profiles
from benchmarks.figures import Run
from reminders.events import to_json
from reminders.services import status
from reminders.services.producer import Producer
from reminders.services.streams import INTAKE_GROUP, RECEIPTS_STREAM

PATIENCE_S = 180.0
LOOK_EVERY_S = 0.05  # in Redis alone: a question to PostgreSQL would be on our own bill

_OUTCOME = text(
    """
    SELECT count(*), count(*) FILTER (WHERE r.state = 'satisfied'),
        coalesce(sum((SELECT count(*) FROM attempt a WHERE a.customer_id = r.customer_id
            AND a.month = r.month AND a.reminder_id = r.reminder_id AND a.state <> 'released')), 0),
        coalesce(sum((SELECT count(*) FROM attempt a JOIN receipt h
            ON h.customer_id = a.customer_id AND h.month = a.month
              AND h.attempt_id = a.attempt_id AND h.status = 'delivered'
            WHERE a.customer_id = r.customer_id AND a.month = r.month
              AND a.reminder_id = r.reminder_id)), 0)
    FROM reminder r WHERE r.bill_id LIKE :bills AND r.stage = :stage
    """
)


@dataclass(frozen=True)
class Outcome:
    """What the ledger holds of a run's stage; calls that never began are no attempts here."""

    planned: int
    satisfied: int
    attempts: int
    receipts: int

    def all_are(self, count: int) -> bool:
        return (self.planned, self.satisfied, self.attempts, self.receipts) == (count,) * 4


@dataclass(frozen=True)
class CompleteRunner:
    """The system under test. `ours` are the trees whose CPU counts, `others` are told apart."""

    redis: Redis
    redis_url: str
    connection: Connection  # in autocommit
    queues: tuple[str, ...]
    ours: dict[str, int]
    others: dict[str, int]
    now: datetime

    def run(self, name: str, count: int) -> Run:
        """Make the customers known outside the clock, then play a bill for each."""
        self._publish([to_json(event) for event in profiles(name, count, self.now)])
        self._rest()
        events = [to_json(event) for event in bills(name, count, self.now)]
        wanted = self._heard() + count
        before, began = cpu.look(self.ours | self.others), time.monotonic()
        self._publish(events)
        self._applied(wanted, began)
        seconds = time.monotonic() - began
        spent = cpu.used(before, cpu.look(self.ours | self.others))
        outcome = self.outcome(name)
        if not outcome.all_are(count):
            raise RuntimeError(f"{count} reminders were to be complete, the ledger has {outcome}")
        self._rest()
        return Run(
            count,
            seconds,
            {each: spent[each] for each in self.ours},
            {each: spent[each] for each in self.others},
        )

    def outcome(self, name: str) -> Outcome:
        row = self.connection.execute(_OUTCOME, {"bills": f"{name}-b%", "stage": STAGE}).one()
        return Outcome(*map(int, row))

    def _publish(self, bodies: list[bytes]) -> None:
        with Producer(self.redis_url, source="benchmark", check=False) as producer:
            for body in bodies:
                producer.publish(body)

    def _heard(self) -> int:
        if not self.redis.exists(RECEIPTS_STREAM):
            return 0
        info: Any = self.redis.xinfo_stream(RECEIPTS_STREAM)  # Any: redis-py's own shapes
        return int(info["entries-added"])

    def _applied(self, wanted: int, began: float) -> None:
        """Wait until so many receipts came, and the group has committed the last of them."""
        while time.monotonic() - began < PATIENCE_S:
            if self._heard() >= wanted and self._committed():
                return
            time.sleep(LOOK_EVERY_S)
        raise TimeoutError(f"{wanted - self._heard()} receipts are missing after {PATIENCE_S:g} s")

    def _committed(self) -> bool:
        pipe = self.redis.pipeline(transaction=False)
        pipe.xinfo_stream(RECEIPTS_STREAM)
        pipe.xinfo_groups(RECEIPTS_STREAM)
        pipe.xpending(RECEIPTS_STREAM, INTAKE_GROUP)
        info, groups, pending = pipe.execute()
        group = next(each for each in groups if each["name"] == INTAKE_GROUP.encode())
        read = bool(group["last-delivered-id"] == info["last-generated-id"])
        return read and not pending["pending"]

    def _rest(self) -> None:
        began = time.monotonic()
        while status.rest(self.connection, self.redis, self.queues, self.now).busy:
            if time.monotonic() - began > PATIENCE_S:
                raise TimeoutError("the system did not come to rest")
            time.sleep(LOOK_EVERY_S)
