"""What the simulated carriers do with an address, by the table that they publish."""

from __future__ import annotations

from channels.sandbox.scripts import (
    ALWAYS,
    EMAIL_SCRIPTS,
    SMS_SCRIPTS,
    Script,
    script_of_address,
    script_of_mark,
    script_of_number,
)
from channels.sandbox.voice_line import VOICE_SCRIPTS

# What never takes a message; a carrier that can be asked says so.
NEVER_TAKES = frozenset(
    script.name for script in (*SMS_SCRIPTS.values(), *EMAIL_SCRIPTS.values()) if not script.takes
)


def works(channel: str, address: str) -> bool:
    """True if a message there arrives in the end, time and again: who complains wants no more."""
    if channel == "in_app":
        return True
    script = _script(channel, address)
    wanted = all(said.status != "complained" for said in script.receipts)
    return script.reaches and script.takes and script.refuses != ALWAYS and wanted


def prompt(channel: str, address: str) -> bool:
    """True if it answers and delivers at once."""
    if channel == "in_app":
        return True
    script = _script(channel, address)
    return script.reaches and script.takes and script.answers and script.refuses == 0


def _script(channel: str, address: str) -> Script:
    if channel in ("sms", "whatsapp"):
        return script_of_number(address)
    if channel == "voice":
        return VOICE_SCRIPTS.get(address[4:6]) or script_of_number(address)
    return script_of_address(address) if channel == "email" else script_of_mark(address)
