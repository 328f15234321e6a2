"""`GET /v1/explain/BILL` and `GET /v1/timeline/BILL`: why, and what happened, for operators.

/v1/explain/BILL?stage=&at=&customer=, with for=customer&language= in words for the customer;
/v1/timeline/BILL?customer=. The documents are those of the commands' --json: addresses masked.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Protocol

from redis.exceptions import RedisError
from sqlalchemy.exc import SQLAlchemyError

from reminders.console.asgi import Receive, Refused, Scope, Send, answer, asked, bearer, want_method
from reminders.console.operations import Opened
from reminders.console.operators import Operators
from reminders.domain.errors import PolicyError
from reminders.ledger.errors import LedgerError
from reminders.services import stories

EXPLAIN, TIMELINE = "/v1/explain/", "/v1/timeline/"
_FIELDS: Mapping[str, tuple[str, ...]] = {
    EXPLAIN: ("stage", "at", "customer", "for", "language"),
    TIMELINE: ("customer",),
}
_LONGEST = 200  # characters of a bill's id, and more than any event may give it
# Of everything that this door answers: whoever asks knows whose 404 it is, and how to read a story.
_SAID = {"cache-control": "no-store", "x-story-form": "1"}
Json = dict[str, Any]  # Any: JSON


class StoryDesk(Protocol):
    """What the door tells. Both block; they raise `LedgerError` and `PolicyError`."""

    def explain(self, bill: str, at: datetime | None, said: Mapping[str, str]) -> list[Json]: ...
    def timeline(self, bill: str, said: Mapping[str, str]) -> list[Json]: ...


class LedgerStoryDesk:
    """On the ledger."""

    def __init__(self, opened: Opened) -> None:
        self._opened = opened

    def explain(self, bill: str, at: datetime | None, said: Mapping[str, str]) -> list[Json]:
        customer, stage = said.get("customer", ""), said.get("stage", "")

        def told(teller: stories.Teller) -> list[Json]:
            if "for" not in said:
                return stories.explanations(teller, bill, customer, stage, at)
            return stories.letters(teller, bill, customer, stage, at, said.get("language", ""))

        return self._opened.look(told)()

    def timeline(self, bill: str, said: Mapping[str, str]) -> list[Json]:
        customer = said.get("customer", "")
        return self._opened.look(lambda teller: stories.timelines(teller, bill, customer))()


class StoriesDoor:
    """`tokens`: a person's name → their token."""

    def __init__(self, desk: StoryDesk, tokens: Mapping[str, str]) -> None:
        self._desk = desk
        self._operators = Operators(tokens)
        # One after another: each takes two connections of the pool, and what takes events and
        # receipts in shares the interpreter.
        self._turn = asyncio.Lock()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            self._operators.named(bearer(scope))
            want_method(scope, "GET")
            found = await self._told(scope)
        except Refused as no:
            no.headers |= _SAID
            raise
        await answer(send, 200, found, _SAID)

    async def _told(self, scope: Scope) -> list[Json]:
        path = EXPLAIN if scope["path"].startswith(EXPLAIN) else TIMELINE
        bill = scope["path"].removeprefix(path)
        if not (bill.isprintable() and 0 < len(bill) <= _LONGEST):
            raise Refused(404, "no bill is called so")
        said = asked(scope, _FIELDS[path])
        tell = self._explanation(bill, said) if path == EXPLAIN else self._timeline(bill, said)
        try:
            async with self._turn:
                return await asyncio.to_thread(tell)
        except PolicyError as error:
            raise Refused(422, str(error)) from None
        except LedgerError as error:
            raise Refused(404, str(error)) from None
        except (SQLAlchemyError, RedisError, LookupError):
            raise Refused(503, "cannot look now", retry_after="5") from None

    def _explanation(self, bill: str, said: Mapping[str, str]) -> Callable[[], list[Json]]:
        at = _instant(said["at"]) if "at" in said else None
        if said.get("for", "customer") != "customer":
            raise Refused(422, "for is customer, or it is left out")
        if "language" in said and "for" not in said:
            raise Refused(422, "language is of the words for the customer: add for=customer")
        return lambda: self._desk.explain(bill, at, said)

    def _timeline(self, bill: str, said: Mapping[str, str]) -> Callable[[], list[Json]]:
        return lambda: self._desk.timeline(bill, said)


def _instant(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        found = None
    # Of the first year and the last some hours do not exist in every zone.
    if found is None or found.tzinfo is None or not 1 < found.year < 9999:
        raise Refused(422, "at: write it with its zone, as 2026-03-20T10:00:00Z")
    return found
