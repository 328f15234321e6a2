"""Which message a provider's own id means, where it has used the id for more than one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from channels.receipts import UNDATED

LIFETIME = timedelta(days=4)  # no carrier tries for longer: an older message has had its receipt
ABOUT = timedelta(minutes=15)  # between two clocks, and a date without seconds


@dataclass(frozen=True, slots=True)
class Sent:
    """A message that had the id: when it was recorded, and the keyed hash of its number."""

    attempt_id: UUID
    at: datetime
    number_key: bytes | None = None


@dataclass(frozen=True, slots=True)
class Quoted:
    """What a receipt says besides the id. `at` may be `UNDATED`, the others unknown."""

    at: datetime
    number_key: bytes | None = None
    submitted_at: datetime | None = None


def meant(quoted: Quoted, sent: Sequence[Sent]) -> list[Sent]:
    """Those of the messages that the receipt can be of: none, if all went to other numbers; more
    than one, if nothing tells them apart.

    The number rules messages out. Dates only choose between several, in this order: submitted when
    the provider says; not after it was done; not so long before that its carrier had given up.
    """
    left = [
        each
        for each in sent
        if None in (quoted.number_key, each.number_key) or each.number_key == quoted.number_key
    ]
    for rule in _RULES:
        if len(left) > 1:
            left = [each for each in left if rule(quoted, each)] or left
    return left


def _submitted(quoted: Quoted, sent: Sent) -> bool:
    return quoted.submitted_at is None or abs(sent.at - quoted.submitted_at) <= ABOUT


def _before(quoted: Quoted, sent: Sent) -> bool:
    return quoted.at == UNDATED or sent.at <= quoted.at + ABOUT


def _alive(quoted: Quoted, sent: Sent) -> bool:
    return quoted.at == UNDATED or sent.at > quoted.at - LIFETIME


_RULES: Sequence[Callable[[Quoted, Sent], bool]] = (_submitted, _before, _alive)
