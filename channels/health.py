"""What is known of how providers do: read before one is chosen, told after each call."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple, Protocol

from reminders.domain.outcome import Outcome


class Standing(NamedTuple):
    """How much of its weight a provider is given now: 1 all, 0 nothing, and why."""

    share: float
    reason: str = ""


class Call(NamedTuple):
    """One call that is over. `number_range` is the beginning of the number, "" for addresses of
    other kinds; `seconds` of the machine clock."""

    provider: str
    number_range: str
    outcome: Outcome
    seconds: float


class Confirmation(NamedTuple):
    """What became of one accepted message, by the business instant at which it was sent."""

    provider: str
    number_range: str
    sent_at: datetime
    arrived: bool


class Health(Protocol):
    """The providers' standing, shared by every worker."""

    def standings(self, providers: Collection[str]) -> Mapping[str, Standing]:
        """One round trip for all of them; who is not in the answer stands at 1."""

    def note(self, calls: Sequence[Call]) -> None:
        """Count calls that are over. Never raises: without Redis nothing is counted."""

    def confirm(self, confirmations: Sequence[Confirmation]) -> None:
        """Count what receipts, and their absence, say. Never raises."""


class Unwatched:
    """Every provider stands at 1: for whoever has one provider a channel and no Redis."""

    def standings(self, providers: Collection[str]) -> Mapping[str, Standing]:
        return {}

    def note(self, calls: Sequence[Call]) -> None:
        return None

    def confirm(self, confirmations: Sequence[Confirmation]) -> None:
        return None
