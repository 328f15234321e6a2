"""Where the commands may ask a running console, in place of reading the ledger themselves.

Apart from `settings`, and the one other reader of the environment: what reads all the settings
takes longer to import than the console takes to answer.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple

URL, TOKEN = "REMINDERS_ASK_URL", "REMINDERS_ASK_TOKEN"
_LEDGER = ("REDIS_URL", "DATABASE_URL", "REDIS_URL_FILE", "DATABASE_URL_FILE")


class Console(NamedTuple):
    """Its address, and the token of the operator who asks.

    No dataclass: those import what reads source code, for longer than all else that is read here.
    """

    url: str
    token: str

    def __repr__(self) -> str:
        return f"Console({self.url!r})"


def console() -> Console | None:
    """REMINDERS_ASK_URL with REMINDERS_ASK_TOKEN, or the token from …_TOKEN_FILE.

    None where no address is set. Raises `OSError` if the file cannot be read.
    """
    url = os.environ.get(URL, "")
    if not url:
        return None
    path = os.environ.get(f"{TOKEN}_FILE", "")
    token = Path(path).read_text(encoding="utf-8") if path else os.environ.get(TOKEN, "")
    return Console(url.rstrip("/"), token.strip())


def names_a_ledger() -> bool:
    """True where the environment itself says which ledger is meant."""
    return any(os.environ.get(name) for name in _LEDGER)
