"""The SMPP channel: submit_sm out by one session, receipts and answers in by another."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from channels.contract import Answer, Message, Post, Told
from channels.errors import AnswerLost, NothingTaken, TooLate
from channels.numbers import is_number
from channels.sms.smpp import heard
from channels.sms.smpp.link import Link
from channels.sms.smpp.listening import listen
from channels.sms.smpp.pdu import Pdu
from channels.sms.smpp.settings import SmppSettings, capabilities, check
from channels.sms.smpp.submit import submit_all, submits_of
from channels.transport import despite_blips
from reminders.domain.outcome import Outcome, Permanent, Transient, Uncertain, Unsent


def _machine_clock() -> datetime:
    return datetime.now(UTC)


class SmppChannel:
    """See `channels.contract.Channel` and `ListeningChannel`. A process does one of the two: a
    worker sends, the listening process listens; both are made from the same account.

    `now` dates what comes without a date of its own: what customers write.
    """

    def __init__(
        self, settings: SmppSettings, now: Callable[[], datetime] = _machine_clock
    ) -> None:
        check(settings)
        self.name = settings.name
        self.capabilities = capabilities(settings)
        self._settings = settings
        self._now = now
        self._link = Link(settings)

    async def send(self, message: Message) -> Outcome:
        if not is_number(message.address):
            return Permanent("invalid_number", dead_contact=True)
        try:
            submits = submits_of(message, self._settings)
        except ValueError:
            return Permanent("too_long")
        try:
            # No session is known at once, and so is one that ended: a fresh one may try.
            return await despite_blips(lambda: self._once(message, submits))
        except NothingTaken as error:
            return Transient(str(error))
        except TooLate as error:
            return Unsent(str(error))
        except AnswerLost as error:
            return Uncertain(f"no answer: {error}")

    async def _once(self, message: Message, submits: list[Pdu]) -> Outcome:
        async with self._link.turn(message.start_by) as session:
            until = time.monotonic() + self._settings.timeout.total_seconds()
            form, key = self._settings.message_id, message.idempotency_key
            return await submit_all(session, submits, until, form, key)

    async def ask(self, idempotency_key: str) -> Outcome | None:
        """query_sm wants the id that an uncertain attempt never got."""
        return None

    def hear(self, post: Post) -> Told:
        return heard.hear(post, self._settings)

    def verify(self, post: Post) -> bool:
        """Nothing of this carrier's comes by HTTP."""
        return False

    def answer(self) -> Answer:
        return Answer()

    async def listen(self, take: Callable[[Post], Awaitable[None]]) -> None:
        await listen(self._settings, take, self._now)

    async def close(self) -> None:
        await self._link.close()
