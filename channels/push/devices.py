"""The devices of one customer, and one outcome for all of them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from reminders.domain.outcome import (
    Accepted,
    Outcome,
    Permanent,
    Transient,
    Uncertain,
    Unsent,
)

# As events give them (`reminders.events.fields.DEVICES`).
_DEVICE = re.compile(r"(fcm|apns):([A-Za-z0-9_:.-]{8,400})")
_MOST = 10


class Platform(StrEnum):
    FCM = "fcm"
    APNS = "apns"


@dataclass(frozen=True, slots=True)
class Device:
    platform: Platform
    token: str = field(repr=False)

    @property
    def address(self) -> str:
        return f"{self.platform}:{self.token}"


def read_devices(address: str) -> Sequence[Device]:
    """The devices of an address such as `fcm:TOKEN apns:TOKEN`, each once; none if unreadable."""
    parts = dict.fromkeys(address.split(" "))
    if len(parts) > _MOST:
        return ()
    found = []
    for part in parts:
        read = _DEVICE.fullmatch(part)
        if read is None:
            return ()
        found.append(Device(Platform(read[1]), read[2]))
    return found


def together(outcomes: Mapping[Device, Outcome]) -> Outcome:
    """One outcome of one message to several devices.

    It is accepted as soon as one took it: a retry would give it to that one twice. It is dead only
    if every device is.
    """
    found = list(outcomes.values())
    taken = [each for each in found if isinstance(each, Accepted)]
    if taken:
        dead = [device.address for device, each in outcomes.items() if _dead(each)]
        return Accepted(taken[0].ref, tuple(dead))
    for each in found:
        if isinstance(each, Uncertain):
            return each
    waiting = [each for each in found if isinstance(each, Transient)]
    if waiting:
        return Transient(waiting[0].reason, _longest(waiting))
    for each in found:
        if isinstance(each, Unsent):
            return each
    refused = [each for each in found if isinstance(each, Permanent)]
    return next((each for each in refused if not each.dead_contact), refused[0])


def _dead(outcome: Outcome) -> bool:
    return isinstance(outcome, Permanent) and outcome.dead_contact


def _longest(waiting: Sequence[Transient]) -> timedelta | None:
    """All are asked again at once, so whoever wants to wait longest says when."""
    return max((each.retry_after for each in waiting if each.retry_after), default=None)
