"""Callback bodies as they came, and what each says of our attempts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

import structlog

from channels.contract import Post, Told
from channels.errors import ReceiptError
from reminders.domain.identity import month_in
from reminders.domain.outcome import Inbound, Receipt
from reminders.domain.record import record
from reminders.services.resources import Resources

log = structlog.get_logger(__name__)


@record
class Callback:
    """One callback body as it came, whole; its signature was checked at the door."""

    entry: str
    provider: str
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)  # those the stream keeps
    url: str = ""

    @property
    def post(self) -> Post:
        """What its provider reads."""
        return Post(self.body, self.headers, self.url)


@record
class Heard:
    """One statement of a callback about one attempt; None: known by the provider's id alone."""

    attempt_id: UUID | None
    provider: str
    receipt: Receipt
    callback: Callback
    own: bool = False  # concluded by ourselves: it may be about any provider's message


@dataclass(frozen=True, slots=True)
class Written:
    """Something that a customer wrote to us."""

    provider: str
    channel: str
    inbound: Inbound
    entry: str = ""  # which post of the stream, and which message in it


@dataclass(slots=True)
class Read:
    """What one body says, and what of it could not be read."""

    heard: list[Heard] = field(default_factory=list)
    written: list[Written] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)


def read_callback(resources: Resources, callback: Callback) -> Read:
    """What one body says of our attempts, and what customers wrote in it."""
    read = Read()
    channel = resources.fleet.by_name.get(callback.provider)
    if channel is None:
        read.wrong.append(f"no provider is called {callback.provider}")
        return read
    try:
        told = channel.hear(callback.post)
    except ReceiptError as error:
        told = Told(error.readable, error.inbound)
        read.wrong.append(str(error))
    except Exception as error:  # a fault of the adapter must not stop the reader of all receipts
        log.exception("receipt unreadable", provider=callback.provider)
        read.wrong.append(f"its reader failed: {type(error).__name__}")
        return read
    name = channel.capabilities.channel
    read.written = [
        Written(callback.provider, name, each, f"{callback.entry}/{number}")
        for number, each in enumerate(told.inbound)
    ]
    for receipt in told.receipts:
        try:
            attempt_id = _attempt_id(receipt)
        except ReceiptError as error:
            read.wrong.append(str(error))
        else:
            read.heard.append(Heard(attempt_id, callback.provider, receipt, callback))
    return read


def _attempt_id(receipt: Receipt) -> UUID | None:
    if not receipt.attempt_id and receipt.provider_ref:
        return None
    try:
        attempt_id = UUID(receipt.attempt_id)
        month_in(attempt_id)
    except ValueError:
        raise ReceiptError("it names no attempt of ours") from None
    return attempt_id
