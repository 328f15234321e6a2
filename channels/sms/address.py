"""Which addresses no SMS is sent to, whatever the provider."""

from __future__ import annotations

from typing import Final

from channels.numbers import can_take_sms, is_number
from reminders.domain.outcome import Permanent

_NO_NUMBER: Final = Permanent("invalid_number", dead_contact=True)
_LANDLINE: Final = Permanent("landline", dead_contact=True)


def refused(address: str) -> Permanent | None:
    """Why nothing is sent there: no number at all, or surely a fixed line. None: try it."""
    if not is_number(address):
        return _NO_NUMBER
    return None if can_take_sms(address) else _LANDLINE
