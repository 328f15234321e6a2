"""The contract that every channel keeps: rendered text and settings in, an `Outcome` out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Protocol

from reminders.domain.outcome import Outcome, Receipt


class Confirms(StrEnum):
    """The strongest thing a channel can ever say about a message."""

    ACCEPTED = "accepted"
    DELIVERED = "delivered"
    READ = "read"


class WhenUncertain(StrEnum):
    """What to do with an attempt whose answer never came (design §5)."""

    ASK = "ask"  # the provider can be asked by our reference
    RESEND = "resend"  # the provider honours the idempotency key
    WAIT = "wait"  # a receipt may still come; else the next rung


@dataclass(frozen=True, slots=True)
class Capabilities:
    """Typed facts about one provider that the planner reads."""

    channel: str
    confirms: Confirms
    idempotent: bool
    when_uncertain: WhenUncertain
    rate_per_s: float  # messages per second the provider takes from this account
    concurrency: int  # sends in flight at once
    timeout: timedelta  # of one call, machine clock
    max_chars: int | None = None
    cost_minor: int = 0


@dataclass(frozen=True, slots=True)
class Message:
    """One rendered message for one contact point. Personal fields stay out of its `repr`.

    `idempotency_key` is the attempt id; it is also the reference that receipts quote.
    `start_by` is an instant of `time.monotonic()`: no call begins after it (design §5.3), a
    message that cannot begin by then comes back as `Unsent`.
    """

    idempotency_key: str
    address: str = field(repr=False)
    text: str = field(repr=False)
    language: str
    subject: str = field(default="", repr=False)
    html: str = field(default="", repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    start_by: float | None = None


class Channel(Protocol):
    """One provider of one channel. Lives as long as its worker process; not thread-safe."""

    name: str  # the provider's name, as in settings and in /v1/receipts/{provider}
    capabilities: Capabilities

    async def send(self, message: Message) -> Outcome:
        """Hand over one message. Never raises: every failure is an `Outcome`."""

    async def ask(self, idempotency_key: str) -> Outcome | None:
        """What became of an uncertain attempt; `None` when the provider cannot say.

        `Unsent` means the provider surely never took it.
        """

    def parse_receipts(self, body: bytes) -> Sequence[Receipt]:
        """Receipts in one callback body (already verified). Raises `ReceiptError` if unreadable."""

    def verify(self, body: bytes, headers: Mapping[str, str]) -> bool:
        """True if the callback was really signed by this provider."""

    async def close(self) -> None:
        """Give connections back."""
