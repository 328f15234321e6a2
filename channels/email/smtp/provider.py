"""The e-mail channel: SMTP out, bounces and openings back by callback."""

from __future__ import annotations

from channels.contract import Answer, Message, Post, Told
from channels.email.smtp.connection import Refused
from channels.email.smtp.errors import outcome_of
from channels.email.smtp.mime import Skeleton, Unmailable
from channels.email.smtp.pool import SmtpPool
from channels.email.smtp.receipts import to_receipt
from channels.email.smtp.settings import EmailSettings, capabilities
from channels.errors import AnswerLost, NothingTaken, TooLate
from channels.receipts import read_receipts
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


class EmailChannel:
    """See `channels.contract.Channel`."""

    def __init__(self, settings: EmailSettings) -> None:
        self.name = settings.name
        self.capabilities = capabilities(settings)
        domain = settings.message_id_domain or settings.sender.rpartition("@")[2]
        self._sender = settings.sender
        self._secret = settings.receipts_secret
        self._timeout_s = settings.timeout.total_seconds()
        self._skeleton = Skeleton(settings.sender, settings.sender_name, domain)
        self._pool = SmtpPool(settings)

    async def send(self, message: Message) -> Outcome:
        try:
            mail = self._skeleton.build(message)
        except Unmailable as error:
            return Permanent(error.reason, error.dead_contact)
        try:
            # A kept connection that the relay had dropped shows only at the next mail; before
            # the final dot nothing was taken, so a fresh one may try.
            return await despite_blips(lambda: self._once(message, mail))
        except NothingTaken as error:
            return Transient(str(error))
        except TooLate as error:
            return Unsent(str(error))
        except AnswerLost as error:
            return Uncertain(f"no answer after the mail: {error}")

    async def _once(self, message: Message, mail: bytes) -> Outcome:
        try:
            connection = await self._pool.acquire(message.start_by)
        except Refused as refused:
            return outcome_of(refused.stage, refused.reply)
        try:
            reply = await connection.deliver(
                self._sender,
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
        return Told(read_receipts(post.body, to_receipt))

    def verify(self, post: Post) -> bool:
        return verify(self._secret, post.body, post.headers)

    def answer(self) -> Answer:
        return Answer()

    async def close(self) -> None:
        await self._pool.close()
