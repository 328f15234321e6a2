"""The sandbox's control door: move the business clock, ask whether anything is under way."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from datetime import datetime

from channels.sandbox.agenda import Agenda
from channels.sandbox.carrier import Carrier
from channels.sandbox.http_server import Request


class Control:
    """`POST /control/clock {"now": iso}` and `GET /control/status`, both with a bearer token."""

    def __init__(self, agenda: Agenda, carriers: Sequence[Carrier], token: str) -> None:
        self._agenda = agenda
        self._carriers = carriers
        self._token = token
        self._moves: set[asyncio.Task[None]] = set()

    def handle(self, request: Request) -> None:
        if not request.bears(self._token):
            request.respond(401, {"error": "unauthorized"})
        elif (request.method, request.path) == ("GET", "/control/status"):
            request.respond(200, self.status())
        elif (request.method, request.path) == ("POST", "/control/clock"):
            self._move(request)
        else:
            request.respond(404, {"error": "not_found"})

    def status(self) -> dict[str, object]:
        """What a driver waits for; the journals are on disk when it is answered.

        `in_flight` counts requests still to be answered and receipts still to be posted.
        """
        for carrier in self._carriers:
            carrier.journal.flush()
        next_at = self._agenda.next_at
        unposted = sum(carrier.postman.unposted for carrier in self._carriers)
        errors = [carrier.postman.last_error for carrier in self._carriers if unposted]
        return {
            "now": self._agenda.now().isoformat(),
            "next_action_at": next_at.isoformat() if next_at else None,
            "in_flight": unposted + sum(carrier.in_flight for carrier in self._carriers),
            "pending": self._agenda.pending,
            "last_error": next((error for error in errors if error), ""),
        }

    def _move(self, request: Request) -> None:
        to = _instant(request.body)
        if to is None:
            request.respond(400, {"error": 'want {"now": an ISO 8601 instant with its zone}'})
        elif not self._agenda.virtual:
            request.respond(409, {"error": "the clock is the machine's"})
        else:
            move = asyncio.create_task(self._advance(request, to))
            self._moves.add(move)
            move.add_done_callback(self._moves.discard)

    async def _advance(self, request: Request, to: datetime) -> None:
        try:
            self._agenda.advance(to)
        except ValueError as error:
            request.respond(409, {"error": str(error)})
            return
        for carrier in self._carriers:
            await carrier.postman.all_posted()
        request.respond(200, self.status())

    async def close(self) -> None:
        for move in tuple(self._moves):
            move.cancel()
        await asyncio.gather(*self._moves, return_exceptions=True)


def _instant(body: bytes) -> datetime | None:
    try:
        found = json.loads(body)
        at = datetime.fromisoformat(found["now"])
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    return at if at.tzinfo is not None else None
