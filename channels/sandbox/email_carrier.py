"""The simulated mail carrier: what became of a message once SMTP took it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

import aiohttp

from channels.sandbox.bounce_mail import MAILS, MailFolder
from channels.sandbox.carrier import Carrier, Handover
from channels.sandbox.postman import Letter, Postman
from channels.sandbox.scripts import Said


@dataclass(frozen=True, slots=True)
class Mailed(Handover):
    """A mail as it was handed over; `return_path` is where it says that bounces go."""

    return_path: str = ""


_MAIL: Final = "maildir:"  # the scheme of a letter that is no post, but a mail in a folder


class MailPostman(Postman):
    """Posts events as others do; of a mail it waits until whoever reads the folder has it."""

    async def _once(
        self, session: aiohttp.ClientSession, url: str, found: Sequence[Mapping[str, object]]
    ) -> bool:
        if not url.startswith(_MAIL):
            return await super()._once(session, url, found)
        if Path(url.removeprefix(_MAIL)).exists():
            self.last_error = "nobody has read the mailbox"
            return False
        return True


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
        path = self.mailbox.deliver(mail)
        # Each under its own address, so that no two of them wait for each other.
        self.postman.post(Letter({}, self.posted(message, ref, said, at), f"{_MAIL}{path}"))
