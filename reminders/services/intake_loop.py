"""The intake process: both streams, each read by a consumer of its own."""

from __future__ import annotations

import json
import os
import socket
import time
from collections.abc import Iterable, Sequence
from datetime import timedelta
from threading import Event as Stop
from threading import Thread

import structlog
from redis import Redis

from reminders.services import intake, receipts
from reminders.services.callbacks import Callback
from reminders.services.consumer import Consumer, Entry
from reminders.services.intake import Fenced, Incoming
from reminders.services.resources import Resources
from reminders.services.streams import (
    EVENT_BODY,
    EVENTS_STREAM,
    FENCED_KEPT,
    FENCED_LINES,
    FENCED_STREAM,
    RECEIPT_BODY,
    RECEIPT_PROVIDER,
    RECEIPT_TYPE,
    RECEIPT_URL,
    RECEIPTS_STREAM,
    TAKEN_AT,
)

log = structlog.get_logger(__name__)

# A batch of receipts takes the same eleven statements whatever its size, and no receipt is urgent:
# one in a batch of 33 costs twice what one in a batch of 100 does. While they flow, one by one,
# they are let gather; a lone one is applied at once, as ever, and so is the first after a batch
# behind which nothing came.
FLOWING = 8
GATHER_S = 0.3


def consumers(resources: Resources, idle_claim: timedelta) -> list[Consumer]:
    """The two consumers of one process, named so that a restart finds its own entries again."""
    name = f"{socket.gethostname()}-{os.getpid()}"
    size = resources.limits.batch
    return [
        Consumer(
            resources.redis,
            EVENTS_STREAM,
            name,
            lambda entries: take_events(resources, entries),
            batch=size,
            idle_claim=idle_claim,
        ),
        Consumer(
            resources.redis,
            RECEIPTS_STREAM,
            name,
            lambda entries: take_receipts(resources, entries),
            batch=size,
            idle_claim=idle_claim,
        ),
    ]


def run(resources: Resources, stop: Stop, idle_claim: timedelta) -> None:
    """Read both streams until `stop` is set.

    If one of them fails in a way that waiting does not mend, the other ends too and the error is
    raised: a process that reads only half of its work must not look alive.
    """
    failed: list[Exception] = []

    def read(consumer: Consumer) -> None:
        try:
            consumer.run(stop)
        except Exception as error:
            log.exception("stream given up")
            failed.append(error)
            stop.set()

    threads = [
        Thread(target=read, args=(consumer,), name=f"intake-{index}")
        for index, consumer in enumerate(consumers(resources, idle_claim))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failed:
        raise failed[0]


def take_events(resources: Resources, entries: Sequence[Entry]) -> None:
    """Take a batch of the events stream in, and say what is fenced."""
    taken = intake.ingest(
        resources,
        [
            Incoming(
                entry.id, entry.fields.get(EVENT_BODY, b""), _seconds(entry.fields.get(TAKEN_AT))
            )
            for entry in entries
        ],
    )
    _say_fenced(resources.redis, taken.fenced)


def take_receipts(resources: Resources, entries: Sequence[Entry]) -> None:
    """Apply a batch of the receipts stream."""
    receipts.apply(resources, [_callback(entry) for entry in entries])
    if FLOWING <= len(entries) < resources.limits.batch // 2 and _goes_on(resources, entries[-1]):
        time.sleep(GATHER_S)


def _goes_on(resources: Resources, last: Entry) -> bool:
    return bool(resources.redis.xrange(RECEIPTS_STREAM, min=f"({last.id}", count=1))


def _callback(entry: Entry) -> Callback:
    def text(name: bytes) -> str:
        return entry.fields.get(name, b"").decode("utf-8", "replace")

    kind = text(RECEIPT_TYPE)
    return Callback(
        entry.id,
        text(RECEIPT_PROVIDER),
        entry.fields.get(RECEIPT_BODY, b""),
        {"content-type": kind} if kind else {},
        text(RECEIPT_URL),
    )


def _say_fenced(redis: Redis, fenced: Iterable[Fenced]) -> None:
    lines = [
        json.dumps(
            {
                "source": each.source,
                "id": each.id,
                "acknowledged": each.acknowledged,
                "fenced": each.fenced,
                "at": each.at.isoformat(),
            },
            ensure_ascii=False,
        )
        for each in fenced
    ]
    if lines:
        body = "\n".join(lines).encode("utf-8", "surrogatepass")
        redis.xadd(FENCED_STREAM, {FENCED_LINES: body}, maxlen=FENCED_KEPT, approximate=True)


def _seconds(value: bytes | None) -> float:
    """When a door answered. A producer that writes the stream itself need not say: 0."""
    try:
        return float(value) if value else 0.0
    except ValueError:
        return 0.0
