"""`GET /healthz`: this process answers. `GET /readyz`: so do Redis and PostgreSQL."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping

from reminders.console.asgi import Receive, Refused, Scope, Send, answer, want_method

_PATIENCE_S = 3.0


async def healthz(scope: Scope, receive: Receive, send: Send) -> None:
    want_method(scope, "GET")
    await answer(send, 200, {"status": "ok"})


class ReadyDoor:
    """`checks` maps the name of each thing needed to a call that raises if it is away."""

    def __init__(self, checks: Mapping[str, Callable[[], Awaitable[object]]]) -> None:
        self._checks = checks

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        want_method(scope, "GET")
        found = await asyncio.gather(*(_reached(check) for check in self._checks.values()))
        away = [name for name, reached in zip(self._checks, found, strict=True) if not reached]
        if away:
            raise Refused(503, f"cannot reach {' and '.join(away)}", retry_after="1")
        await answer(send, 200, {"status": "ready"})


async def _reached(check: Callable[[], Awaitable[object]]) -> bool:
    try:
        await asyncio.wait_for(check(), _PATIENCE_S)
    except Exception:  # whatever it raises, it is away; the probe only says which
        return False
    return True
