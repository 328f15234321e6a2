"""Variable envelope return paths: a sender's address that names one attempt and is signed.

`bounce+<attempt>=<mac>@domain`: a bounce comes back to the address that its mail was sent from, so
the attempt is known even where nothing of the mail is returned; the mac keeps anybody who knows an
attempt's id from writing a bounce for it. Some servers change the case of a local part: ids and
macs are lower-case and read in any case. 7 + 32 + 1 + 16 characters fit the 64 of RFC 5321
§4.5.3.1.1.
"""

from __future__ import annotations

import hmac
import re
from base64 import b32encode
from dataclasses import dataclass, field
from hashlib import sha256
from uuid import UUID

_LOCAL = re.compile(r"bounce\+([0-9a-f]{32})=([a-z2-7]{16})", re.IGNORECASE)
_MAC_CHARS = 16  # 80 bits: guessing one takes more mails than anybody can send us


@dataclass(frozen=True, slots=True)
class Verp:
    """The return paths of one account, under its own domain and key."""

    domain: str
    key: str = field(repr=False)

    def make(self, attempt_id: str) -> str:
        """The return path of an attempt. Raises `ValueError` if that is no id of one."""
        name = UUID(attempt_id).hex
        return f"bounce+{name}={self._mac(name)}@{self.domain}"

    def read(self, address: str) -> str:
        """The attempt that `address` names, "" if it is none of ours or its mac is wrong."""
        local, _, domain = address.rpartition("@")
        found = _LOCAL.fullmatch(local)
        if found is None or domain.lower() != self.domain.lower() or not self.key:
            return ""
        name, mac = found[1].lower(), found[2].lower()
        return str(UUID(name)) if hmac.compare_digest(self._mac(name), mac) else ""

    def _mac(self, name: str) -> str:
        # The domain is part of it, so that one key may serve several accounts.
        told = f"verp\0{self.domain.lower()}\0{name}".encode()
        digest = hmac.new(self.key.encode(), told, sha256).digest()
        return b32encode(digest).decode("ascii").lower()[:_MAC_CHARS]
