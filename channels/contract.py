"""The contract that every channel keeps: rendered text and settings in, an `Outcome` out."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from reminders.domain.outcome import Inbound, Outcome, Receipt
from reminders.domain.record import record


class Confirms(StrEnum):
    """The strongest thing a channel can ever say about a message."""

    ACCEPTED = "accepted"
    DELIVERED = "delivered"
    READ = "read"
    ACTED = "acted"


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
    max_chars: int | None = None  # of a text; a longer one goes by another provider or channel
    cost_minor: int = 0  # of one message (of one segment for SMS), for choosing between providers
    latency: timedelta = timedelta(seconds=5)  # typical, from acceptance to a receipt
    weight: float = 1.0  # its share of the traffic beside others of its channel; 0: backup only
    prefixes: tuple[str, ...] = ()  # numbers it serves, by their beginning (+86); none: every one
    batch: int = 1  # messages that one call of `send_many` takes
    quotes_ref: bool = False  # its receipts quote only its own id, never our attempt id
    per_number_hour: int | None = None  # what it takes for one number in an hour


@record
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
    kind: str = ""  # `MessageKind`, for providers that want a template of their own per kind
    params: Mapping[str, str] = field(default_factory=dict, repr=False)  # such a template's words
    urgency: str = ""
    link: str = field(default="", repr=False)  # where the bill is paid
    expires_at: datetime | None = None  # past it the message is of no use (business clock)


@dataclass(frozen=True, slots=True)
class Post:
    """A provider's call to us as the door saw it. `headers` have lower-case names; `url` is the
    whole address that was called, with its query, as the provider knows it."""

    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)
    url: str = ""


@dataclass(frozen=True, slots=True)
class Told:
    """What a post says: receipts of our messages, and what customers wrote to us."""

    receipts: Sequence[Receipt] = ()
    inbound: Sequence[Inbound] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """What a provider wants to hear once its post is stored."""

    body: bytes = b'{"accepted":1}'
    content_type: str = "application/json"
    status: int = 200


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

    def hear(self, post: Post) -> Told:
        """What a post (already verified, read from the stream) says.

        Raises `ReceiptError` if unreadable; the error carries what of it could be read.
        """

    def verify(self, post: Post) -> bool:
        """True if the post was really signed by this provider."""

    def answer(self) -> Answer:
        """What the provider is to be told once its post is stored."""

    async def close(self) -> None:
        """Give connections back."""


class BatchChannel(Channel, Protocol):
    """A provider with a batch call (`capabilities.batch` > 1)."""

    async def send_many(self, messages: Sequence[Message]) -> Sequence[Outcome]:
        """Hand over up to `capabilities.batch` messages in one call: an outcome for each, in
        their order. Never raises."""


class ListeningChannel(Channel, Protocol):
    """A provider that speaks to us over a connection of our own: SMPP, a mailbox."""

    async def listen(self, take: Callable[[Post], Awaitable[None]]) -> None:
        """Give each thing heard to `take`, which returns once it is on the stream; only then is it
        acknowledged to the provider. Runs until cancelled and reconnects by itself."""


class PreparedChannel(Channel, Protocol):
    """A provider whose library takes seconds to import."""

    def prepare(self) -> None:
        """Import it: once in a worker's first process, before it forks. A task that did it would
        keep its own time limit waiting, and each child would have a copy of its own."""


class EchoingChannel(Channel, Protocol):
    """A provider that tries our address by GET before it posts there."""

    def echo(self, url: str) -> Answer | None:
        """What it wants to hear; None where the call is not its own."""
