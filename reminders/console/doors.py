"""One ASGI application from its doors: finds the right one and turns a refusal into an answer."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

import structlog

from reminders.console.appender import StreamDown
from reminders.console.asgi import Door, Gone, Receive, Refused, Scope, Send, answer

_log = structlog.get_logger()


class Doors:
    """`exact` maps paths to doors, `below` maps the beginnings of paths; `close` ends the app."""

    def __init__(
        self,
        exact: Mapping[str, Door],
        below: Mapping[str, Door],
        close: Callable[[], Awaitable[None]],
    ) -> None:
        self._exact = exact
        self._below = below
        self._close = close

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "http":
            await self._open(scope, receive, send)

    async def _open(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await self._door(scope["path"])(scope, receive, send)
        except Refused as no:
            await answer(send, no.status, {"error": no.reason}, no.headers)
        except StreamDown as down:
            _log.warning("door.stream_down", path=scope["path"].split("/")[2], reason=str(down))
            refusal = {"error": "cannot store this now; send it again, twice costs nothing"}
            await answer(send, 503, refusal, {"retry-after": "1"})
        except Gone:
            return

    def _door(self, path: str) -> Door:
        door = self._exact.get(path)
        if door is not None:
            return door
        for beginning, below in self._below.items():
            if path.startswith(beginning):
                return below
        raise Refused(404, "there is nothing here")

    async def _live(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                await send({"type": "lifespan.startup.complete"})
            elif message["type"] == "lifespan.shutdown":
                await self._close()
                await send({"type": "lifespan.shutdown.complete"})
                return
