"""Publishes events through `POST /v1/events`, for producers that cannot reach Redis."""

from __future__ import annotations

import json
from collections.abc import Sequence
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from urllib.parse import urlsplit

from reminders.services.producer import Collecting

_TIMEOUT_S = 30.0


class DoorRefused(Exception):
    """The door answered that it will not take this; trying again does not help."""


class _Unavailable(ConnectionError):
    """The door cannot take it now (503)."""


class HttpProducer(Collecting):
    """Posts to the door at `url` (its path defaults to /v1/events) with a producer's token."""

    retried = (OSError, HTTPException)

    def __init__(
        self,
        url: str,
        token: str,
        *,
        batch: int = 500,
        check: bool = True,
        patience_s: float = 30.0,
    ) -> None:
        super().__init__(batch=batch, check=check, patience_s=patience_s)
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"{url} is not an http:// or https:// address")
        kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
        self._connection = kind(parts.hostname, parts.port, timeout=_TIMEOUT_S)
        self._path = parts.path.rstrip("/") or "/v1/events"
        self._headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}

    def _send(self, bodies: Sequence[bytes]) -> None:
        try:
            self._connection.request(
                "POST", self._path, b"[" + b",".join(bodies) + b"]", self._headers
            )
            response = self._connection.getresponse()
            status, answer = response.status, response.read()
        except (OSError, HTTPException):
            self._connection.close()  # the next try opens another
            raise
        if status in (429, 502, 503, 504):
            raise _Unavailable(f"the door answered {status}")
        if status != 202:
            raise DoorRefused(f"the door answered {status}: {_reason(answer)}")

    def close(self) -> None:
        self._connection.close()


def _reason(answer: bytes) -> str:
    try:
        return str(json.loads(answer)["error"])
    except (ValueError, KeyError, TypeError):
        return "no reason given"
