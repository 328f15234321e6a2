"""Plays a portfolio against a running system: moves the clock only when nothing is under way."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from datetime import time as Hour
from hashlib import blake2b
from typing import Any, BinaryIO

import aiohttp
from celery import Celery
from kombu.exceptions import OperationalError
from redis import Redis
from sqlalchemy import Connection

from channels.sandbox.phone import Phone, Visit
from reminders.cli.demo_system import Running
from reminders.services import status
from reminders.services.clock import VirtualClock
from reminders.services.demo.portfolio import DemoCustomer
from reminders.services.demo.schedule import Slot, published_line
from reminders.services.inbox_token import inbox_token
from reminders.services.moving import QUEUES
from reminders.services.streams import (
    EVENTS_STREAM,
    FENCED_LINES,
    FENCED_STREAM,
    event_entry,
)

PATIENCE_S = 120.0  # nothing moved for so long: the demo gives up and says what is stuck
WAKE_EVERY_S = 1.0
LONGEST_PAUSE_S = 0.006  # between two looks: a look takes a third of a millisecond of CPU
PHONE_AT = Hour(12, 30)  # UTC: half past eight in the evening in Taipei
XADD_BATCH = 500


class Stuck(Exception):
    """The system did not come to rest; the message says what was under way."""


@dataclass(slots=True)
class Played:
    """What the driver itself did and saw."""

    published: int = 0
    steps: int = 0
    visits: int = 0
    now: datetime | None = None


@dataclass
class Driver:
    """One run. `hook` is called after each step: a test's way to break something half-way."""

    running: Running
    connection: Connection  # in autocommit
    tasks: Celery
    queues: tuple[str, ...]
    customers: list[DemoCustomer]
    slots: Iterator[Slot]
    published: BinaryIO
    fenced: BinaryIO
    readers: float
    hook: Callable[[Played], None]
    show: Callable[[Played], None]
    played: Played = field(default_factory=Played)
    _fenced_at: str = "0"

    def __post_init__(self) -> None:
        self._clock = VirtualClock(self.running.redis)
        self._redis: Redis = self.running.redis
        self._slot = next(self.slots, None)
        self._visit_at: datetime | None = None

    def play(self) -> Played:
        """Run until no event is left to publish and no reminder is open."""
        return asyncio.run(self._play())

    async def _play(self) -> Played:
        log = self.running.system.data_dir / "sandbox" / "phone.jsonl"
        headers = {"Authorization": f"Bearer {self.running.secrets['control_token']}"}
        async with (
            Phone(self.running.http_url, log) as phone,
            aiohttp.ClientSession(headers=headers) as session,
        ):
            carriers_next: datetime | None = None
            wake_ups: Mapping[str, datetime] = {}
            while (now := self._next(wake_ups, carriers_next)) is not None:
                self._clock.set(now)
                self.played.now = now
                await self._move_carriers(session, now)
                if self._slot is not None and self._slot.at <= now:
                    self._publish(self._slot, now)
                    self._slot = next(self.slots, None)
                if self._visit_at is not None and self._visit_at <= now:
                    await self._visit(phone, now)
                self._wake(lane for lane, at in wake_ups.items() if at <= now)
                wake_ups, carriers_next = await self._settle(session, now)
                self.played.steps += 1
                self.show(self.played)
                self.hook(self.played)
            await self._look_at_everything(phone)
        self._copy_fenced()
        return self.played

    def _next(self, wake_ups: Mapping[str, datetime], carriers: datetime | None) -> datetime | None:
        """The earliest thing that will happen. Phones are looked at while anything else will."""
        slot = None if self._slot is None else self._slot.at
        ahead = [at for at in (*wake_ups.values(), carriers, slot) if at is not None]
        if not ahead:
            return None
        now = self.played.now or min(ahead)
        if self._visit_at is None or self._visit_at <= now:
            self._visit_at = _next_visit(now)
        return max(now, min(*ahead, self._visit_at))

    def _publish(self, slot: Slot, now: datetime) -> None:
        """Onto the stream, in the slot's order, noted with the machine's time beforehand."""
        for start in range(0, len(slot.events), XADD_BATCH):
            batch = slot.events[start : start + XADD_BATCH]
            machine = time.time()
            pipe = self._redis.pipeline(transaction=False)
            for body in batch:
                self.published.write(published_line(now, machine, body))
                entry: dict[Any, Any] = event_entry(body, "demo", machine)  # Any: redis-py's own
                pipe.xadd(EVENTS_STREAM, entry)
            pipe.execute()
            self.played.published += len(batch)
        self.published.flush()

    async def _visit(self, phone: Phone, now: datetime) -> None:
        """Some customers open their inbox this evening; who, is drawn by customer and day."""
        limit = int(self.readers * 10_000)
        day = f"{now:%Y-%m-%d}"
        visits = [
            self._visit_of(customer)
            for customer in self.customers
            if _draw(customer.customer_id, day) % 10_000 < limit
        ]
        await _patiently(lambda: phone.open_many(visits, now))
        self.played.visits += len(visits)

    async def _look_at_everything(self, phone: Phone) -> None:
        now = self.played.now or datetime.now(UTC)
        for start in range(0, len(self.customers), 500):
            part = self.customers[start : start + 500]
            visits = [self._visit_of(customer) for customer in part]
            await phone.open_many(visits, now, history=True)

    def _visit_of(self, customer: DemoCustomer) -> Visit:
        expires_at = datetime.now(UTC) + timedelta(hours=12)
        key = self.running.secrets["inbox_key"]
        return Visit(customer.customer_id, inbox_token(customer.customer_id, key, expires_at))

    async def _move_carriers(self, session: aiohttp.ClientSession, now: datetime) -> None:
        url = f"{self.running.control_url}/control/clock"
        async with session.post(url, json={"now": now.isoformat()}) as answer:
            if answer.status != 200:
                raise Stuck(f"the carriers refused the clock: {await answer.text()}")

    async def _settle(
        self, session: aiohttp.ClientSession, now: datetime
    ) -> tuple[Mapping[str, datetime], datetime | None]:
        """Wait until nothing is under way; when the ledger and the carriers wake up next."""
        moved = woke = time.monotonic()
        seen: tuple[str, int] = ("", 0)
        pause = 0.001
        while True:
            busy, wake_ups, carriers_next = await self._look(session, now)
            if not busy:
                self._copy_fenced()
                return wake_ups, carriers_next
            if time.monotonic() - woke > WAKE_EVERY_S:
                woke = time.monotonic()
                self._copy_fenced()
                if busy != QUEUES:  # what is queued is on its way: more would only stand behind it
                    self._wake(status.LANES)
                    self._send("workers.evaluate.evaluate")
                left = (busy, status.left(self.connection, self._redis, now))
                if left != seen:
                    seen, moved = left, time.monotonic()
            if time.monotonic() - moved > PATIENCE_S:
                raise Stuck(f"still under way at {now:%Y-%m-%d %H:%M:%S} UTC: {busy}")
            await asyncio.sleep(pause)
            pause = min(LONGEST_PAUSE_S, pause * 1.3)

    async def _look(
        self, session: aiohttp.ClientSession, now: datetime
    ) -> tuple[str, Mapping[str, datetime], datetime | None]:
        found = status.rest(self.connection, self._redis, self.queues, now)
        if found.busy:
            return found.busy, {}, None
        async with session.get(f"{self.running.control_url}/control/status") as answer:
            carriers: dict[str, Any] = await answer.json()  # Any: JSON
        if carriers["in_flight"]:
            return "the carriers", {}, None
        # The carriers may have posted a receipt since we looked at the streams.
        again = status.rest(self.connection, self._redis, self.queues, now)
        next_at = carriers["next_action_at"]
        return again.busy, again.wake_ups, next_at and datetime.fromisoformat(next_at)

    def _wake(self, lanes: Iterable[str]) -> None:
        """Time passed: what beat does every few seconds of a real day."""
        for lane in lanes:
            self._send(f"workers.deliver.{lane}")

    def _send(self, task: str) -> None:
        """A task that is lost, with its Redis or before, is sent again until all is quiet."""
        with suppress(OperationalError):
            self.tasks.send_task(task, retry=False)

    def _copy_fenced(self) -> None:
        """Take what intake said is fenced out of Redis, before it is trimmed there."""
        while True:
            entries: Any = self._redis.xrange(  # Any: redis-py's replies have many shapes
                FENCED_STREAM, min=f"({self._fenced_at}", count=200
            )
            if not entries:
                return
            for entry_id, fields in entries:
                self.fenced.write(fields[FENCED_LINES] + b"\n")
                self._fenced_at = entry_id.decode()


def _next_visit(after: datetime) -> datetime:
    at = datetime.combine(after.date(), PHONE_AT, UTC)
    return at if at > after else at + timedelta(days=1)


def _draw(*about: str) -> int:
    return int.from_bytes(blake2b("\0".join(about).encode(), digest_size=6).digest(), "big")


async def _patiently(work: Callable[[], Any]) -> None:  # Any: a coroutine
    """A door that is being restarted answers soon."""
    for pause in (0.2, 0.5, 1, 2, None):
        try:
            await work()
        except (aiohttp.ClientError, OSError):
            if pause is None:
                raise
            await asyncio.sleep(pause)
        else:
            return
