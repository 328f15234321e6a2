"""The simulated mail carrier: what became of a message once SMTP took it."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from channels.sandbox.bounce_mail import MAILS, MailFolder
from channels.sandbox.carrier import Carrier, Handover
from channels.sandbox.scripts import Said


@dataclass(frozen=True, slots=True)
class Mailed(Handover):
    """A mail as it was handed over; `return_path` is where it says that bounces go."""

    return_path: str = ""


class EmailCarrier(Carrier):
    """Like a mail provider's event webhook: `{"reference", "status", "at", "code"}`. With a
    mailbox, what bounces and who complains comes back there, as mails do."""

    mailbox: MailFolder | None = None

    def receipt(
        self, message: Handover, ref: str, said: Said, dated_at: datetime
    ) -> Mapping[str, object]:
        return {
            "reference": message.reference,
            "status": said.status,
            "at": dated_at.isoformat(),
            "code": said.error,
        }

    def _post(self, message: Handover, ref: str, said: Said, at: datetime) -> None:
        write = MAILS.get(said.status)
        if self.mailbox is None or write is None or not isinstance(message, Mailed):
            super()._post(message, ref, said, at)
            return
        self.statuses[message.reference] = said.status
        dated_at = at - said.posted_after - said.dated_before
        mail = write(message.return_path, message.to, message.reference, said.error, dated_at)
        self.mailbox.deliver(mail)
        self.journal.write(
            "receipt",
            at,
            time.time(),
            reference=message.reference,
            to=message.to,
            status=said.status,
            error=said.error,
            id=ref,
        )
