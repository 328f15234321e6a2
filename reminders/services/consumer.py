"""Reads a stream in batches as one consumer of a group: committed first, acknowledged after."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from threading import Event as Stop
from typing import Any

import structlog
from redis import Redis
from redis.exceptions import RedisError, ResponseError
from sqlalchemy.exc import SQLAlchemyError

from reminders.services.streams import INTAKE_GROUP

log = structlog.get_logger(__name__)

BLOCK_MS = 1000
LONGEST_PAUSE = 5.0


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a stream: its id and its fields."""

    id: str
    fields: dict[bytes, bytes]


Handle = Callable[[Sequence[Entry]], None]


class Consumer:
    """One consumer of the intake group. What it dies with unacknowledged, another one claims.

    `handle` must leave every entry of its batch committed or kept as a dead letter, and be safe
    to call again with the same entries.
    """

    def __init__(
        self,
        redis: Redis,
        stream: str,
        name: str,
        handle: Handle,
        *,
        batch: int = 500,
        idle_claim: timedelta = timedelta(seconds=15),
    ) -> None:
        self._redis = redis
        self._stream = stream
        self._name = name
        self._handle = handle
        self._batch = batch
        self._idle_ms = int(idle_claim / timedelta(milliseconds=1))
        self._claim_at = 0.0
        self._trim_at = 0.0
        self._joined = False

    def run(self, stop: Stop) -> None:
        """Read until `stop` is set. Redis or PostgreSQL away: wait for them and carry on."""
        pause = 0.1
        while not stop.is_set():
            try:
                self.step()
                pause = 0.1
            except (RedisError, SQLAlchemyError) as error:
                self._joined = False
                reason = str(error).splitlines()[0] if str(error) else type(error).__name__
                log.warning("stream waits", stream=self._stream, reason=reason, pause_s=pause)
                stop.wait(pause)
                pause = min(LONGEST_PAUSE, pause * 2)

    def step(self) -> int:
        """Handle one batch, of abandoned entries first; returns how many it had."""
        if not self._joined:
            self._join()
        entries = self._own() or self._abandoned() or self._new()
        if entries:
            self._handle(entries)
            self._redis.xack(self._stream, INTAKE_GROUP, *(entry.id for entry in entries))
        self._trim()
        return len(entries)

    def _join(self) -> None:
        try:
            self._redis.xgroup_create(self._stream, INTAKE_GROUP, id="0", mkstream=True)
        except ResponseError as error:
            if "BUSYGROUP" not in str(error):
                raise
        self._joined = True
        self._retry = True

    def _own(self) -> list[Entry]:
        """What this consumer took and did not acknowledge, after a failure or a restart."""
        if not self._retry:
            return []
        entries = self._read("0", block_ms=None)
        self._retry = bool(entries)
        return entries

    def _new(self) -> list[Entry]:
        return self._read(">", block_ms=BLOCK_MS)

    def _read(self, after: str, block_ms: int | None) -> list[Entry]:
        found: Any = self._redis.xreadgroup(  # Any: redis-py's reply has many shapes
            INTAKE_GROUP, self._name, {self._stream: after}, count=self._batch, block=block_ms
        )
        if not found:
            return []
        pairs = found.values() if isinstance(found, dict) else [pairs for _, pairs in found]
        return [
            Entry(entry_id.decode(), fields)
            for group in pairs
            for entry_id, fields in (group[0] if isinstance(found, dict) else group)
            if fields
        ]

    def _abandoned(self) -> list[Entry]:
        """Entries that a dead consumer took and nobody acknowledged for `idle_claim`."""
        if time.monotonic() < self._claim_at:
            return []
        reply: Any = self._redis.xautoclaim(  # Any: as above
            self._stream, INTAKE_GROUP, self._name, self._idle_ms, count=self._batch
        )
        entries = [Entry(entry_id.decode(), fields) for entry_id, fields in reply[1] if fields]
        if not entries:
            self._claim_at = time.monotonic() + max(0.5, self._idle_ms / 2000)
        return entries

    def _trim(self) -> None:
        """Cut the stream behind what is acknowledged, once a second at most."""
        if time.monotonic() < self._trim_at:
            return
        self._trim_at = time.monotonic() + 1
        committed = self._committed()
        if committed is not None:
            self._redis.xtrim(self._stream, minid=committed, approximate=True)

    def _committed(self) -> str | None:
        """The first id that is not committed yet: nothing before it is wanted any more.

        What was delivered is asked first: another consumer may read on between the two questions,
        and what it takes then must count as pending and never as done.
        """
        groups: Any = self._redis.xinfo_groups(self._stream)  # Any: as above
        delivered = [
            group["last-delivered-id"].decode()
            for group in groups
            if group["name"] == INTAKE_GROUP.encode()
        ]
        pending: Any = self._redis.xpending(self._stream, INTAKE_GROUP)  # Any: as above
        if pending["pending"]:
            return str(pending["min"].decode())
        return str(delivered[0]) if delivered else None
