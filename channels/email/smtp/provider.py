"""The e-mail channel: SMTP out, bounces and openings back by callback or by mail."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime

from channels.contract import Answer, Message, Post, Told
from channels.email.events import READERS
from channels.email.heard import hear_mail, is_mail
from channels.email.mailbox import Place, listen
from channels.email.smtp.connection import Refused
from channels.email.smtp.errors import outcome_of
from channels.email.smtp.mime import Skeleton, Unmailable, in_ascii
from channels.email.smtp.pool import SmtpPool
from channels.email.smtp.return_paths import return_path, verp_of
from channels.email.smtp.settings import EmailSettings, capabilities, check
from channels.errors import AnswerLost, NothingTaken, TooLate
from channels.signature import verify
from channels.transport import despite_blips
from reminders.domain.outcome import (
    Accepted,
    Outcome,
    Permanent,
    Transient,
    Uncertain,
    Unsent,
)


def _machine_clock() -> datetime:
    return datetime.now(UTC)


class EmailChannel:
    """See `channels.contract.Channel`."""

    def __init__(
        self, settings: EmailSettings, now: Callable[[], datetime] = _machine_clock
    ) -> None:
        check(settings)
        self.name = settings.name
        self.capabilities = capabilities(settings)
        domain = settings.message_id_domain or settings.sender_domain
        self._verp = verp_of(settings)
        self._reads_mail = self._verp is not None and bool(settings.mailbox)
        self._events = READERS[settings.events]
        self._now = now
        self._sender = settings.sender
        self._secret = settings.receipts_secret
        self._timeout_s = settings.timeout.total_seconds()
        self._skeleton = Skeleton(settings.sender, settings.sender_name, domain)
        self._pool = SmtpPool(settings)

    async def send(self, message: Message) -> Outcome:
        path = return_path(self._verp, self._sender, message.idempotency_key)
        if not message.address.isascii():
            message = replace(message, address=in_ascii(message.address))
        if self._events.headers is not None:
            own = self._events.headers(message.idempotency_key)
            message = replace(message, headers={**message.headers, **own})
        try:
            mail = self._skeleton.build(message, stop_at=path if self._reads_mail else "")
        except Unmailable as error:
            return Permanent(error.reason, error.dead_contact)
        try:
            # A kept connection that the relay had dropped shows only at the next mail; before
            # the final dot nothing was taken, so a fresh one may try.
            return await despite_blips(lambda: self._once(message, path, mail))
        except NothingTaken as error:
            return Transient(str(error))
        except TooLate as error:
            return Unsent(str(error))
        except AnswerLost as error:
            return Uncertain(f"no answer after the mail: {error}")

    async def _once(self, message: Message, path: str, mail: bytes) -> Outcome:
        try:
            connection = await self._pool.acquire(message.start_by)
        except Refused as refused:
            return outcome_of(refused.stage, refused.reply)
        try:
            reply = await connection.deliver(
                path,
                message.address,
                message.idempotency_key,
                mail,
                self._timeout_s,
            )
        except Refused as refused:
            return outcome_of(refused.stage, refused.reply)
        finally:
            self._pool.release(connection)
        return Accepted(reply.lines[-1][:200])

    async def ask(self, idempotency_key: str) -> Outcome | None:
        """SMTP cannot be asked."""
        return None

    def hear(self, post: Post) -> Told:
        if is_mail(post):
            return hear_mail(post, self._verp, self._now)
        return self._events.read(post.body)

    def verify(self, post: Post) -> bool:
        """A mail that is posted, by a mail server's pipe, is signed as our own events are."""
        if is_mail(post):
            return verify(self._secret, post.body, post.headers)
        return self._events.verify(self._secret, post)

    def answer(self) -> Answer:
        return Answer()

    async def close(self) -> None:
        await self._pool.close()


class ListeningEmailChannel(EmailChannel):
    """An account with a mailbox. See `channels.contract.ListeningChannel`."""

    def __init__(
        self, settings: EmailSettings, now: Callable[[], datetime] = _machine_clock
    ) -> None:
        super().__init__(settings, now)
        self._place = Place(
            settings.name,
            settings.mailbox,
            settings.mailbox_user,
            settings.mailbox_password,
            settings.ca_file,
            settings.mailbox_without_tls,
            settings.mailbox_every,
            settings.timeout,
        )

    async def listen(self, take: Callable[[Post], Awaitable[None]]) -> None:
        await listen(self._place, take)


def build(settings: EmailSettings) -> EmailChannel:
    """The channel of one account; one with a mailbox listens to it too."""
    return ListeningEmailChannel(settings) if settings.mailbox else EmailChannel(settings)
