"""Where the invented people live: zone, jurisdiction, currency and language."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from reminders.services.demo.chance import Chance


@dataclass(frozen=True, slots=True)
class Home:
    """A place, and the share of the people who live there."""

    jurisdiction: str
    time_zone: str
    currency: str
    share: float = 0.0
    chinese: bool = False


_HOME = Home("TW", "Asia/Taipei", "TWD", chinese=True)
_US = Home("US", "America/New_York", "USD", 0.03)
_CN = Home("CN", "Asia/Shanghai", "CNY", 0.03, chinese=True)
_ABROAD = (
    _US,
    Home("GB", "Europe/London", "GBP", 0.03),
    Home("IN", "Asia/Kolkata", "INR", 0.03),
    _CN,
    Home("DE", "Europe/Berlin", "EUR", 0.03),
)
CURRENCIES = {home.jurisdiction: home.currency for home in (_HOME, *_ABROAD)}
_HOME_OF_ROLE = {"two_zones": _US, "ordered_by_law": _CN}  # what these need happens there only


def place_of(client: int, roles: Collection[str], chance: Chance) -> Home:
    """Drawn by client; a role may say where its person lives."""
    for role in roles:
        if role in _HOME_OF_ROLE:
            return _HOME_OF_ROLE[role]
    drawn = chance.share("zone", client)
    for home in _ABROAD:
        if drawn < home.share:
            return home
        drawn -= home.share
    return _HOME
