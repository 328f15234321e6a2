"""A Maildir folder, as Postfix, Exim and Dovecot deliver into it (cr.yp.to/proto/maildir.html)."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from channels.email.mailbox.box import AT_ONCE, MOST_BYTES, Kept, MailboxTrouble, MailTrouble


class Maildir:
    """New mails wait in `new/`; a marked one lies in `cur/` with the flag S (seen)."""

    def __init__(self, folder: Path) -> None:
        self._new, self._cur = folder / "new", folder / "cur"

    def waiting(self) -> Sequence[str]:
        try:
            with os.scandir(self._new) as found:
                # Their names begin with the second of delivery: by name is by age.
                return sorted(each.name for each in found if each.is_file())[:AT_ONCE]
        except OSError as error:
            raise MailboxTrouble(f"the mail folder: {error.strerror}") from None

    def fetch(self, name: str) -> Kept | None:
        try:
            with (self._new / name).open("rb") as file:
                raw = file.read(MOST_BYTES)
                came_s = os.fstat(file.fileno()).st_mtime
        except FileNotFoundError:
            return None
        except OSError as error:
            raise MailTrouble(f"a mail in the folder: {error.strerror}") from None
        return Kept(name, raw, datetime.fromtimestamp(came_s, UTC))

    def mark(self, name: str) -> None:
        try:
            self._cur.mkdir(exist_ok=True)
            (self._new / name).rename(self._cur / f"{name.partition(':')[0]}:2,S")
        except FileNotFoundError:
            return  # somebody else reads this folder too
        except OSError as error:
            raise MailboxTrouble(f"a mail in the folder: {error.strerror}") from None

    def close(self) -> None:
        """Nothing is held."""
