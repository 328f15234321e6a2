"""A provider's bearer token: asked for once, kept until shortly before it expires."""

from __future__ import annotations

import json
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from channels.single_flight import SingleFlight
from channels.transport import Reply
from reminders.domain.outcome import Outcome, Transient

# A token is not used in its last minute: the call that carries it takes time too.
_MARGIN_S = 60.0
_SHORTEST_S = 5.0
_LONGEST_S = 86_400.0

Ask = Callable[[], Awaitable[Reply | Outcome]]


class NotGranted(Exception):
    """No token: the message never began its call. The text is a short reason."""


@dataclass(frozen=True, slots=True)
class Grant:
    token: str = field(repr=False)
    expires_in_s: float


class AccessToken:
    """`ask` calls the token endpoint, whose answer is RFC 6749 §5.1: `{"access_token",
    "expires_in"}`."""

    def __init__(self, ask: Ask, clock: Callable[[], float] = time.monotonic) -> None:
        self._ask = ask
        self._clock = clock
        self._token = ""
        self._until = 0.0
        self._asking: SingleFlight[str] = SingleFlight()

    async def get(self) -> str:
        """The token to use now. Raises `NotGranted`."""
        if self._token and self._clock() < self._until:
            return self._token
        return await self._asking.run(self._renew)

    def refused(self, token: str) -> None:
        """The provider takes `token` no more; a newer one stays."""
        if token == self._token:
            self._token = ""

    async def close(self) -> None:
        await self._asking.close()

    async def _renew(self) -> str:
        granted = read_grant(await self._ask())
        self._token = granted.token
        life_s = max(_SHORTEST_S, granted.expires_in_s - _MARGIN_S)
        self._until = self._clock() + life_s
        return granted.token


def read_grant(reply: Reply | Outcome) -> Grant:
    """The token of an answer. Raises `NotGranted`."""
    if not isinstance(reply, Reply):
        # "connect: …" and the like; whatever happened, it happened to the token's call alone.
        raise NotGranted(reply.reason if isinstance(reply, Transient) else "token: no answer")
    if reply.status >= 500:
        raise NotGranted(f"token endpoint {reply.status}")
    try:
        found = json.loads(reply.body)
        token, life = found["access_token"], found.get("expires_in", 3600)
        usable = isinstance(token, str) and 0 < len(token) <= 8_000 and token.isprintable()
        if reply.status != 200 or not usable or not token.isascii():
            raise NotGranted(f"credentials refused ({reply.status})")
        return Grant(token, min(float(life), _LONGEST_S))
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError, OverflowError):
        raise NotGranted(f"credentials refused ({reply.status})") from None
