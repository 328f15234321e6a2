"""Publishes events onto the stream from Python: in pipelines, and again until Redis has them."""

from __future__ import annotations

import json
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self, cast

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import BusyLoadingError, ConnectionError, TimeoutError
from redis.retry import Retry
from redis.typing import EncodableT, FieldT
from tenacity import Retrying, retry_if_exception_type, stop_after_delay, wait_exponential_jitter

from reminders.events import Event, parse_event, to_json
from reminders.services.streams import EVENTS_STREAM, event_entry

_BATCH_BYTES = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Published:
    """`events` are on the stream's disk; `sent` counts one again for each time it was sent."""

    events: int = 0
    sent: int = 0


class Collecting(ABC):
    """Collects events and sends them `batch` at a time. Not for several threads at once.

    A lost connection is tried again for `patience_s`: what was already taken is then there twice,
    which costs nothing, as the same event twice changes nothing. Leaving the `with` block flushes;
    leaving it by an exception does not.
    """

    retried: tuple[type[Exception], ...] = ()

    def __init__(self, *, batch: int, check: bool, patience_s: float) -> None:
        self._batch = batch
        self._check = check
        self._waiting: list[bytes] = []
        self._bytes = 0
        self._published = self._sent = 0
        self._retrying = Retrying(
            retry=retry_if_exception_type(self.retried),
            wait=wait_exponential_jitter(multiplier=0.05, max=2, jitter=0.1),
            stop=stop_after_delay(patience_s),
            reraise=True,
        )

    def publish(self, event: Event | Mapping[str, Any] | bytes) -> None:  # Any: JSON
        """Add one event; raises `EventError` if it is not one, unless `check` is off."""
        body = _body(event)
        if self._check and isinstance(event, bytes | Mapping):
            parse_event(body)
        self._waiting.append(body)
        self._bytes += len(body)
        if len(self._waiting) >= self._batch or self._bytes >= _BATCH_BYTES:
            self.flush()

    def flush(self) -> Published:
        """Wait until everything is on the stream's disk, and return the counts so far."""
        if self._waiting:
            self._retrying(self._try)
            self._published += len(self._waiting)
            self._waiting, self._bytes = [], 0
        return Published(self._published, self._sent)

    def _try(self) -> None:
        self._sent += len(self._waiting)
        self._send(self._waiting)

    @abstractmethod
    def _send(self, bodies: Sequence[bytes]) -> None:
        """Send all of them, or raise: one of `retried` where trying again may help."""

    @abstractmethod
    def close(self) -> None:
        """End the connection. What was not flushed is not sent."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if error is None:
                self.flush()
        finally:
            self.close()


class Producer(Collecting):
    """Appends to the stream in Redis. `source` names the producer in the logs."""

    retried = (ConnectionError, TimeoutError, BusyLoadingError)

    def __init__(
        self,
        redis_url: str,
        *,
        batch: int = 500,
        source: str = "python",
        check: bool = True,
        patience_s: float = 30.0,
    ) -> None:
        super().__init__(batch=batch, check=check, patience_s=patience_s)
        self._source = source
        self._redis = Redis.from_url(
            redis_url,
            socket_timeout=10,
            socket_connect_timeout=5,
            retry=Retry(NoBackoff(), 0),  # the whole batch is sent again, not one command
        )

    def _send(self, bodies: Sequence[bytes]) -> None:
        now = time.time()
        with self._redis.pipeline(transaction=False) as pipe:
            for body in bodies:
                entry = event_entry(body, self._source, now)
                pipe.xadd(EVENTS_STREAM, cast("dict[FieldT, EncodableT]", entry))
            pipe.execute()

    def close(self) -> None:
        self._redis.close()


def _body(event: Event | Mapping[str, Any] | bytes) -> bytes:  # Any: JSON
    if isinstance(event, bytes):
        return event
    if isinstance(event, Mapping):
        return json.dumps(event, separators=(",", ":")).encode()
    return to_json(event)
