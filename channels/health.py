"""What is known of how providers do: read before one is chosen, told after each call."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Final, NamedTuple, Protocol

from channels.numbers import range_of
from reminders.domain.outcome import Outcome

_NO_RANGES: Final[Mapping[str, float]] = MappingProxyType({})


class BreakerState(StrEnum):
    """Where a provider stands. `open` takes nothing; `half_open` takes probes; `returning` takes
    a growing share of its weight."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"
    RETURNING = "returning"


class Standing(NamedTuple):
    """How much of its weight a provider is given now: 1 all, 0 nothing, and why.

    `ranges` are number ranges of which it is given less; `probing`: a few messages are to show
    whether it works again.
    """

    share: float
    reason: str = ""
    ranges: Mapping[str, float] = _NO_RANGES
    probing: bool = False

    def share_for(self, address: str) -> float:
        """The share for one address."""
        return self.share * self.ranges.get(range_of(address), 1.0) if self.ranges else self.share


class Call(NamedTuple):
    """One call that is over, or (`outcome` is None) that is slow already and is told of no more.
    `number_range` is `channels.numbers.range_of` its address; `seconds` of the machine clock."""

    provider: str
    number_range: str
    outcome: Outcome | None
    seconds: float


class Awaited(NamedTuple):
    """One accepted message whose receipt is awaited; past `by` its silence counts against its
    provider. Instants of business; `number_range` is "" where it is unknown."""

    provider: str
    number_range: str
    sent_at: datetime
    by: datetime


class Confirmation(NamedTuple):
    """What became of one accepted message, by the business instant at which it was sent.

    `awaited` takes back what was expected of it, `lost_before` that it was said not to arrive.
    """

    provider: str
    number_range: str
    sent_at: datetime
    arrived: bool
    awaited: Awaited | None = None
    lost_before: bool = False


class Shift(NamedTuple):
    """One change of a provider's standing. `key` is unique; `figures` are JSON; `business_at` is
    None where no business clock was given."""

    key: str
    provider: str
    number_range: str
    channel: str
    before: str
    after: str
    share: float
    reason: str
    figures: bytes
    business_at: datetime | None


class Health(Protocol):
    """The providers' standing, shared by every worker."""

    def standings(self, providers: Collection[str]) -> Mapping[str, Standing]:
        """One round trip for all of them; who is not in the answer stands at 1."""

    def note(self, calls: Sequence[Call]) -> None:
        """Count calls that are over. Never raises: without Redis nothing is counted."""

    def expect(self, awaited: Sequence[Awaited]) -> None:
        """Count messages whose receipts are awaited from now on. Never raises."""

    def confirm(self, confirmations: Sequence[Confirmation]) -> None:
        """Count what receipts say. Never raises."""

    def probe(self, provider: str, wanted: int) -> int:
        """How many of `wanted` messages may go to a provider as probes now."""

    def shifts(self, most: int = 500) -> list[Shift]:
        """The oldest changes that nobody has forgotten, without taking them away."""

    def forget(self, shifts: Sequence[Shift]) -> None:
        """These are in the ledger."""


class Unwatched:
    """Every provider stands at 1: for whoever has one provider a channel and no Redis."""

    def standings(self, providers: Collection[str]) -> Mapping[str, Standing]:
        return {}

    def note(self, calls: Sequence[Call]) -> None:
        return None

    def expect(self, awaited: Sequence[Awaited]) -> None:
        return None

    def confirm(self, confirmations: Sequence[Confirmation]) -> None:
        return None

    def probe(self, provider: str, wanted: int) -> int:
        return 0

    def shifts(self, most: int = 500) -> list[Shift]:
        return []

    def forget(self, shifts: Sequence[Shift]) -> None:
        return None
