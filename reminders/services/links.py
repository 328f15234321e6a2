"""Short pay links: which attempt and until when, signed; nothing of the bill, nothing secret."""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Malformed
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from typing import Final
from uuid import UUID

PATH: Final = "/p/"
LINK_LASTS: Final = timedelta(days=60)  # two cycles: what is older is paid from a newer message
TOKEN_CHARS: Final = 32
_EPOCH: Final = date(2020, 1, 1)
_ID, _DAY, _MAC = 16, 2, 6  # bytes; 48 bits cannot be guessed one request at a time


@dataclass(frozen=True, slots=True)
class Link:
    """What a token that we signed says."""

    attempt_id: UUID
    last_day: date  # UTC

    def expired(self, now: datetime) -> bool:
        return now.astimezone(UTC).date() > self.last_day


@dataclass(frozen=True, slots=True)
class PayLinks:
    """Makes and reads tokens. `base_url`: the console as customers reach it, no slash at its end.

    `now` is the business clock's throughout.
    """

    base_url: str
    key: str

    def of(self, attempt_id: UUID, now: datetime) -> str:
        """The address that leads whoever got this attempt to their bill, for `LINK_LASTS`."""
        return f"{self.base_url}{PATH}{self.token(attempt_id, now)}"

    def token(self, attempt_id: UUID, now: datetime) -> str:
        last = (now.astimezone(UTC) + LINK_LASTS).date()
        said = attempt_id.bytes + (last - _EPOCH).days.to_bytes(_DAY, "big")
        return urlsafe_b64encode(said + self._mac(said)).decode()

    def read(self, token: str) -> Link | None:
        """What `token` says; None unless we signed it. An expired one is still read."""
        try:
            whole = urlsafe_b64decode(token.encode("ascii"))
        except (Malformed, ValueError):
            return None
        # Decoding skips characters that are none of its own: only one spelling is ours.
        if len(token) != TOKEN_CHARS or urlsafe_b64encode(whole).decode() != token:
            return None
        said, mac = whole[:-_MAC], whole[-_MAC:]
        if not hmac.compare_digest(mac, self._mac(said)):
            return None
        days = int.from_bytes(said[_ID:], "big")
        return Link(UUID(bytes=said[:_ID]), _EPOCH + timedelta(days=days))

    def _mac(self, said: bytes) -> bytes:
        return hmac.new(self.key.encode(), b"reminders.pay_link" + said, sha256).digest()[:_MAC]
